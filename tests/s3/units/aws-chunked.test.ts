import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeAwsChunked } from '../../../infra/local/s3/body/aws-chunked.ts';

async function* cutAt(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

async function decode(bytes: Buffer, sizes: readonly number[], expectTrailer: boolean) {
  const trailers = new Map<string, string>();
  const chunks: Uint8Array[] = [];
  for await (const chunk of decodeAwsChunked(cutAt(bytes, sizes), expectTrailer, undefined, trailers)) {
    chunks.push(chunk);
  }
  return { body: Buffer.concat(chunks), trailers: Object.fromEntries(trailers) };
}

function encode(chunks: readonly Uint8Array[], trailer: string): Buffer {
  const pieces = chunks
    .filter((chunk) => chunk.byteLength > 0)
    .flatMap((chunk) => [Buffer.from(`${chunk.byteLength.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]);
  return Buffer.concat([...pieces, Buffer.from(`0\r\n${trailer}`)]);
}

describe('an aws-chunked body', () => {
  it('is the same however the network cuts it', async () => {
    const input = fc.record({
      chunks: fc.array(fc.uint8Array({ maxLength: 40 })),
      sizes: fc.array(fc.integer({ min: 0, max: 20 })),
    });
    await fc.assert(
      fc.asyncProperty(input, async ({ chunks, sizes }) => {
        const body = Buffer.concat(chunks);
        const trailer = 'X-Amz-Checksum-CRC32: AAAAAA== \r\nx-other:1\r\n\r\n';
        expect(await decode(encode(chunks, trailer), sizes, true)).toEqual({
          body,
          trailers: { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-other': '1' },
        });
        expect((await decode(encode(chunks, '\r\n'), sizes, false)).body).toEqual(body);
      }),
    );
  });

  it('cut short anywhere is IncompleteBody', async () => {
    const whole = encode([Buffer.from('first'), Buffer.from('second')], 'x-a:1\r\n\r\n');
    // The last line break may be missing: some clients end the trailer with the body.
    for (let length = 0; length < whole.byteLength - 2; length++) {
      const outcome: unknown = await decode(whole.subarray(0, length), [], true).catch(
        (error: unknown) => error,
      );
      const isEndOfChunks = whole.subarray(0, length).toString().endsWith('\r\n0\r\n');
      if (isEndOfChunks) expect(outcome).toMatchObject({ trailers: {} });
      else expect(outcome, `${length} bytes`).toMatchObject({ code: 'IncompleteBody' });
    }
  });

  it.each([
    ['no length', 'x\r\n', 'IncompleteBody'],
    ['a negative length', '-1\r\n', 'IncompleteBody'],
    ['a length that is no hex', '5z\r\n', 'IncompleteBody'],
    ['a chunk longer than its length', '3\r\nabcd\r\n0\r\n\r\n', 'IncompleteBody'],
    ['bytes behind the end', '0\r\n\r\nmore', 'IncompleteBody'],
    ['a trailer that has no name', '0\r\nno colon\r\n\r\n', 'MalformedTrailerError'],
    ['a line without an end', 'a'.repeat(20_000), 'IncompleteBody'],
  ])('%s: refused', async (_title, text, code) => {
    await expect(decode(Buffer.from(text), [], true)).rejects.toMatchObject({ code });
  });

  it('without a trailer announced, has none', async () => {
    await expect(decode(Buffer.from('0\r\nx-a:1\r\n\r\n'), [], false)).rejects.toMatchObject({
      code: 'MalformedTrailerError',
    });
  });
});
