import { addressFault, type HttpApplication } from '../access/reply-application.ts';
import type { ObjectStore, Target } from '../upload/object-store.ts';
import type { Resolve } from './address-guard.ts';
import {
  type Answer,
  type Application,
  ApplicationError,
  checkedReplyUrl,
  type Question,
} from './application.ts';
import { bodyOf, type HttpAnswer, type HttpCall, post } from './http-call.ts';

/** What an application over HTTP needs of its surroundings. */
export interface HttpServices {
  readonly objects: ObjectStore;
  /** A URL that anybody may use for one method on one object, for so many seconds. */
  presign(method: 'GET' | 'PUT', target: Target, expiresSeconds: number): Promise<string>;
  /** The value of the `Authorization` header, from where the configuration says it is kept. */
  secret(address: string): Promise<string>;
  readonly resolve?: Resolve;
}

/**
 * The notification of IIS over HTTPS [Win32 "Notification Protocol for Server Applications"], with headers of our own that
 * docs/reply-applications.md lists: the client's URL, the data and the reply by name or as bodies.
 */
export const httpApplication =
  (application: HttpApplication, services: HttpServices): Application =>
  async (question, signal) => {
    const url = notificationUrl(application, question.url);
    const isByValue = application.mode === 'by-value';
    const { upload, sessionId, principal } = question;
    const headers: Record<string, string> = {
      Accept: '*/*',
      'User-Agent': 'bits-s3',
      'BITS-Original-Request-URL': question.url.href,
      'BITS-Session-Id': sessionId,
      'BITS-Principal': encodeURIComponent(principal),
      'BITS-Original-Name': encodeURIComponent(upload.originalName),
      'BITS-Upload-CRC32': upload.crc32.toString(16).padStart(8, '0'),
      'BITS-Upload-Size': `${upload.sizeBytes}`,
      'BITS-Maximum-Reply-Size': `${question.reply.maxBytes}`,
      'Content-Length': isByValue ? `${upload.sizeBytes}` : '0',
      ...(isByValue
        ? { 'Content-Type': 'application/octet-stream' }
        : await references(application, question, services)),
      ...(application.secret === null ? {} : { Authorization: await secretOf(application.secret, services) }),
    };
    const call: HttpCall = {
      url,
      headers,
      body: isByValue && upload.sizeBytes > 0 ? contentOf(question, services.objects, signal) : undefined,
      isPrivateAllowed: application.privateHosts.includes(url.hostname),
      resolve: services.resolve,
    };
    const answer = await post(call, signal);
    return read(answer, isByValue);
  };

/** The answer as its head says it. By reference there is nothing to be had from the body. */
const read = (answer: HttpAnswer, isByValue: boolean): Answer => {
  const { status, header, body } = answer;
  const staticUrl = header('BITS-Static-Response-URL');
  const isBodyWanted = status === 200 && isByValue && staticUrl === undefined;
  if (!isBodyWanted) body.destroy();
  if (status !== 200) return { status };
  const publish = header('BITS-Copy-File-To-Destination') !== undefined;
  if (staticUrl !== undefined) {
    return { status, publish, reply: { is: 'url', url: checkedReplyUrl(staticUrl) } };
  }
  return { status, publish, reply: isByValue ? { is: 'body', body: bodyOf(answer) } : { is: 'written' } };
};

const references = async (
  { timeoutSeconds }: HttpApplication,
  { upload, reply }: Question,
  { presign }: HttpServices,
): Promise<Record<string, string>> => ({
  'BITS-Request-DataFile-Name': `s3://${upload.bucket}/${upload.key}`,
  'BITS-Request-DataFile-URL': await presign('GET', upload, timeoutSeconds),
  'BITS-Response-DataFile-Name': `s3://${reply.bucket}/${reply.key}`,
  'BITS-Response-DataFile-URL': await presign('PUT', reply, timeoutSeconds),
});

const secretOf = async (address: string, { secret }: HttpServices): Promise<string> => {
  try {
    return await secret(address);
  } catch (cause) {
    throw new ApplicationError('NOT_ALLOWED', 'the secret for the application cannot be read', { cause });
  }
};

/**
 * Where the POST goes: a relative URL is completed by the directory of the upload's, and the client's query string comes
 * along.
 * @throws ApplicationError NOT_ALLOWED
 */
export const notificationUrl = (application: HttpApplication, upload: URL): URL => {
  const fault = addressFault(application, upload);
  if (fault !== undefined) throw new ApplicationError('NOT_ALLOWED', fault);
  const target = new URL(application.url, upload);
  if (upload.search !== '') {
    target.search = target.search === '' ? upload.search : `${target.search}&${upload.search.slice(1)}`;
  }
  return target;
};

/** Read ahead by one, so that S3 and the application work at the same time; two of these are all that is in memory. */
const chunkBytes = 8 * 2 ** 20;

/** The upload, read in ranges: each is one call that is repeated when it fails. */
async function* contentOf(
  { upload }: Question,
  objects: ObjectStore,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const read = (from: number) => {
    const chunk = objects.readRange(
      upload,
      { from, end: Math.min(from + chunkBytes, upload.sizeBytes) },
      signal,
    );
    // It may fail before it is waited for, and is waited for only if the application goes on reading.
    chunk.catch(() => undefined);
    return chunk;
  };
  let next = read(0);
  for (let from = chunkBytes; from < upload.sizeBytes; from += chunkBytes) {
    const current = await next;
    next = read(from);
    yield current;
  }
  yield await next;
}
