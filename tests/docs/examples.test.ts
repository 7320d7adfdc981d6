import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalStack, startLocalStack } from '../../infra/local/stack.ts';
import { placesOf } from '../e2e/stack.ts';
import { BitsUpload, bufferSource } from '../support/bits-client/index.ts';
import { UploadCheck } from '../support/upload-check.ts';

const docs = new URL('../../docs/', import.meta.url);
const page = await readFile(new URL('reply-example.md', docs), 'utf8');
const fileOf = (name: string): string => fileURLToPath(new URL(`examples/${name}/index.mjs`, docs));

/** The destination as the page has it. */
const destination = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';

const csv = Buffer.from('id,name\n1,Ärger\n2,Öl\n3,the last line has no end');
const answer = (name: string, bytes: Buffer, lines: number) => ({
  name,
  size: bytes.byteLength,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  lines,
});

describe('docs/reply-example.md', () => {
  const environment = { ...process.env };
  let folder = '';
  let stack: LocalStack;
  let check: UploadCheck;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bits-s3-examples-'));
    const destinationsFile = join(folder, 'destinations.yml');
    await writeFile(destinationsFile, `destinations:\n${destination}`);
    const lambdaFiles = `bits-checksum=${fileOf('reply-checksum')}`;
    stack = await startLocalStack({ dataDir: join(folder, 'data'), destinationsFile, lambdaFiles });
    check = new UploadCheck(placesOf(stack));
  });

  afterAll(async () => {
    check.close();
    await stack.stop();
    process.env = environment;
    await rm(folder, { recursive: true });
  });

  const upload = async (bytes: Buffer, name: string) => {
    const url = new URL(`/checksums/${name}`, stack.url);
    const job = new BitsUpload({ url: url.href, source: bufferSource(bytes), reply: { head: true } });
    const { reply } = await job.run();
    return JSON.parse(Buffer.from(reply ?? []).toString());
  };

  it('answers with checksum and number of lines, and publishes the file', async () => {
    expect(await upload(csv, 'report.csv')).toEqual(answer('report.csv', csv, 4));
    expect(await check.sha256Of('report.csv')).toBe(answer('report.csv', csv, 4).sha256);
  });

  it.each([
    ['empty.csv', Buffer.alloc(0), 0],
    ['end.csv', Buffer.from('\n'), 1],
    ['no-end.csv', Buffer.from('x'), 1],
    ['long.csv', Buffer.from('line\r\n'.repeat(200_000)), 200_000],
  ])('counts the lines of %s', async (name, bytes, lines) => {
    expect(await upload(bytes, name)).toEqual(answer(name, bytes, lines));
  });

  it('is told of what was published, and leaves nothing behind', async () => {
    const lines = (await readFile(join(stack.dataDir, 'events.jsonl'), 'utf8')).trimEnd().split('\n');
    const published = lines.filter((line) => line.includes('"detail-type":"Upload Published"'));
    expect(published).toHaveLength(5);
    const loaded: unknown = await import(fileOf('on-published'));
    const found: unknown = await Object(loaded).handler(JSON.parse(published[0] ?? ''));
    expect(found).toMatchObject({
      object: `s3://${stack.buckets.upload}/report.csv`,
      size: csv.byteLength,
      name: 'report.csv',
      isThatFile: true,
    });
    expect(await check.leftovers()).toEqual([]);
  });
});
