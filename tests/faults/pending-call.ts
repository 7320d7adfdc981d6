import type { Invocation } from './invocation.ts';
import type { Service } from './sdk.ts';
import type { WireRequest, WireResponse } from './wire.ts';

/** An AWS call that waits for its turn. */
export interface PendingCall {
  readonly id: number;
  readonly invocation: Invocation;
  readonly service: Service;
  readonly operation: string;
  readonly request: WireRequest;
  /** Nobody waits for the answer any more: a zombie, which may still happen. */
  isAbandoned: boolean;
  /** Does not answer until it is abandoned. */
  isStuck: boolean;
  resolve(response: WireResponse): void;
  reject(error: Error): void;
}

/** A call that was carried out. */
export interface PerformedCall {
  readonly service: Service;
  readonly operation: string;
  readonly request: WireRequest;
  readonly response: WireResponse;
  /** Whose call it was, if it was not the simulation's own. */
  readonly invocation: Invocation | undefined;
  /** A zombie: nobody waited for it any more. */
  readonly isLate: boolean;
}

/** How a call is told in the trace. */
export const label = ({ invocation, operation }: PendingCall): string =>
  `${invocation.name}#${invocation.id} ${operation}`;

/** What a request asks for, short enough for a line. */
export const operationOf = (service: Service, { method, path, headers }: WireRequest): string => {
  if (service === 'dynamodb') return headers['x-amz-target']?.split('.')[1] ?? 'dynamodb';
  const [place = '', query = ''] = path.split('?');
  if (method === 'POST' && query.includes('uploadId=')) return `POST complete ${place}`;
  const part = /partNumber=(\d+)/.exec(query)?.[1];
  return `${method} ${place}${part === undefined ? '' : ` part ${part}`}${query.includes('uploads') ? ' uploads' : ''}`;
};

/** What the SDK hears when nothing came back. */
export const connectionLost = (): Error =>
  Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', name: 'TimeoutError' });

/** How each service says that it is asked too much. */
export const throttledResponse = (service: Service): WireResponse =>
  service === 's3'
    ? {
        status: 503,
        headers: { 'content-type': 'application/xml' },
        body: Buffer.from('<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>slow</Message></Error>'),
      }
    : {
        status: 400,
        headers: { 'content-type': 'application/x-amz-json-1.0' },
        body: Buffer.from(
          '{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow"}',
        ),
      };
