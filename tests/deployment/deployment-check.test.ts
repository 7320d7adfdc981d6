import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useLocalStack } from '../e2e/stack.ts';
import type { Subject } from './check.ts';
import type { FunctionLogs, LogLine } from './function-logs.ts';
import { removeUploads } from './remove-uploads.ts';
import { resultText, summaryText } from './report.ts';
import { allChecks, runChecks } from './run.ts';
import { Stores } from './stores.ts';

const running = useLocalStack({
  destinationsFile: fileURLToPath(new URL('./destinations.yml', import.meta.url)),
});

/** The stores of the local stack, with some of what they say changed. */
const storesWith = (changes: Partial<Pick<Stores, 'sha256Of' | 'checksumOf'>> = {}): Stores => {
  const { dynamodb, s3 } = running().stack;
  const common = { region: s3.region, credentials: s3.credentials };
  return Object.assign(
    new Stores(
      new S3Client({ ...common, endpoint: s3.endpoint, forcePathStyle: true }),
      new DynamoDBClient({ ...common, endpoint: dynamodb.endpoint }),
      dynamodb.table,
    ),
    changes,
  );
};

const subjectWith = (changes: Partial<Subject> = {}): Subject => ({
  url: new URL('/uploads/', running().stack.url),
  credentials: undefined,
  stores: storesWith(),
  logs: undefined,
  runId: 'test',
  startedAtMs: 0,
  ...changes,
});

const run = async (id: string, changes: Partial<Subject> = {}) => {
  const [result, ...others] = await runChecks(
    subjectWith({ runId: `${Math.random()}`.slice(2, 10), ...changes }),
    allChecks.filter((check) => check.id === id),
  );
  if (result === undefined || others.length > 0) throw new RangeError(`no check is called ${id}`);
  return result;
};

/** Logs that have the lines of every session at once, and these. */
const logsWith = (...lines: readonly LogLine[]): FunctionLogs => ({
  since: async () => {
    const items = await running().check.items();
    const closes = items.map((item) => ({
      functionName: 'closeSession',
      text: `{"level":"INFO","type":"Close-Session","session":"${item['sessionId']?.S}"}`,
    }));
    return [...closes, ...lines];
  },
  close: () => {},
});

describe('against a stack that does what AWS is believed to do', () => {
  it.each(['whole-file', 'whole-checksum', 'one-name', 'one-megabyte', 'too-large'])(
    '%s holds',
    async (id) => {
      expect(await run(id)).toMatchObject({ verdict: 'holds' });
    },
  );

  it.each(['permissions', 'cold-starts', 'fragment-time'])(
    '%s is open where nobody keeps logs',
    async (id) => {
      expect(await run(id)).toMatchObject({ verdict: 'open' });
    },
  );

  it('deletes what a run has uploaded, and nothing else', async () => {
    const subject = subjectWith({ runId: 'mine' });
    const other = subjectWith({ runId: 'other' });
    const oneName = allChecks.filter(({ id }) => id === 'one-name');
    await runChecks(other, oneName);
    await runChecks(subject, oneName);
    expect(await removeUploads(subject)).toBeUndefined();
    const place = { bucket: running().stack.buckets.upload, key: 'deployment-check-mine-' };
    expect(await subject.stores.remove(place)).toBe(0);
    expect(await subject.stores.remove({ ...place, key: 'deployment-check-other-' })).toBe(1);
  });
});

describe('against what is not as believed', () => {
  let port = 0;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
  });
  beforeAll(
    () =>
      new Promise<void>((resolve) =>
        server.listen(0, '127.0.0.1', () => {
          const address = server.address();
          port = typeof address === 'object' ? (address?.port ?? 0) : 0;
          resolve();
        }),
      ),
  );
  afterAll(() => server.close());
  const elsewhere = () => ({ url: new URL(`http://127.0.0.1:${port}/uploads/`) });

  it('an object of other bytes', async () => {
    const result = await run('whole-file', { stores: storesWith({ sha256Of: async () => 'abc' }) });
    expect(result).toMatchObject({
      verdict: 'fails',
      evidence: expect.stringContaining('became abc at s3://'),
    });
  });

  it.each([
    { type: 'COMPOSITE', crc32: 'AAAAAA==-2' },
    { type: 'FULL_OBJECT', crc32: 'AAAAAA==' },
    { type: undefined, crc32: undefined },
  ])('a checksum $crc32 of type $type', async (checksum) => {
    const result = await run('whole-checksum', { stores: storesWith({ checksumOf: async () => checksum }) });
    expect(result.verdict).toBe('fails');
  });

  it('several successes for one name', async () => {
    const result = await run('one-name', { url: new URL('/replaced/', running().stack.url) });
    expect(result).toMatchObject({ verdict: 'fails', evidence: '4 of 4 were told success' });
  });

  it('the wrong winner', async () => {
    const result = await run('one-name', { stores: storesWith({ sha256Of: async () => 'abc' }) });
    expect(result.verdict).toBe('fails');
  });

  it.each(['one-megabyte', 'too-large'])('%s: something else answers', async (id) => {
    const result = await run(id, elsewhere());
    expect(result).toMatchObject({
      verdict: 'fails',
      evidence: expect.stringContaining('404 of what stands before it'),
    });
  });

  it('conformance: something else answers', async () => {
    const result = await run('conformance', elsewhere());
    expect(result).toMatchObject({
      verdict: 'fails',
      evidence: expect.stringMatching(/^not even a simple upload: ./),
    });
  });

  it('permissions: a refusal in the log', async () => {
    const refused = {
      functionName: 'fragment',
      text: '{"level":"ERROR","message":"fault","error":{"name":"AccessDenied","message":"s3:PutObject"}}',
    };
    expect(await run('permissions', { logs: logsWith(refused) })).toMatchObject({
      verdict: 'fails',
      evidence: expect.stringMatching(/^1 refusals, 0 other errors; fragment: .*AccessDenied/),
    });
    expect(await run('permissions', { logs: logsWith() })).toMatchObject({ verdict: 'holds' });
  });

  const start = (functionName: string, ms: number): LogLine => ({
    functionName,
    text: `REPORT RequestId: 1\tDuration: 9.10 ms\tMax Memory Used: 90 MB\tInit Duration: ${ms} ms`,
  });

  it('cold-starts: one that is felt', async () => {
    const slowPing = { logs: logsWith(start('fragment', 1_400.5), start('ping', 1_100)) };
    const fast = { logs: logsWith(start('fragment', 1_400.5), start('ping', 200)) };
    expect(await run('cold-starts', slowPing)).toMatchObject({ verdict: 'fails' });
    expect(await run('cold-starts', fast)).toMatchObject({
      verdict: 'holds',
      evidence: 'fragment 1401 ms, ping 200 ms',
    });
    expect(await run('cold-starts', { logs: logsWith() })).toMatchObject({ verdict: 'open' });
  });

  const fragment = (durationMs: number, length = '1000000'): LogLine => ({
    functionName: 'fragment',
    text: JSON.stringify({ type: 'Fragment', length, status: 200, durationMs }),
  });

  it('fragment-time: most of them slow', async () => {
    const slow = { logs: logsWith(fragment(100), fragment(900), fragment(901.5)) };
    const fast = { logs: logsWith(fragment(100), fragment(101), fragment(901.5), fragment(9_000, '99')) };
    expect(await run('fragment-time', slow)).toMatchObject({ verdict: 'fails' });
    expect(await run('fragment-time', fast)).toMatchObject({
      verdict: 'holds',
      evidence: 'median 101 ms of 3, longest 902 ms',
    });
    expect(await run('fragment-time', { logs: logsWith() })).toMatchObject({ verdict: 'open' });
  });
});

it('reports for people: what was believed, what was seen, and how many hold', () => {
  const results = (['holds', 'fails', 'open'] as const).map((verdict) => ({
    id: 'a-check',
    assumption: 'it is so',
    verdict,
    evidence: 'seen',
  }));
  expect(results.map(resultText).join('\n')).toMatchInlineSnapshot(`
    "ok   a-check: it is so
           seen
    FAIL a-check: it is so
           seen
    -    a-check: it is so
           seen"
  `);
  expect(summaryText(results)).toBe('1 hold, 1 do not, 1 could not be looked at');
});
