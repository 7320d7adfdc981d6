import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import dynalite from 'dynalite';
import { type EmbeddedS3, openEmbeddedS3 } from '../../infra/local/s3/index.ts';
import { readSessionTable, type TableDefinition } from '../../infra/local/storage-template.ts';

export const table = 'sessions';
export const stagingBucket = 'staging';
export const uploadBucket = 'uploads';
export const region = 'us-east-1';
export const credentials = { accessKeyId: 'SIMULATION', secretAccessKey: 'simulation-secret' };

/** S3 refuses smaller parts, the last one excepted. */
export const minPartBytes = 4096;

/** One request or answer of an SDK, whole. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The embedded servers without sockets: a request is answered before anything else happens. */
export interface Servers {
  readonly s3: EmbeddedS3;
  callS3(request: WireRequest): Promise<WireResponse>;
  callDynamoDB(request: WireRequest): Promise<WireResponse>;
  close(): Promise<void>;
}

export const openServers = async (dataDir: string, nowMs: () => number): Promise<Servers> => {
  const s3 = await openEmbeddedS3({
    dataDir,
    region,
    credentials,
    buckets: [stagingBucket, uploadBucket],
    now: nowMs,
    maxClockSkewMs: Number.POSITIVE_INFINITY,
    minPartBytes,
  });
  const dynamodb = dynalite({ createTableMs: 0 });
  const callDynamoDB = (request: WireRequest) => inject(dynamodb, request);
  await createTable(callDynamoDB);
  return {
    s3,
    callS3: async (request) => {
      const response = await s3.handle(request);
      return { ...response, body: await whole(response.body) };
    },
    callDynamoDB,
    close: () => s3.close(),
  };
};

const whole = async (body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** What dynalite uses of a response. */
class InjectedResponse extends EventEmitter {
  statusCode = 200;
  contentType = '';
  readonly headers: Record<string, string> = {};
  readonly #done: (response: WireResponse) => void;

  constructor(done: (response: WireResponse) => void) {
    super();
    this.#done = done;
  }

  setHeader(name: string, value: unknown): void {
    this.headers[name.toLowerCase()] = `${value}`;
  }

  end(body = ''): void {
    this.#done({ status: this.statusCode, headers: this.headers, body: Buffer.from(body) });
  }
}

const inject = (server: EventEmitter, { method, path, headers, body }: WireRequest): Promise<WireResponse> =>
  new Promise((resolve) => {
    const request = Object.assign(Readable.from([Buffer.from(body)]), { method, url: path, headers });
    server.emit('request', request, new InjectedResponse(resolve));
  });

let definition: TableDefinition | undefined;

const createTable = async (call: (request: WireRequest) => Promise<WireResponse>): Promise<void> => {
  const file = fileURLToPath(new URL('../../infra/storage.yml', import.meta.url));
  definition ??= readSessionTable(await readFile(file, 'utf8'));
  const created = await call(dynamoDBRequest('CreateTable', { ...definition, TableName: table }));
  if (created.status !== 200) throw new Error(`no table: ${Buffer.from(created.body)}`);
  for (;;) {
    const { body } = await call(dynamoDBRequest('DescribeTable', { TableName: table }));
    if (Buffer.from(body).includes('"ACTIVE"')) return;
  }
};

/** A request to DynamoDB as the simulation itself makes it, past every fault. */
export const dynamoDBRequest = (action: string, input: unknown): WireRequest => ({
  method: 'POST',
  path: '/',
  headers: {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${action}`,
    'x-amz-date': '20261122T000000Z',
    authorization: 'AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0',
  },
  body: Buffer.from(JSON.stringify(input)),
});
