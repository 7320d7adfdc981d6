import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startFrontDoor } from '../../infra/local/alb/front-door.ts';
import { bitsPost, ECHO_RULES, openDoor } from './door-harness.ts';
import { RawClient } from './raw-client.ts';

/** Pieces that parsers disagree about, mixed with harmless ones and with noise. */
const PIECES = [
  'BITS_POST /u HTTP/1.1\r\n',
  'GET / HTTP/1.0\r\n',
  'POST http://h/ HTTP/1.1\r\n',
  'Host: h\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'Content-Length : 5\r\n',
  'Content-Length:\t5 \r\n',
  'Content-Length: 5, 5\r\n',
  'Content-Length: +5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: xchunked\r\n',
  'Transfer-Encoding : chunked\r\n',
  'Transfer-Encoding:\x0bchunked\r\n',
  'Transfer-Encoding\r\n : chunked\r\n',
  'X: a\n',
  'X: a\r',
  'X: \0\r\n',
  ' folded\r\n',
  'Expect: 100-continue\r\n',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  '\r\n',
  '\n',
  '\r\n\r\n',
  '5\r\nhello\r\n',
  '5;x=y\r\nhello\r\n',
  '0\r\n\r\n',
  'ffffffffff\r\n',
  '-1\r\n',
  'hello',
  '\xff\xfe\0',
];
const streams = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...PIECES) },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    },
  ),
  { minLength: 1, maxLength: 14 },
);

test('whatever is sent: every answer is well-formed, the connection ends, and the door still serves', async () => {
  const { door, open } = await openDoor({ limits: { lingerTimeoutMs: 2000 } });
  await fc.assert(
    fc.asyncProperty(streams, async (pieces) => {
      const client = await RawClient.open(door.port);
      client.send(pieces.join(''));
      client.socket.end();
      for (;;) {
        const answer = await client.response();
        if (answer === undefined) break;
        expect([100, 200, 400, 405, 413, 501, 505]).toContain(answer.status);
      }
      // Nothing but whole answers came.
      expect(await client.rest()).toBe('');
      await client.closed;
    }),
    { numRuns: 400 },
  );
  expect(await (await open()).request(bitsPost([], 'ok'))).toMatchObject({ status: 200 });
});

test('bytes of a body are never taken as a request, however the stream is cut up', async () => {
  const paths: string[] = [];
  const bodies: string[] = [];
  const door = await startFrontDoor({
    host: '127.0.0.1',
    port: 0,
    rules: ECHO_RULES,
    invoke: async (_, event) => {
      paths.push(event.path);
      bodies.push(Buffer.from(event.body, 'base64').toString('latin1'));
      return { statusCode: 200 };
    },
  });
  const body = fc.oneof(
    fc.constantFrom(...PIECES),
    streams.map((pieces) => pieces.join('')),
  );
  const request = fc.record({ body, chunked: fc.boolean(), cuts: fc.array(fc.nat(), { maxLength: 4 }) });
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat()),
        async (requests, cuts) => {
          paths.length = 0;
          bodies.length = 0;
          const stream = requests
            .map((each, index) => encode(each.body, each.chunked, each.cuts, index))
            .join('');
          const client = await RawClient.open(door.port);
          for (const piece of cutUp(stream, cuts)) {
            client.send(piece);
            await new Promise((resolve) => setImmediate(resolve));
          }
          for (const _ of requests) expect(await client.response()).toMatchObject({ status: 200 });
          client.close();
          expect(paths).toEqual(requests.map((_, index) => `/${index}`));
          expect(bodies).toEqual(requests.map((each) => each.body));
        },
      ),
      { numRuns: 150 },
    );
  } finally {
    await door.close({ graceMs: 0 });
  }
});

function encode(body: string, chunked: boolean, cuts: readonly number[], index: number): string {
  const start = `BITS_POST /${index} HTTP/1.1\r\nHost: h\r\n`;
  if (!chunked) return `${start}Content-Length: ${body.length}\r\n\r\n${body}`;
  const chunks = cutUp(body, cuts).map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
  return `${start}Transfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`;
}

function cutUp(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].toSorted((a, b) => a - b);
  return places
    .slice(1)
    .map((place, index) => text.slice(places[index], place))
    .filter((piece) => piece !== '');
}
