import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { sendContentMd5 } from './content-md5.ts';
import { type Environment, SettingsError } from './settings.ts';
import { leavePayloadsUnsigned } from './unsigned-payload.ts';

/**
 * The SDK would wait for ever by default, and a client loses ten minutes for every answer that is not given: a call that
 * stalls is given up early and repeated inside the request. Three attempts keep the worst case below the Lambda deadline.
 */
export const maxAttempts = 3;
const connectionTimeoutMs = 1_500;
/**
 * What a call is given up after that names no other time. Single-digit milliseconds are the rule for a key of DynamoDB's: three
 * seconds are a stall.
 */
export const requestTimeoutMs = { s3: 10_000, dynamodb: 3_000 } as const;

const common = (environment: Environment, endpointVariable: string) => {
  const endpoint = environment[endpointVariable];
  const region = environment['AWS_REGION'];
  return {
    maxAttempts,
    // Whatever the environment says.
    retryMode: 'standard',
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...credentialsOf(environment),
  };
};

/** A function's credentials are in its environment for as long as the environment lives. */
const credentialsOf = (environment: Environment) => {
  const accessKeyId = environment['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = environment['AWS_SECRET_ACCESS_KEY'];
  const sessionToken = environment['AWS_SESSION_TOKEN'];
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  return {
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  };
};

/**
 * Connections may die while Lambda freezes a function, and each try takes the next of those that are kept: with fewer of them than
 * attempts, the last attempt opens one of its own.
 */
const agentOptions = { maxFreeSockets: maxAttempts - 1 };

const requestHandler = (service: keyof typeof requestTimeoutMs) => ({
  httpsAgent: agentOptions,
  httpAgent: agentOptions,
  connectionTimeout: connectionTimeoutMs,
  requestTimeout: requestTimeoutMs[service],
  throwOnRequestTimeout: true,
});

export const dynamoDBClient = (environment: Environment): DynamoDBClient => {
  const client = new DynamoDBClient({
    ...common(environment, 'AWS_ENDPOINT_URL_DYNAMODB'),
    // The time-out of a socket counts within an answer as well.
    requestHandler: { ...requestHandler('dynamodb'), socketTimeout: requestTimeoutMs.dynamodb },
  });
  withoutLogger(client);
  return client;
};

/** Without a logger the SDK still walks through every input and output, to leave out what must not be logged. */
const withoutLogger = (client: S3Client | DynamoDBClient): void => {
  client.middlewareStack.remove('loggerMiddleware');
};

/**
 * When bodies are left out of the signature. `S3_PAYLOAD_SIGNING`: `on` never, `off` always; by default where TLS protects them
 * and their CRC32 goes along. Without either nobody would notice a damaged body.
 * @throws SettingsError
 */
const unsignedWhen = (environment: Environment): 'never' | 'over-tls' | 'always' => {
  const hasChecksums = environment['S3_OBJECT_CHECKSUMS'] !== 'off';
  const value = environment['S3_PAYLOAD_SIGNING'] ?? '';
  if (value === 'on') return 'never';
  if (value === '') return hasChecksums ? 'over-tls' : 'never';
  if (value !== 'off')
    throw new SettingsError('BAD_VARIABLE', `S3_PAYLOAD_SIGNING=${value} is neither on nor off`);
  if (hasChecksums) return 'always';
  throw new SettingsError(
    'BAD_VARIABLE',
    'S3_PAYLOAD_SIGNING=off with S3_OBJECT_CHECKSUMS=off: nobody would notice a damaged body',
  );
};

/**
 * Calls that move bytes set their own, longer time-out (lib/upload/s3-store.ts). `S3_CONTENT_MD5=on` is for servers that
 * delete nothing without it; S3 does not need it.
 */
export const s3Client = (environment: Environment): S3Client => {
  const client = new S3Client({
    ...common(environment, 'AWS_ENDPOINT_URL_S3'),
    // A bucket name in the host name needs DNS, which servers other than S3 rarely have.
    forcePathStyle: environment['AWS_ENDPOINT_URL_S3'] !== undefined,
    requestHandler: requestHandler('s3'),
    // Our own CRC32 goes with every body; the SDK need not compute another.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // The SDK would ask before it sends a part, on a connection that it closes again: three round trips more for each.
    expectContinueHeader: false,
  });
  withoutLogger(client);
  if (environment['S3_CONTENT_MD5'] === 'on') sendContentMd5(client);
  const when = unsignedWhen(environment);
  if (when !== 'never') leavePayloadsUnsigned(client, when);
  return client;
};
