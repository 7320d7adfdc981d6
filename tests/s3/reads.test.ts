import { afterAll, beforeAll, describe, expect } from 'vitest';
import { behaviour, expectError } from './support/behaviour.ts';
import { bytesOf, md5Hex, patternedBytes } from './support/bytes.ts';
import { requestsOf } from './support/requests.ts';
import { type ServerUnderTest, startServer } from './support/server-under-test.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startServer();
});
afterAll(() => s3.stop());

const { get, head, put } = requestsOf(() => s3);

describe('ranges', () => {
  const body = patternedBytes(3_000_000, 7);
  beforeAll(() => put('ranged', body));

  const satisfiable: readonly (readonly [range: string, start: number, end: number])[] = [
    ['bytes=0-0', 0, 1],
    ['bytes=0-999', 0, 1000],
    ['bytes=10-19', 10, 20],
    ['bytes=2999999-2999999', 2_999_999, 3_000_000],
    ['bytes=2999990-9999999', 2_999_990, 3_000_000],
    ['bytes=500-', 500, 3_000_000],
    ['bytes=-1', 2_999_999, 3_000_000],
    ['bytes=-2000000', 1_000_000, 3_000_000],
    ['bytes=-9999999', 0, 3_000_000],
  ];
  for (const [Range, start, end] of satisfiable) {
    behaviour(`${Range} of 3000000 is bytes ${start} to ${end}`, async () => {
      const answer = await get('ranged', { Range });
      expect(answer.$metadata.httpStatusCode).toBe(206);
      expect(answer.ContentRange).toBe(`bytes ${start}-${end - 1}/3000000`);
      expect(answer.ContentLength).toBe(end - start);
      expect((await bytesOf(answer)).equals(body.subarray(start, end))).toBe(true);
    });
  }

  for (const Range of ['bytes=3000000-', 'bytes=9999999-9999999', 'bytes=-0']) {
    behaviour(`${Range} of 3000000 is past the end`, async () => {
      await expectError(get('ranged', { Range }), 'InvalidRange', 416);
    });
  }

  behaviour('no range of an empty object can be satisfied', async () => {
    await put('empty', '');
    await expectError(get('empty', { Range: 'bytes=0-' }), 'InvalidRange', 416);
  });

  for (const Range of ['bytes=5-2', 'bytes=a-b', 'bytes=-', 'lines=1-2']) {
    behaviour(`${Range} is no range: the whole object comes`, async () => {
      const answer = await get('ranged', { Range });
      expect(answer.$metadata.httpStatusCode).toBe(200);
      expect(answer.ContentLength).toBe(3_000_000);
      await bytesOf(answer);
    });
  }

  behaviour('HEAD answers a range without a body', async () => {
    const answer = await head('ranged', { Range: 'bytes=10-19' });
    expect(answer).toMatchObject({ ContentLength: 10, $metadata: { httpStatusCode: 206 } });
  });
});

describe('conditional reads', () => {
  const past = new Date('2001-01-01T00:00:00Z');
  const future = () => new Date(Date.now() + 3_600_000);
  const other = '"00000000000000000000000000000000"';
  const same = `"${md5Hex(Buffer.from('x'))}"`;
  /** As the server wrote it down, in its own whole seconds. */
  let writtenAt: Date | undefined;
  beforeAll(async () => {
    await put('read', 'x');
    writtenAt = (await head('read', {})).LastModified;
  });

  const table: readonly (readonly [string, () => object, 200 | 304 | 412])[] = [
    ['If-Match with its ETag', () => ({ IfMatch: same }), 200],
    ['If-Match with *', () => ({ IfMatch: '*' }), 200],
    ['If-Match with another ETag', () => ({ IfMatch: other }), 412],
    ['If-None-Match with its ETag', () => ({ IfNoneMatch: same }), 304],
    ['If-None-Match with another ETag', () => ({ IfNoneMatch: other }), 200],
    ['If-Modified-Since before', () => ({ IfModifiedSince: past }), 200],
    ['If-Modified-Since its own time', () => ({ IfModifiedSince: writtenAt }), 304],
    ['If-Unmodified-Since before', () => ({ IfUnmodifiedSince: past }), 412],
    ['If-Unmodified-Since after', () => ({ IfUnmodifiedSince: future() }), 200],
    ['If-Match outweighs If-Unmodified-Since', () => ({ IfMatch: same, IfUnmodifiedSince: past }), 200],
    ['If-None-Match outweighs If-Modified-Since', () => ({ IfNoneMatch: same, IfModifiedSince: past }), 304],
  ];
  for (const [title, condition, status] of table) {
    behaviour(`GET, ${title}: ${status}`, async () => {
      const answered = await get('read', condition()).then(
        (answer) => bytesOf(answer).then(() => answer.$metadata.httpStatusCode),
        (error: unknown) => error,
      );
      if (status === 200) expect(answered).toBe(200);
      else expect(answered).toMatchObject({ $metadata: { httpStatusCode: status } });
    });
  }
});
