import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { assertPublicHost, guardedLookup, type Resolve } from './address-guard.ts';
import { ApplicationError } from './application.ts';

export interface HttpCall {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array> | undefined;
  /** Whether the host may have any address. */
  readonly isPrivateAllowed: boolean;
  /** Of host names; the system's by default. */
  readonly resolve?: Resolve | undefined;
}

/** Head and body of an answer. Who is not interested in the body destroys it. */
export interface HttpAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: Readable;
}

/** All header lines of an answer together. */
const maxHeaderBytes = 16_384;

/**
 * One POST, on a connection of its own. Redirects are answers like any other: following one would take the data, and the
 * application's credentials, to where nobody has configured them to go.
 * @throws ApplicationError
 */
export const post = (call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> => {
  const { url, body, isPrivateAllowed } = call;
  return new Promise((resolve, reject) => {
    if (!isPrivateAllowed) assertPublicHost(url.hostname);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const outgoing = send(url, {
      method: 'POST',
      headers: call.headers,
      agent: false,
      signal,
      maxHeaderSize: maxHeaderBytes,
      ...(isPrivateAllowed ? {} : { lookup: guardedLookup(call.resolve) }),
    });
    let isAnswered = false;
    outgoing.on('response', (incoming) => {
      isAnswered = true;
      resolve(answerOf(incoming));
    });
    outgoing.on('upgrade', (_incoming, socket) => {
      reject(new ApplicationError('INVALID_ANSWER', 'the answer switches to another protocol'));
      socket.destroy();
      outgoing.destroy();
    });
    outgoing.on('error', (cause) => reject(applicationErrorOf(cause)));
    // Whatever else ends it: nobody waits for a request that is over.
    outgoing.on('close', () =>
      reject(new ApplicationError('UNREACHABLE', 'the connection ended without an answer')),
    );
    if (body === undefined) {
      outgoing.end();
      return;
    }
    const source = Readable.from(body, { objectMode: false });
    // An application may answer before it has read everything: then nobody wants the rest.
    source.on('error', (cause) => {
      if (!isAnswered) reject(cause);
      outgoing.destroy(cause);
    });
    outgoing.on('close', () => source.destroy());
    source.pipe(outgoing);
  });
};

const answerOf = (incoming: IncomingMessage): HttpAnswer => ({
  status: incoming.statusCode ?? 0,
  header: (name) => {
    const value = incoming.headers[name.toLowerCase()];
    return Array.isArray(value) ? value[0] : value;
  },
  body: incoming,
});

const applicationErrorOf = (cause: NodeJS.ErrnoException): Error => {
  if (cause instanceof ApplicationError) return cause;
  // What the parser refuses was an answer, only not one of HTTP.
  return cause.code?.startsWith('HPE_') === true
    ? new ApplicationError('INVALID_ANSWER', `the answer is not HTTP: ${cause.code}`, { cause })
    : new ApplicationError('UNREACHABLE', `the application cannot be reached: ${cause.code ?? cause.name}`, {
        cause,
      });
};

/** The body of an answer, as an application's fault if it breaks off. */
export async function* bodyOf({ body }: HttpAnswer): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) yield chunk;
  } catch (cause) {
    throw new ApplicationError('UNREACHABLE', 'the answer broke off', { cause });
  } finally {
    body.destroy();
  }
}
