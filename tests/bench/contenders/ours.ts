import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fragment } from '../../../functions/fragment.ts';
import { parseDestinations } from '../../../infra/config/load.ts';
import { startFrontDoor } from '../../../infra/local/alb/front-door.ts';
import { type FunctionSettings, loadFunctions, PROJECT_DIR } from '../../../infra/local/functions.ts';
import { createInvoker, type LocalFunction } from '../../../infra/local/invoker.ts';
import { readService, type ServiceDefinition } from '../../../infra/local/service.ts';
import { composeUpload, warmState } from '../../../lib/composition/upload-services.ts';
import { lambdaFunction } from '../../../lib/lambda/handler.ts';
import { noApplications } from '../../support/functions-harness.ts';
import { bitsUpload, type Packet } from '../clients/bits.ts';
import { maxFragmentBytes } from '../grid.ts';
import type { Contender, Places, StartContender } from './contender.ts';
import { Payload } from './payload.ts';

/** Every client's fragments may run at once; Lambda would have as many environments. */
const maxEnvironments = 64;

const destinationsFile = `
destinations:
  - prefix: /bench/
    maximumUploadSize: 80GiB
    fragmentLimit: ${maxFragmentBytes}
    access: none
`;

/** The functions as `serverless.yml` has them, over these services. */
const functionsOf = async (
  places: Places,
): Promise<{ service: ServiceDefinition; functions: LocalFunction[]; settings: FunctionSettings }> => {
  const service = readService(await readFile(join(PROJECT_DIR, 'serverless.yml'), 'utf8'));
  const memoryMegabytes = service.functions.find(({ name }) => name === 'fragment')?.memoryMegabytes ?? 0;
  const settings: FunctionSettings = {
    destinations: parseDestinations(destinationsFile, 'the benchmark', {
      memoryBytes: memoryMegabytes * 2 ** 20,
      maxRequestBodyBytes: maxFragmentBytes,
      stagingBucket: places.stagingBucket,
    }),
    environment: {
      SESSION_TABLE: places.table,
      STAGING_BUCKET: places.stagingBucket,
      UPLOAD_BUCKET: places.uploadBucket,
      LOG_LEVEL: 'ERROR',
      AWS_REGION: places.region,
      AWS_ACCESS_KEY_ID: places.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: places.credentials.secretAccessKey,
      AWS_ENDPOINT_URL_S3: places.s3Endpoint,
      // As over TLS, where they are deployed.
      S3_PAYLOAD_SIGNING: 'off',
      AWS_ENDPOINT_URL_DYNAMODB: places.dynamodbEndpoint,
    },
  };
  return { service, functions: await loadFunctions(service, settings), settings };
};

/** The functions behind the stand-in for the load balancer, in one process. */
export const throughFrontDoor: StartContender = async (places) => {
  const { service, functions } = await functionsOf(places);
  const door = await startFrontDoor({
    host: '127.0.0.1',
    port: 0,
    rules: service.rules,
    invoke: createInvoker(functions, { maxEnvironments }),
    limits: { maxBodyBytes: maxFragmentBytes },
  });
  return { kind: 'http', url: door.url };
};

/** The functions called with the load balancer's events, as the runtime of Lambda calls them. */
export const asFunctionCalls: StartContender = async (places) => {
  const { functions } = await functionsOf(places);
  return calling(functions);
};

/** The same when every fragment meets an environment that has never seen its session. */
export const asColdFunctionCalls: StartContender = async (places) => {
  const { functions, settings } = await functionsOf(places);
  return calling(
    functions.map((definition) =>
      definition.name === 'fragment'
        ? { ...definition, compose: () => composeForgetful(settings) }
        : definition,
    ),
  );
};

/** Clients are kept, as a new environment's would be warm by its first call; what it remembers of sessions is not. */
const composeForgetful = (settings: FunctionSettings) => {
  const { services, access, log } = composeUpload(settings);
  return (...call: Parameters<ReturnType<typeof lambdaFunction>>) => {
    const handle = fragment(services, access, warmState(settings.environment), noApplications);
    return lambdaFunction(handle, { log, nowMs: services.nowMs })(...call);
  };
};

const functionOfPacket: Readonly<Record<Packet['type'], string>> = {
  'Create-Session': 'createSession',
  Fragment: 'fragment',
  'Close-Session': 'closeSession',
};

const calling = (functions: readonly LocalFunction[]): Contender => {
  const invoke = createInvoker(functions, { maxEnvironments });
  const payload = new Payload(maxFragmentBytes);
  const upload = bitsUpload(async ({ type, path, headers, bodyBytes }) => {
    const result = await invoke(functionOfPacket[type], {
      requestContext: { elb: { targetGroupArn: '' } },
      httpMethod: 'BITS_POST',
      path,
      queryStringParameters: {},
      headers: {
        ...headers,
        host: 'bits.example.com',
        'content-length': `${bodyBytes}`,
        'x-forwarded-proto': 'https',
        'x-forwarded-for': '192.0.2.1',
      },
      body: payload.base64(bodyBytes),
      isBase64Encoded: bodyBytes > 0,
    });
    return answerOf(result);
  });
  return { kind: 'calls', upload };
};

const answerOf = (result: unknown): { status: number; sessionId: string } => {
  if (typeof result !== 'object' || result === null) throw new TypeError('a function answered nothing');
  const status = 'statusCode' in result ? Number(result.statusCode) : 0;
  const headers = 'headers' in result && typeof result.headers === 'object' ? result.headers : null;
  const id = headers !== null && 'BITS-Session-Id' in headers ? headers['BITS-Session-Id'] : '';
  return { status, sessionId: String(id) };
};
