import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { openEmbeddedS3 } from '../../../infra/local/s3/index.ts';
import { newTempFolder, removeFolder } from '../../support/temp-folder.ts';
import { type Signer, sha256, signHeaders } from './signing.ts';

/** An S3 to judge, with an empty bucket of its own. */
export interface ServerUnderTest {
  readonly client: S3Client;
  readonly bucket: string;
  readonly endpoint: URL;
  readonly signer: () => Signer;
  /** Another client of the same server, to be destroyed with it. */
  clientWith(config: S3ClientConfig): S3Client;
  /** Sign and send what the SDK would not. */
  send(request: RawRequest): Promise<RawResponse>;
  stop(): Promise<void>;
}

interface RawRequest {
  readonly method: string;
  /** In the bucket; "" is the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Default: the SHA-256 of the body. */
  readonly payloadHash?: string;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The `Code` of an error document, else "". */
  readonly code: string;
}

/**
 * The server named by S3_TEST_ENDPOINT, S3_TEST_ACCESS_KEY_ID, S3_TEST_SECRET_ACCESS_KEY and S3_TEST_REGION, or
 * without them a new embedded one.
 */
export async function startServer(): Promise<ServerUnderTest> {
  const external = process.env['S3_TEST_ENDPOINT'];
  return external === undefined ? startEmbedded() : startExternal(external);
}

/** Send a request as it stands over HTTP or HTTPS. */
export function sendRaw(
  endpoint: URL,
  request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: Uint8Array;
  },
): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const open = endpoint.protocol === 'https:' ? httpsRequest : httpRequest;
    const { method, path, headers } = request;
    const outgoing = open(endpoint, { method, path, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const body = Buffer.concat(chunks);
        const code = /<Code>([^<]*)<\/Code>/.exec(body.toString())?.[1] ?? '';
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body, code });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(request.body);
  });
}

/** A new embedded server, whatever the environment says. */
export async function startEmbedded(): Promise<ServerUnderTest> {
  const dataDir = await newTempFolder();
  const credentials = { accessKeyId: 'test-access-key', secretAccessKey: 'test-secret-key' };
  const region = 'eu-central-1';
  const s3 = await openEmbeddedS3({ dataDir, region, credentials });
  const { url } = await s3.listen({ host: '127.0.0.1', port: 0 });
  return prepare(new URL(url), region, credentials, async () => {
    await s3.close();
    await removeFolder(dataDir);
  });
}

function startExternal(endpoint: string): Promise<ServerUnderTest> {
  const credentials = {
    accessKeyId: process.env['S3_TEST_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: process.env['S3_TEST_SECRET_ACCESS_KEY'] ?? '',
  };
  return prepare(
    new URL(endpoint),
    process.env['S3_TEST_REGION'] ?? 'us-east-1',
    credentials,
    async () => undefined,
  );
}

async function prepare(
  endpoint: URL,
  region: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
  stopServer: () => Promise<void>,
): Promise<ServerUnderTest> {
  const bucket = `s3-suite-${randomBytes(6).toString('hex')}`;
  const clients: S3Client[] = [];
  const clientWith = (config: S3ClientConfig) => {
    const client = new S3Client({
      endpoint: endpoint.href,
      region,
      credentials,
      forcePathStyle: true,
      maxAttempts: 1,
      ...config,
    });
    clients.push(client);
    return client;
  };
  const client = clientWith({});
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const signer = () => ({ ...credentials, region, signedAt: new Date() });
  return {
    client,
    bucket,
    endpoint,
    signer,
    clientWith,
    send: ({
      method,
      key,
      query = {},
      headers = {},
      body = new Uint8Array(0),
      payloadHash = sha256(body),
    }) => {
      const path = key === '' ? `/${bucket}` : `/${bucket}/${key}`;
      const sent = { ...headers, host: endpoint.host };
      const signed = signHeaders({ method, path, query, headers: sent }, payloadHash, signer());
      const length = { 'content-length': String(body.byteLength) };
      return sendRaw(endpoint, {
        method,
        path: signed.path,
        headers: { ...length, ...signed.headers },
        body,
      });
    },
    stop: async () => {
      await emptyBucket(client, bucket);
      await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      for (const each of clients) each.destroy();
      await stopServer();
    },
  };
}

async function emptyBucket(client: S3Client, Bucket: string): Promise<void> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads) {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  }
  for (;;) {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    if (Contents.length === 0) return;
    for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket, Key }));
  }
}
