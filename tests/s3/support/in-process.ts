import { Readable } from 'node:stream';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { type EmbeddedS3, type EmbeddedS3Options, openEmbeddedS3 } from '../../../infra/local/s3/index.ts';

/** What the SDK hands to a request handler. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export const credentials = { accessKeyId: 'in-process', secretAccessKey: 'in-process-secret' };
export const region = 'eu-central-1';
export const bucket = 'in-process-bucket';

/** An embedded S3 with one bucket, and small parts unless told otherwise. */
export function openInProcess(
  dataDir: string,
  options: Partial<EmbeddedS3Options> = {},
): Promise<EmbeddedS3> {
  return openEmbeddedS3({ dataDir, region, credentials, buckets: [bucket], minPartBytes: 10, ...options });
}

/** An SDK client that calls the server's core: no socket, no port, no connection. */
export function inProcessClient(s3: EmbeddedS3, config: S3ClientConfig = {}): S3Client {
  return new S3Client({
    endpoint: 'http://in-process.invalid',
    region,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: SdkRequest) => ({ response: await answer(s3, request) }),
    },
    ...config,
  });
}

async function answer(s3: EmbeddedS3, request: SdkRequest) {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const query = Object.entries(request.query ?? {}).flatMap(([name, values]) =>
    [values].flat().map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value ?? '')}`),
  );
  const path = query.length === 0 ? request.path : `${request.path}?${query.join('&')}`;
  const body = bodyOf(request.body);
  const response = await s3.handle({ method: request.method, path, headers, body });
  return {
    statusCode: response.status,
    headers: { ...response.headers },
    body: Readable.from(response.body instanceof Uint8Array ? [response.body] : response.body),
  };
}

function bodyOf(body: unknown): Uint8Array | AsyncIterable<Uint8Array> | undefined {
  if (body === undefined || body instanceof Uint8Array) return body;
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Readable) return body;
  throw new TypeError('The SDK sent a body of an unexpected kind.');
}
