import {
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { behaviour, expectError } from './support/behaviour.ts';
import { bytesOf } from './support/bytes.ts';
import { type ServerUnderTest, sendRaw, startServer } from './support/server-under-test.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startServer();
});
afterAll(() => s3.stop());

const put = (Key: string) =>
  s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key, Body: Buffer.from(Key) }));
const list = (more: Partial<ListObjectsV2CommandInput>) =>
  s3.client.send(new ListObjectsV2Command({ Bucket: s3.bucket, ...more }));
const keysOf = ({ Contents = [] }: { Contents?: { Key?: string | undefined }[] | undefined }) =>
  Contents.map(({ Key }) => Key);

/** Every page, in order; each entry is a key or a common prefix. */
async function pages(more: Partial<ListObjectsV2CommandInput>): Promise<string[][]> {
  const all: string[][] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await list({ ...more, ContinuationToken });
    const keys = (page.Contents ?? []).map(({ Key }) => Key ?? '');
    const prefixes = (page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? '');
    expect(page.KeyCount).toBe(keys.length + prefixes.length);
    expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined);
    all.push([...keys, ...prefixes].sort());
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return all;
}

describe('keys', () => {
  const odd = [
    'plain',
    'a',
    'a/b',
    'a/b/',
    'a//b',
    '/leading slash',
    'trailing/',
    ' spaces around ',
    'percent%41',
    'percent%2Fslash',
    'plus+plus',
    'question?mark=1&x',
    'hash#tag',
    'semi;colon:comma,',
    'quotes\'and"',
    'tilde~!*()@$=',
    'brackets[]{}|\\^`',
    '<xml>&amp;</xml>',
    'ümläut é',
    '日本語/ファイル.txt',
    'emoji 😀',
    'tab\tkey',
    'line\nfeed',
    'carriage\rreturn',
    'dots.../..a/b..',
    'COM1.txt',
    'k'.repeat(1024),
    'ü'.repeat(512),
    `${'deep/'.repeat(200)}end`,
  ];
  for (const key of odd) {
    const title =
      key.length > 40 ? `${key.slice(0, 20)}… (${Buffer.byteLength(key)} bytes)` : JSON.stringify(key);
    behaviour(`${title} is stored, read and listed`, async () => {
      await put(key);
      const answer = await s3.client.send(new GetObjectCommand({ Bucket: s3.bucket, Key: key }));
      expect((await bytesOf(answer)).toString()).toBe(key);
      expect(keysOf(await list({ Prefix: key, MaxKeys: 1 }))).toEqual([key]);
    });
  }

  behaviour('none of them has taken the place of another', async () => {
    for (const key of odd) await put(key);
    for (const key of odd) {
      const answer = await s3.client.send(new GetObjectCommand({ Bucket: s3.bucket, Key: key }));
      expect((await bytesOf(answer)).toString()).toBe(key);
    }
    expect(new Set(keysOf(await list({})))).toEqual(new Set(odd));
  });

  behaviour('1,025 bytes are KeyTooLongError', async () => {
    await expectError(put('k'.repeat(1025)), 'KeyTooLongError', 400);
    await expectError(put(`${'ü'.repeat(512)}k`), 'KeyTooLongError', 400);
  });

  behaviour('bytes that are no UTF-8 are refused', async () => {
    const headers = { host: s3.endpoint.host };
    const answer = await sendRaw(s3.endpoint, { method: 'GET', path: `/${s3.bucket}/%FF`, headers });
    expect([answer.status, answer.code]).toEqual([400, 'InvalidURI']);
  });
});

describe('ListObjectsV2', () => {
  const names = ['one', 'p/1', 'p/2', 'p/3/a', 'p/3/b', 'p/4', 'p0', 'q/1/x', 'q/1/y', 'q/2/z', 'zebra'];
  beforeAll(async () => {
    await Promise.all(names.map((name) => put(`list/${name}`)));
  });
  const under = (entries: readonly string[]) => entries.map((entry) => entry.replace(/^list\//, ''));

  const table: readonly (readonly [string, Partial<ListObjectsV2CommandInput>, string[]])[] = [
    ['all of a prefix', { Prefix: 'list/' }, names],
    ['a prefix inside a name', { Prefix: 'list/p' }, ['p/1', 'p/2', 'p/3/a', 'p/3/b', 'p/4', 'p0']],
    ['a prefix of nothing', { Prefix: 'list/nothing' }, []],
    ['a delimiter folds', { Prefix: 'list/', Delimiter: '/' }, ['one', 'p/', 'p0', 'q/', 'zebra']],
    ['a delimiter below', { Prefix: 'list/p/', Delimiter: '/' }, ['p/1', 'p/2', 'p/3/', 'p/4']],
    [
      'a delimiter of two characters',
      { Prefix: 'list/', Delimiter: '/3' },
      names.toSpliced(3, 2, 'p/3').sort(),
    ],
    ['start after a key', { Prefix: 'list/', StartAfter: 'list/p/4' }, names.slice(6)],
    ['start after no key', { Prefix: 'list/', StartAfter: 'list/p/3/aa' }, names.slice(4)],
    ['start after everything', { Prefix: 'list/', StartAfter: 'list/~' }, []],
  ];
  for (const [title, input, expected] of table) {
    behaviour(`${title}, on one page and on pages of every size`, async () => {
      const whole = (await pages(input)).flat();
      expect(under(whole).sort()).toEqual([...expected].sort());
      for (let MaxKeys = 1; MaxKeys <= expected.length; MaxKeys++) {
        const paged = await pages({ ...input, MaxKeys });
        expect(paged.flat().sort()).toEqual(whole.sort());
        for (const page of paged.slice(0, -1)) expect(page).toHaveLength(MaxKeys);
      }
    });
  }

  behaviour('keys come in the order of their UTF-8 bytes', async () => {
    const ordered = [
      'order/A',
      'order/Z',
      'order/a',
      'order/~',
      'order/é',
      'order/日',
      'order/\uffed',
      'order/😀',
    ];
    await Promise.all([...ordered].reverse().map(put));
    expect(keysOf(await list({ Prefix: 'order/' }))).toEqual(ordered);
    const behind = await list({ Prefix: 'order/', StartAfter: 'order/\uffed' });
    expect(keysOf(behind)).toEqual(['order/😀']);
  });

  behaviour('an entry says size, ETag, date and storage class', async () => {
    const { ETag } = await put('entry');
    const { Contents } = await list({ Prefix: 'entry' });
    expect(Contents).toMatchObject([{ Key: 'entry', Size: 5, ETag, StorageClass: 'STANDARD' }]);
    expect(Contents?.[0]?.LastModified).toBeInstanceOf(Date);
  });

  behaviour('no keys are asked for, none come', async () => {
    expect(await list({ MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false });
  });

  behaviour('a continuation token that is none is refused', async () => {
    await expectError(list({ ContinuationToken: 'not a token!' }), 'InvalidArgument', 400);
  });

  behaviour('encoding-type=url encodes what XML could not carry', async () => {
    await put('encoded/ü b+c');
    const answer = await list({ Prefix: 'encoded/', EncodingType: 'url' });
    expect(answer.EncodingType).toBe('url');
    expect(keysOf(answer).map((key) => decodeURIComponent((key ?? '').replaceAll('+', ' ')))).toEqual([
      'encoded/ü b+c',
    ]);
  });

  behaviour('the old ListObjects pages by marker', async () => {
    const seen: string[] = [];
    let Marker: string | undefined;
    do {
      const page = await s3.client.send(
        new ListObjectsCommand({ Bucket: s3.bucket, Prefix: 'list/', Delimiter: '/', MaxKeys: 2, Marker }),
      );
      seen.push(...keysOf(page).map((key) => key ?? ''));
      seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''));
      Marker = page.IsTruncated ? page.NextMarker : undefined;
    } while (Marker !== undefined);
    expect(under(seen).sort()).toEqual(['one', 'p/', 'p0', 'q/', 'zebra']);
  });
});

behaviour('ListBuckets names the bucket', async () => {
  const { Buckets = [] } = await s3.client.send(new ListBucketsCommand({}));
  expect(Buckets.map(({ Name }) => Name)).toContain(s3.bucket);
});
