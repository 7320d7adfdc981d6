import { setTimeout as delay } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import { ApplicationError } from '../reply/application.ts';
import type { Invoke } from '../reply/lambda-application.ts';
import type { Environment } from './settings.ts';

const attempts = 3;
const firstDelayMs = 200;
/** Throttled, or a fault of the service: nothing says that the function has run. */
const isWorthAnother = (status: number): boolean => status === 429 || status >= 500;

/**
 * Lambda's Invoke over HTTPS, signed with what the S3 client signs with: the SDK's client for this one call would make the
 * function that is called most a sixth larger. `AWS_ENDPOINT_URL_LAMBDA` names another endpoint.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export const lambdaInvoke =
  ({ config }: S3Client, environment: Environment): Invoke =>
  async (functionArn, payload, signal) => {
    const [, partition = 'aws', , region = ''] = functionArn.split(':');
    const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
    const endpoint = new URL(environment['AWS_ENDPOINT_URL_LAMBDA'] ?? `https://lambda.${region}.${suffix}`);
    const signer = new SignatureV4({
      service: 'lambda',
      region,
      credentials: config.credentials,
      sha256: config.sha256,
    });
    const path = `/2015-03-31/functions/${encodeURIComponent(functionArn)}/invocations`;
    const send = async (): Promise<Response> => {
      const { headers } = await signer.sign({
        method: 'POST',
        protocol: endpoint.protocol,
        hostname: endpoint.hostname,
        path,
        headers: { host: endpoint.host, 'content-type': 'application/json' },
        body: payload,
      });
      return fetch(new URL(path, endpoint), {
        method: 'POST',
        headers,
        body: payload,
        redirect: 'error',
        signal,
      });
    };
    for (let attempt = 1; ; attempt++) {
      const response = await send().catch((cause: unknown) => {
        // A connection that died while the function was frozen, mostly; that the application may be asked twice is documented.
        if (attempt < attempts && !signal.aborted) return undefined;
        throw new ApplicationError('UNREACHABLE', 'Lambda cannot be reached', { cause });
      });
      if (response === undefined) continue;
      if (response.ok) {
        const isFunctionError = response.headers.get('X-Amz-Function-Error') !== null;
        return { payload: await response.text(), isFunctionError };
      }
      const code = response.headers.get('X-Amzn-ErrorType') ?? `${response.status}`;
      await response.body?.cancel();
      if (!isWorthAnother(response.status)) {
        throw new ApplicationError('NOT_ALLOWED', `Lambda did not invoke the function: ${code}`);
      }
      if (attempt === attempts) {
        throw new ApplicationError('UNREACHABLE', `Lambda did not invoke the function: ${code}`);
      }
      await delay(firstDelayMs * 2 ** attempt, undefined, { signal });
    }
  };
