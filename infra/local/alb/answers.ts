import { STATUS_CODES } from 'node:http';
import type { RefusalStatus } from './errors.ts';
import type { Answer } from './lambda-response.ts';

/** What the bytes of an answer depend on beside the answer itself. */
export interface AnswerContext {
  /** HEAD gets the headers of the body it does not get. */
  readonly method: string;
  readonly keepAlive: boolean;
  readonly nowEpochMs: number;
}

const SERVER: readonly [string, string] = ['Server', 'awselb/2.0'];

/** An answer of the front door's own: the load balancer's short HTML page, and no BITS header. */
export function refusal(status: RefusalStatus): Answer {
  const reason = STATUS_CODES[status] ?? '';
  const title = `${status} ${reason}`.trim();
  const lines = [
    '<html>',
    `<head><title>${title}</title></head>`,
    '<body>',
    `<center><h1>${title}</h1></center>`,
    '</body>',
    '</html>',
    '',
  ];
  return {
    status,
    reason,
    headers: [SERVER, ['Content-Type', 'text/html']],
    body: Buffer.from(lines.join('\r\n')),
  };
}

/** The default action of the listener, for requests that no rule wants. */
export function noSuchRoute(): Answer {
  return {
    status: 404,
    reason: 'Not Found',
    headers: [SERVER, ['Content-Type', 'text/plain; charset=utf-8']],
    body: Buffer.from('Not Found'),
  };
}

/** The bytes of an answer, with Date, Connection and Content-Length added. */
export function serialize(answer: Answer, context: AnswerContext): Buffer {
  const hasNoBody = answer.status === 204 || answer.status === 304;
  const lines = [
    `HTTP/1.1 ${answer.status} ${answer.reason}`,
    `Date: ${new Date(context.nowEpochMs).toUTCString()}`,
    ...answer.headers.map(([name, value]) => `${name}: ${value}`),
    ...(hasNoBody ? [] : [`Content-Length: ${answer.body.length}`]),
    `Connection: ${context.keepAlive ? 'keep-alive' : 'close'}`,
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  return hasNoBody || context.method === 'HEAD' ? head : Buffer.concat([head, answer.body]);
}
