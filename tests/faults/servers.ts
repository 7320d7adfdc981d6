import { type EmbeddedS3, openEmbeddedS3, type RepeatedComplete } from '../../infra/local/s3/index.ts';
import { SimulatedTable, type TableOptions } from './table.ts';
import type { WireRequest, WireResponse } from './wire.ts';

export const table = 'sessions';
export const stagingBucket = 'staging';
export const uploadBucket = 'uploads';
export const region = 'us-east-1';
export const credentials = { accessKeyId: 'SIMULATION', secretAccessKey: 'simulation-secret' };

/** S3 refuses smaller parts, the last one excepted. */
export const minPartBytes = 4096;

/** The embedded servers without sockets: a request is answered before anything else happens. */
export interface Servers {
  readonly s3: EmbeddedS3;
  callS3(request: WireRequest): Promise<WireResponse>;
  readonly table: SimulatedTable;
  close(): Promise<void>;
}

export interface ServerOptions extends TableOptions {
  readonly dataDir: string;
  readonly repeatedComplete: RepeatedComplete;
  readonly nowMs: () => number;
}

export const openServers = async ({
  dataDir,
  repeatedComplete,
  nowMs,
  ...tableOptions
}: ServerOptions): Promise<Servers> => {
  const s3 = await openEmbeddedS3({
    dataDir,
    region,
    credentials,
    buckets: [stagingBucket, uploadBucket],
    now: nowMs,
    checksSignatures: false,
    repeatedComplete,
    minPartBytes,
  });
  return {
    s3,
    callS3: async (request) => {
      const response = await s3.handle(request);
      return { ...response, body: await whole(response.body) };
    },
    table: new SimulatedTable(tableOptions),
    close: () => s3.close(),
  };
};

const whole = async (body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
};
