import type { RequestHeaders } from '../protocol/request.ts';
import { type ByteSpan, rangeOf } from './range.ts';
import type { StoredReply } from './reply-store.ts';

/** What fits through a load balancer from a Lambda function: 1 MB of JSON, in base64, with room for headers. */
export const maxServedBytes = 700_000;

/** How a reply is given to who asks for it. */
export type Serving =
  /** Bytes of it, as 200 or 206. */
  | { readonly do: 'serve'; readonly status: 200 | 206; readonly span: ByteSpan; readonly headers: Headers }
  /** No byte that exists was asked for. */
  | { readonly do: 'refuse'; readonly headers: Headers }
  /** Too much for us: from S3 itself. */
  | { readonly do: 'redirect' };

type Headers = Readonly<Record<string, string>>;

/**
 * What GET and HEAD of a reply are answered. A part is asked for by a single `Range` (GET only), and given only while the
 * reply is the one that `If-Range` names. HEAD has the length of the whole.
 */
export const servingOf = (method: string, request: RequestHeaders, reply: StoredReply): Serving => {
  const { sizeBytes, etag } = reply;
  const lastModified = new Date(reply.lastModifiedMs).toUTCString();
  const headers = {
    'Accept-Ranges': 'bytes',
    'Last-Modified': lastModified,
    ETag: etag,
    'Content-Type': 'application/octet-stream',
  };
  const condition = request.get('If-Range');
  const isTheSame = condition === undefined || condition === etag || condition === lastModified;
  const asked = method === 'GET' && isTheSame ? rangeOf(request.get('Range'), sizeBytes) : undefined;
  if (asked === 'unsatisfiable') {
    return { do: 'refuse', headers: { ...headers, 'Content-Range': `bytes */${sizeBytes}` } };
  }
  const span = asked ?? { from: 0, end: sizeBytes };
  if (span.end - span.from > maxServedBytes) return { do: 'redirect' };
  if (asked === undefined) return { do: 'serve', status: 200, span, headers };
  const contentRange = `bytes ${span.from}-${span.end - 1}/${sizeBytes}`;
  return { do: 'serve', status: 206, span, headers: { ...headers, 'Content-Range': contentRange } };
};
