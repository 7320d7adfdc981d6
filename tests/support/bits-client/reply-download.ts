import type { Header, HttpRequest, HttpResponse } from '../http/message.ts';
import { headerValue } from '../http/message.ts';
import type { Authentication } from './authentication.ts';
import { BitsJobError, httpErrorHresult, jobError } from './job-error.ts';
import type { ReplyOptions } from './options.ts';
import { isTransientStatus } from './reaction.ts';
import type { Transport } from './transport.ts';
import { TransportError } from './transport.ts';

export interface ReplyContext {
  readonly transport: Transport;
  readonly authentication: Authentication;
  /** Where the file was uploaded: credentials and custom headers go nowhere else. */
  readonly uploadOrigin: string;
  readonly customHeaders: readonly Header[];
  readonly userAgent: string;
  readonly signal?: AbortSignal | undefined;
  /** Waits the retry delay; rejects when the job has waited long enough. */
  readonly wait: (reason: string) => Promise<void>;
}

const MAX_REDIRECTS = 5;

/**
 * The reply's URL from BITS-Reply-URL: absolute, or relative to the upload URL's directory at the original host.
 * IIS writes backslashes and bare braces; both are made legal.
 */
export const resolveReplyUrl = (replyUrl: string, uploadUrl: URL): URL =>
  new URL(replyUrl.replaceAll('\\', '/'), uploadUrl);

/** The resource changed between two ranges; what is there belongs to the old one. */
class ReplyChangedError extends Error {
  override readonly name = 'ReplyChangedError';
  readonly code = 'REPLY_CHANGED';
}

/**
 * Downloads a reply with ordinary HTTP as MC-BUP 3.5 describes: ranges in order, a 200 to a range is an error, a
 * changed Last-Modified starts over, transient failures wait and go on behind the last byte.
 * Rejects with BitsJobError. The reply is kept in memory.
 */
export async function downloadReply(
  url: URL,
  options: ReplyOptions,
  context: ReplyContext,
): Promise<Uint8Array> {
  let download = new Download(url, options, context);
  let brokenOff: HttpResponse | undefined;
  for (;;) {
    try {
      download.keep(brokenOff);
      return await download.go();
    } catch (error) {
      if (context.signal?.aborted === true) throw error;
      if (!(error instanceof ReplyChangedError) && !(error instanceof TransportError)) throw error;
      if (error instanceof ReplyChangedError) download = new Download(url, options, context);
      brokenOff = error instanceof TransportError ? error.partial : undefined;
      await context.wait(error.message);
    }
  }
}

class Download {
  readonly #chunks: Uint8Array[] = [];
  #receivedBytes = 0;
  #totalBytes: number | undefined;
  #lastModified: string | undefined;
  #isHeadDue: boolean;
  readonly #url: URL;
  readonly #options: ReplyOptions;
  readonly #context: ReplyContext;

  constructor(url: URL, options: ReplyOptions, context: ReplyContext) {
    this.#url = url;
    this.#options = options;
    this.#context = context;
    this.#isHeadDue = options.head;
  }

  async go(): Promise<Uint8Array> {
    if (this.#isHeadDue) {
      const response = await this.#request('HEAD', undefined);
      if (response.status !== 200) throw unexpected(response, 'HEAD of the reply');
      this.#note(response, headerValue(response.headers, 'Content-Length'));
      this.#isHeadDue = false;
    }
    while (this.#totalBytes === undefined || this.#receivedBytes < this.#totalBytes) await this.#next();
    return Buffer.concat(this.#chunks);
  }

  /** Keeps the beginning of an answer that broke off, if it is the one that was asked for. */
  keep(partial: HttpResponse | undefined): void {
    if (partial === undefined || partial.body.length === 0) return;
    if (partial.status === 200 && this.#receivedBytes === 0) {
      this.#note(partial, headerValue(partial.headers, 'Content-Length'));
      this.#append(partial.body);
    } else if (partial.status === 206 && this.#isAsked(partial)) {
      this.#append(partial.body);
    }
  }

  async #next(): Promise<void> {
    const first = this.#receivedBytes;
    const { rangeBytes } = this.#options;
    if (rangeBytes === undefined && first === 0) {
      const response = await this.#request('GET', undefined);
      if (response.status !== 200) throw unexpected(response, 'GET of the reply');
      this.#note(response, headerValue(response.headers, 'Content-Length'));
      this.#append(response.body);
      return;
    }
    const end = Math.min(
      rangeBytes === undefined ? Infinity : first + rangeBytes,
      this.#totalBytes ?? Infinity,
    );
    const range = `bytes=${first}-${end === Infinity ? '' : end - 1}`;
    const response = await this.#request('GET', range);
    if (response.status === 416 && first === 0 && isEmpty(response)) {
      this.#totalBytes = 0;
      return;
    }
    if (response.status !== 206) {
      const problem = `the range ${range} was answered ${response.status}`;
      if (response.status === 200) throw jobError('BG_E_INSUFFICIENT_RANGE_SUPPORT', 'remote-file', problem);
      throw unexpected(response, problem);
    }
    if (!this.#isAsked(response)) {
      throw jobError(
        'BG_E_INVALID_SERVER_RESPONSE',
        'remote-file',
        `${range} was answered with another range`,
      );
    }
    this.#append(response.body);
  }

  /** Whether a 206 begins where the download stands and has the bytes that it announces. */
  #isAsked(response: HttpResponse): boolean {
    const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headerValue(response.headers, 'Content-Range') ?? '');
    if (match === null) return false;
    const [, first, last, total] = match;
    this.#note(response, total);
    return (
      Number(first) === this.#receivedBytes &&
      response.body.length > 0 &&
      response.body.length <= Number(last) - Number(first) + 1
    );
  }

  #note(response: HttpResponse, total: string | undefined): void {
    const lastModified = headerValue(response.headers, 'Last-Modified');
    if (this.#lastModified !== undefined && lastModified !== this.#lastModified) {
      throw new ReplyChangedError('the reply changed between two ranges');
    }
    this.#lastModified = lastModified;
    if (total === undefined || !/^\d{1,15}$/.test(total)) {
      throw jobError('BG_E_INVALID_SERVER_RESPONSE', 'remote-file', 'the reply has no length');
    }
    this.#totalBytes = Number(total);
  }

  #append(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#receivedBytes += bytes.length;
  }

  async #request(method: 'GET' | 'HEAD', range: string | undefined): Promise<HttpResponse> {
    let url = this.#url;
    let isAnswer = false;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; ) {
      const response = await this.#context.transport.send(this.#build(method, url, range, isAnswer), url, {
        signal: this.#context.signal,
      });
      if (
        response.status === 401 &&
        !isAnswer &&
        url.origin === this.#context.uploadOrigin &&
        this.#accepts(response)
      ) {
        isAnswer = true;
        continue;
      }
      const location = headerValue(response.headers, 'Location');
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) return response;
      url = new URL(location, url);
      redirects++;
    }
    throw jobError('BG_E_INVALID_SERVER_RESPONSE', 'remote-file', 'the reply redirects in circles');
  }

  #accepts(response: HttpResponse): boolean {
    const challenge = headerValue(response.headers, 'WWW-Authenticate');
    const challenges = challenge === undefined ? [] : [challenge];
    return this.#context.authentication.accept({ status: response.status, challenges });
  }

  #build(method: string, url: URL, range: string | undefined, isAnswer: boolean): HttpRequest {
    // Credentials and custom headers belong to the server that the job was given, not to where it points.
    const isOwn = url.origin === this.#context.uploadOrigin;
    const headers: Header[] = [
      ['Accept', '*/*'],
      ['Accept-Encoding', 'identity'],
      ...(range === undefined ? [] : [['Range', range] as const]),
      ...(isOwn ? [...this.#context.authentication.headers(isAnswer), ...this.#context.customHeaders] : []),
      ['User-Agent', this.#context.userAgent],
      ['Host', url.host],
      ['Connection', 'Keep-Alive'],
    ];
    return { method, target: `${url.pathname}${url.search}`, headers, body: new Uint8Array() };
  }
}

/** A range of an empty resource cannot be satisfied; its answer says that there is nothing. */
const isEmpty = (response: HttpResponse) =>
  /^bytes \*\/0$/.test(headerValue(response.headers, 'Content-Range') ?? '');

function unexpected(response: HttpResponse, what: string): Error {
  const message = `${what} was answered ${response.status}`;
  if (isTransientStatus(response.status)) return new TransportError('BROKEN', message);
  return new BitsJobError(
    { hresult: httpErrorHresult(response.status), context: 'remote-file', status: response.status },
    message,
  );
}
