import { setTimeout as delay } from 'node:timers/promises';
import { headerValue } from '../support/http/message.ts';
import type { Defect } from './defects.ts';
import { type Decision, INVALID, TOO_LARGE } from './fake-ack.ts';
import type { FakeRequest } from './fake-http.ts';
import type { FakeSession } from './fake-session.ts';

/** The table of a FRAGMENT, row by row; undefined where nothing can be answered. */
export async function decideFragment(
  request: FakeRequest,
  session: FakeSession,
  defects: ReadonlySet<Defect>,
): Promise<Decision | undefined> {
  const value = (name: string) => headerValue(request.headers, name);
  const at = (status: number, error?: string): Decision => ({ status, error, offset: session.data.length });
  const text = value('Content-Range') ?? '';
  const lengthBytes = Number(value('Content-Length'));
  if (lengthBytes === 0 && /^bytes .*\/0+$/i.test(text) && !defects.has('empty-file-refused')) {
    if (session.total !== undefined && session.total !== 0) return at(400, INVALID);
    session.total = 0;
    return at(200);
  }
  const match = /^bytes +(\d{1,20})[ \t]*-[ \t]*(\d{1,20})[ \t]*\/[ \t]*(\d{1,20})$/i.exec(text);
  if (match === null) return at(400, INVALID);
  const [first = 0n, last = 0n, total = 0n] = match.slice(1).map(BigInt);
  if (first > last || last >= total) return at(400, INVALID);
  if (BigInt(lengthBytes) !== last - first + 1n && !defects.has('length-unchecked')) return at(400, INVALID);
  const maximum = session.destination.maxUploadSizeBytes ?? Number.MAX_SAFE_INTEGER;
  const isTooLarge = defects.has('rounds-numbers')
    ? Number(total) > Number.MAX_SAFE_INTEGER * 2
    : total > BigInt(maximum);
  if (isTooLarge) return at(500, TOO_LARGE);
  if (session.total !== undefined && session.total !== Number(total) && !defects.has('total-may-change')) {
    return at(400, INVALID);
  }
  const coding = value('Content-Encoding');
  if (coding !== undefined && coding !== 'identity' && !defects.has('encoding-accepted'))
    return at(400, INVALID);
  const limit = session.destination.fragmentLimitBytes ?? Infinity;
  if (lengthBytes > limit + (defects.has('limit-off-by-one') ? 1 : 0)) {
    session.isDropped = defects.has('limit-ends-session');
    return at(413);
  }
  return store(request, session, defects, { first: Number(first), last: Number(last), total: Number(total) });
}

async function store(
  request: FakeRequest,
  session: FakeSession,
  defects: ReadonlySet<Defect>,
  { first, last, total }: { readonly first: number; readonly last: number; readonly total: number },
): Promise<Decision | undefined> {
  const next = session.data.length;
  const at = (status: number): Decision => ({ status, offset: session.data.length });
  if (session.total === next) return at(200);
  if (first > next && !defects.has('gap-accepted')) {
    if (defects.has('gap-fixes-total')) session.total = total;
    return at(416);
  }
  if (first !== next && defects.has('strict-ranges')) return at(416);
  if (last < next) return at(200);
  if (request.isTruncated && !defects.has('stores-cut-bodies')) return at(416);
  session.total = total;
  // The window between deciding and storing: wide enough for whatever was sent at the same time to fall into.
  if (defects.has('loses-race')) await delay(100);
  const fresh = request.body.subarray(Math.max(0, next - first));
  session.data = defects.has('rewrites-overlap')
    ? Buffer.concat([session.data.subarray(0, first), request.body])
    : Buffer.concat([session.data, fresh]);
  return at(200);
}
