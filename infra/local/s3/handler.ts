import { randomBytes } from 'node:crypto';
import { type Authority, authenticate, type PayloadProof } from './auth/authenticate.ts';
import type { Call, Environment } from './call.ts';
import { ConnectionLostError, S3Error } from './errors.ts';
import { connectionReset, cutAnswer, type FaultHook, type FaultTarget } from './faults.ts';
import { emptyResponse, httpDate, type S3Request, type S3Response, xmlResponse } from './http.ts';
import { type OperationName, route } from './operations/table.ts';
import type { Counters } from './stats.ts';
import { parseTarget, type Target } from './target.ts';
import { element, xmlDocument } from './xml-writer.ts';

/** What a request passes through on its way to its operation. */
export interface Handling {
  readonly env: Environment;
  /** `undefined`: every request is believed, and its body taken as it is. */
  readonly authority: Authority | undefined;
  readonly counters: Counters;
  readonly onRequest: FaultHook | undefined;
  readonly onInternalError: (error: unknown, request: S3Request) => void;
}

/**
 * Answer one request: route, authenticate, ask the fault hook, run, count. Every failure becomes an answer, but
 * for `ConnectionLostError`, which it rejects with where there is nobody to answer.
 */
export async function handle(request: S3Request, handling: Handling): Promise<S3Response> {
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  let response: S3Response;
  try {
    response = await run(request, requestId, handling);
  } catch (error) {
    if (error instanceof ConnectionLostError) throw error;
    response = render(error, request, requestId, handling);
  }
  return {
    ...response,
    headers: {
      ...response.headers,
      'x-amz-request-id': requestId,
      'x-amz-id-2': requestId,
      server: 'AmazonS3',
      // Clients set their clock by it.
      date: httpDate(handling.env.nowMs()),
    },
  };
}

async function run(request: S3Request, requestId: string, handling: Handling): Promise<S3Response> {
  const { env, authority, counters } = handling;
  const target = parseTarget(request, env.region);
  const { name, run: operation } = route(request, target);
  const { bucket, key, query } = target;
  const proof: PayloadProof =
    authority === undefined ? { kind: 'unsigned' } : authenticate(request, target, authority);
  const call: Call = {
    request,
    headers: request.headers,
    bucket,
    key,
    query,
    proof,
    env,
    requestId,
    storedBytes: 0,
  };
  counters.add(name, { requests: 1 });
  try {
    const response = await withFaults(handling, describe(name, request, target), async () => operation(call));
    // An object's bytes are what GET answers; everything else is documents.
    const bytesRead =
      name === 'GetObject' && response.status < 300 ? Number(response.headers['content-length']) : 0;
    counters.add(name, { bytesRead, failures: response.status >= 400 ? 1 : 0 });
    return response;
  } catch (error) {
    counters.add(name, { failures: 1 });
    throw error;
  } finally {
    counters.add(name, { bytesWritten: call.storedBytes });
  }
}

async function withFaults(
  { onRequest }: Handling,
  target: FaultTarget,
  proceed: () => Promise<S3Response>,
): Promise<S3Response> {
  const action = onRequest === undefined ? undefined : await onRequest(target);
  switch (action?.kind) {
    case undefined:
    case 'proceed':
      return proceed();
    case 'delay':
      await new Promise((resolve) => setTimeout(resolve, action.delayMs));
      return proceed();
    case 'answer':
      return errorResponse(action.status, action.code, action.message ?? 'Asked for by the fault hook.');
    case 'answer-after':
      await discard(await proceed());
      return errorResponse(action.status, action.code, action.message ?? 'Asked for by the fault hook.');
    case 'reset':
      throw connectionReset();
    case 'reset-after':
      await discard(await proceed());
      throw connectionReset();
    case 'cut-answer':
      return cutAnswer(await proceed(), action.afterBytes);
  }
}

/** Close what an answer that nobody will read holds open. */
async function discard({ body }: S3Response): Promise<void> {
  if (!(body instanceof Uint8Array)) await body[Symbol.asyncIterator]().return?.();
}

function describe(name: OperationName, { headers }: S3Request, { bucket, key, query }: Target): FaultTarget {
  const partNumber = Number(query.get('partNumber'));
  return {
    name,
    bucket,
    key,
    uploadId: query.get('uploadId'),
    partNumber: query.has('partNumber') && Number.isSafeInteger(partNumber) ? partNumber : undefined,
    contentLengthBytes: Number(headers['content-length'] ?? 0),
    headers,
  };
}

function render(error: unknown, request: S3Request, requestId: string, handling: Handling): S3Response {
  const known = error instanceof S3Error ? error : new S3Error('InternalError', undefined, { cause: error });
  if (known !== error) handling.onInternalError(error, request);
  // An answer to HEAD has no body; its length would otherwise be read as the object's.
  if (request.method === 'HEAD') return emptyResponse(known.status, known.headers);
  const fields = { ...known.fields, Resource: request.path.split('?', 1)[0] ?? '/', RequestId: requestId };
  return errorResponse(known.status, known.code, known.message, fields, known.headers);
}

function errorResponse(
  status: number,
  code: string,
  message: string,
  fields: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): S3Response {
  const elements = Object.entries({ Code: code, Message: message, ...fields }).map(([name, text]) =>
    element(name, text),
  );
  return xmlResponse(status, xmlDocument(element('Error', elements), false), headers);
}
