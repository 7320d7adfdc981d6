import { Readable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { maxAttempts, requestTimeoutMs } from '../../lib/composition/clients.ts';
import type { Invocation } from './invocation.ts';
import { credentials, region } from './servers.ts';
import type { WireRequest, WireResponse } from './wire.ts';

export type Service = 's3' | 'dynamodb';

/** How an SDK's call reaches the simulation. Rejecting is the network's failure; answers of any status are answers. */
export type Carry = (service: Service, request: WireRequest, options: CarryOptions) => Promise<WireResponse>;

export interface CarryOptions {
  /** Whose call it is; the simulation's own calls are nobody's. */
  readonly invocation: Invocation | undefined;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
}

/** The part of the SDK's request that a handler gets. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const handlerOf = (service: Service, carry: Carry) => ({
  metadata: { handlerProtocol: 'h1' },
  handle: async (
    request: SdkRequest,
    options: { abortSignal?: unknown; requestTimeout?: number; invocation?: Invocation } = {},
  ): Promise<{
    response: { statusCode: number; headers: Record<string, string>; body: Readable | Uint8Array };
  }> => {
    const { status, headers, body } = await carry(service, wireRequest(request), {
      invocation: options.invocation,
      signal: options.abortSignal instanceof AbortSignal ? options.abortSignal : undefined,
      timeoutMs: options.requestTimeout ?? requestTimeoutMs[service],
    });
    // Only an object's bytes have to be a stream; collecting one costs as much as the rest of an answer.
    const isObject = request.query?.['x-id'] === 'GetObject' && status < 300;
    return {
      response: {
        statusCode: status,
        headers: { ...headers },
        body: isObject ? Readable.from([Buffer.from(body)]) : body,
      },
    };
  },
});

const wireRequest = ({ method, path, query = {}, headers, body }: SdkRequest): WireRequest => {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) =>
      one === null ? encode(name) : `${encode(name)}=${encode(one)}`,
    ),
  );
  return {
    method,
    path: parameters.length === 0 ? path : `${path}?${parameters.join('&')}`,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: bytesOf(body),
  };
};

const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const bytesOf = (body: unknown): Uint8Array => {
  if (body === undefined || body === null) return new Uint8Array(0);
  if (typeof body === 'string') return Buffer.from(body);
  // A view without the string methods that the SDK puts on a body, and warns of.
  if (body instanceof Uint8Array) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  throw new TypeError('a body that is neither bytes nor text');
};

/**
 * What every request passes in the real client, and what costs most of its time: names of the client, host, signature, search
 * for the endpoint. The simulated servers look at none of it. What writes, repeats and reads requests stays.
 */
const skipped = [
  'loggerMiddleware',
  'validateBucketNameMiddleware',
  'regionRedirectMiddleware',
  'addExpectContinueMiddleware',
  's3ExpressMiddleware',
  'getUserAgentMiddleware',
  'hostHeaderMiddleware',
  'recursionDetectionMiddleware',
  'httpSigningMiddleware',
];

const endpointUrls = new Map<string, URL>();

const endpoint = (path: string): { url: URL } => {
  const url = endpointUrls.get(path) ?? new URL(`http://simulation.test/${path}`);
  endpointUrls.set(path, url);
  return { url };
};

/** The real SDK clients with the retry settings of the composition, over the simulated network. */
export const sdkClients = (carry: Carry): { s3: S3Client; dynamodb: DynamoDBClient } => {
  const common = {
    region,
    credentials: { ...credentials },
    maxAttempts,
    ignoreConfiguredEndpointUrls: true,
  };
  const s3 = new S3Client({
    ...common,
    forcePathStyle: true,
    endpointProvider: ({ Bucket = '' }) => endpoint(Bucket),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: handlerOf('s3', carry),
  });
  const dynamodb = new DynamoDBClient({
    ...common,
    endpointProvider: () => endpoint(''),
    requestHandler: handlerOf('dynamodb', carry),
  });
  for (const name of skipped) {
    s3.middlewareStack.remove(name);
    dynamodb.middlewareStack.remove(name);
  }
  return { s3, dynamodb };
};

/**
 * The client as one invocation uses it: whatever is sent through it carries the invocation's name to the request handler,
 * as an option of the call.
 */
export const clientOf = <C extends S3Client | DynamoDBClient>(client: C, invocation: Invocation): C =>
  Object.create(client, {
    send: {
      value: (command: Parameters<C['send']>[0], options: object = {}) =>
        Reflect.apply(client.send, client, [command, { ...options, invocation }]),
    },
  });
