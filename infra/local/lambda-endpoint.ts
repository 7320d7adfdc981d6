import { createServer, type IncomingMessage } from 'node:http';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StartError } from './errors.ts';

/** A function as its author wrote it: the handler that Lambda would call. */
export type LocalLambda = (event: unknown, context: object) => unknown;

export interface LambdaEndpoint {
  readonly endpoint: string;
  close(): Promise<void>;
}

const invokePath = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const maxPayloadBytes = 6 * 2 ** 20;

/**
 * Lambda's Invoke for functions of one's own, by the name that their ARN has: a reply application is tried on this machine
 * under the very ARN that it has where it is deployed. Signatures are not checked; only this machine reaches it.
 */
export async function startLambdaEndpoint(
  lambdas: Readonly<Record<string, LocalLambda>>,
): Promise<LambdaEndpoint> {
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(body);
    const arn = decodeURIComponent(invokePath.exec(request.url ?? '')?.[1] ?? '');
    const name = /^arn:[^:]+:lambda:[^:]*:\d*:function:([^:]+)/.exec(arn)?.[1] ?? arn;
    const lambda = lambdas[name];
    if (lambda === undefined) {
      answer(404, JSON.stringify({ Message: `Function not found: ${arn}` }), {
        'X-Amzn-ErrorType': 'ResourceNotFoundException',
      });
      return;
    }
    try {
      const result = await lambda(JSON.parse(await textOf(request)), { invokedFunctionArn: arn });
      const payload = JSON.stringify(result ?? null);
      if (Buffer.byteLength(payload) > maxPayloadBytes) throw new Error('Response payload size exceeded');
      answer(200, payload);
    } catch (error) {
      const [errorType, errorMessage] =
        error instanceof Error ? [error.name, error.message] : ['Error', String(error)];
      answer(200, JSON.stringify({ errorType, errorMessage }), { 'X-Amz-Function-Error': 'Unhandled' });
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
};

/**
 * The handlers of `name=file` pairs, divided by commas: each file exports `handler`.
 * @throws StartError BAD_SETTING
 */
export async function loadLambdas(pairs: string, folder: string): Promise<Record<string, LocalLambda>> {
  const lambdas: Record<string, LocalLambda> = {};
  for (const pair of pairs.split(',')) {
    const [name = '', file = ''] = pair.split(/=(.*)/).map((part) => part.trim());
    if (name === '' || file === '') {
      throw new StartError('BAD_SETTING', `LOCAL_FUNCTIONS: ${pair} is not NAME=FILE`);
    }
    lambdas[name] = await loadHandler(name, isAbsolute(file) ? file : resolve(folder, file));
  }
  return lambdas;
}

async function loadHandler(name: string, file: string): Promise<LocalLambda> {
  let loaded: unknown;
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new StartError(
      'BAD_SETTING',
      `LOCAL_FUNCTIONS: ${name}: ${file} cannot be loaded: ${String(cause)}`,
      {
        cause,
      },
    );
  }
  if (!hasHandler(loaded)) {
    throw new StartError('BAD_SETTING', `LOCAL_FUNCTIONS: ${name}: ${file} exports no handler`);
  }
  return loaded.handler;
}

function hasHandler(value: unknown): value is { readonly handler: LocalLambda } {
  return (
    typeof value === 'object' && value !== null && 'handler' in value && typeof value.handler === 'function'
  );
}
