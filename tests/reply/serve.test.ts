import { describe, expect, it } from 'vitest';
import { RequestHeaders } from '../../lib/protocol/request.ts';
import { rangeOf } from '../../lib/reply/range.ts';
import { maxServedBytes, servingOf } from '../../lib/reply/serve.ts';

describe('a range of 40 bytes', () => {
  it.each([
    ['bytes=0-24', 0, 25],
    ['bytes=25-39', 25, 40],
    ['bytes=39-39', 39, 40],
    ['bytes=25-100', 25, 40],
    ['bytes=25-', 25, 40],
    ['bytes=-15', 25, 40],
    ['bytes=-100', 0, 40],
    ['Bytes= 0-0', 0, 1],
    ['bytes=0-99999999999999999999', 0, 40],
  ])('%s', (header, from, end) => {
    expect(rangeOf(header, 40)).toEqual({ from, end });
  });

  it.each(['bytes=40-', 'bytes=40-50', 'bytes=-0', 'bytes=99999999999999999999-'])(
    '%s is past the end',
    (header) => {
      expect(rangeOf(header, 40)).toBe('unsatisfiable');
    },
  );

  it.each([
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=5-4',
    'bytes=0-1,3-4',
    'lines=0-1',
    'bytes=a-b',
    'bytes=0-1 2',
  ])('%s is none', (header) => {
    expect(rangeOf(header, 40)).toBeUndefined();
  });

  it('of nothing is past its end, whatever it is', () => {
    for (const header of ['bytes=0-', 'bytes=0-0', 'bytes=-1'])
      expect(rangeOf(header, 0)).toBe('unsatisfiable');
  });
});

const reply = { sizeBytes: 40, etag: '"0b5e2c1a-1"', lastModifiedMs: Date.UTC(2025, 0, 6, 10) };
const lastModified = 'Mon, 06 Jan 2025 10:00:00 GMT';

const serving = (method: string, headers: Record<string, string>, sizeBytes = 40) =>
  servingOf(method, new RequestHeaders(Object.entries(headers)), { ...reply, sizeBytes });

describe('a reply', () => {
  it('is described the same, whole, in part and past its end', () => {
    const described = { 'Accept-Ranges': 'bytes', 'Last-Modified': lastModified, ETag: '"0b5e2c1a-1"' };
    for (const headers of [{}, { Range: 'bytes=0-1' }, { Range: 'bytes=40-' }]) {
      expect(serving('GET', headers)).toMatchObject({ headers: described });
    }
  });

  it.each([
    ['"0b5e2c1a-1"', 206],
    [lastModified, 206],
    ['"another"', 200],
    ['W/"0b5e2c1a-1"', 200],
    ['Mon, 06 Jan 2025 10:00:01 GMT', 200],
  ])('in part, if it is still %s', (condition, status) => {
    expect(serving('GET', { Range: 'bytes=0-1', 'If-Range': condition })).toMatchObject({ status });
  });

  it('has a length for HEAD, which knows no ranges', () => {
    expect(serving('HEAD', { Range: 'bytes=0-1' })).toMatchObject({
      status: 200,
      span: { from: 0, end: 40 },
    });
  });

  it('that does not fit is S3’s to send, but a part that fits is not', () => {
    const large = maxServedBytes + 1;
    expect(serving('GET', {}, maxServedBytes)).toMatchObject({ do: 'serve', status: 200 });
    expect(serving('GET', {}, large)).toEqual({ do: 'redirect' });
    expect(serving('HEAD', {}, large)).toEqual({ do: 'redirect' });
    expect(serving('GET', { Range: 'bytes=0-' }, large)).toEqual({ do: 'redirect' });
    expect(serving('GET', { Range: `bytes=1-` }, large)).toMatchObject({ do: 'serve', status: 206 });
    expect(serving('GET', { Range: 'bytes=2000000000-' }, large)).toMatchObject({ do: 'refuse' });
  });

  it('fits through the load balancer in base64, headers and all', () => {
    expect(Math.ceil(maxServedBytes / 3) * 4).toBeLessThan(1_000_000 - 32 * 1024);
  });
});
