import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalStack, startLocalStack } from '../../infra/local/stack.ts';
import { type Notified, type ReplyServer, replyBytes, startReplyServer } from '../support/reply-server.ts';
import { UploadCheck } from '../support/upload-check.ts';
import { type Answer, beginUpload, createSession } from './raw-upload.ts';
import { destinationsFor, events, lambdas } from './reply-destinations.ts';
import { placesOf } from './stack.ts';

const file = randomBytes(300_000);
const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const sha256 = sha256Of(file);

describe('reply applications, against the local stack', () => {
  let app: ReplyServer;
  let stack: LocalStack;
  let check: UploadCheck;
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bits-s3-reply-'));
    app = await startReplyServer();
    const secret = join(folder, 'secret');
    await writeFile(secret, 'Bearer of-the-application\n');
    const destinationsFile = join(folder, 'destinations.yml');
    await writeFile(destinationsFile, destinationsFor(app.port, secret));
    stack = await startLocalStack({
      dataDir: join(folder, 'data'),
      destinationsFile,
      lambdas,
      logLevel: 'SILENT',
    });
    check = new UploadCheck(placesOf(stack));
  });
  afterAll(async () => {
    check.close();
    await stack.stop();
    await app.close();
    await rm(folder, { recursive: true, force: true });
  });

  const begin = (path: string) => beginUpload(`${stack.url}${path}`, file);

  const replyUrl = (ack: Answer): string => {
    expect(ack.status).toBe(200);
    expect(ack.header('BITS-Received-Content-Range')).toBe(`${file.byteLength}`);
    return ack.header('BITS-Reply-URL');
  };

  /** SHA-256 of the reply, as it lies where the URL leads to. */
  const replySha256 = (url: string) => {
    expect(url).toMatch(new RegExp(`^${stack.url}/bits-replies/[0-9A-F-]{36}/[0-9a-f]{32}$`));
    const [session, token] = url.split('/').slice(-2);
    return check.sha256Of(`replies/${session}/${token}`, stack.buckets.staging);
  };

  const notifiedOf = (session: string): readonly Notified[] =>
    app.notified.filter(({ headers }) => headers['bits-session-id'] === session);

  const expectFailure = (ack: Answer, status: number, error: string) => {
    expect(ack.status).toBe(status);
    expect(ack.header('BITS-Error')).toBe(error);
    expect(ack.header('BITS-Error-Code')).toBe(error);
    expect(ack.header('BITS-Error-Context')).toBe('0x7');
    expect(ack.header('BITS-Received-Content-Range')).toBe(`${file.byteLength}`);
    expect(ack.header('BITS-Reply-URL')).toBe('');
  };

  const removeObject = async (key: string) => {
    const { endpoint, region, credentials } = stack.s3;
    const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    await s3.send(new DeleteObjectCommand({ Bucket: stack.buckets.upload, Key: key }));
    s3.destroy();
  };

  /** After the end of a session nothing of it is anywhere; its object is, if it was to be published. */
  const close = async (upload: Awaited<ReturnType<typeof begin>>, key: string, isPublished: boolean) => {
    expect((await upload.end()).status).toBe(200);
    expect(await check.sha256Of(key)).toBe(isPublished ? sha256 : undefined);
    await removeObject(key);
    expect(await check.leftovers()).toEqual([]);
  };

  it.each(['ref', 'value'])(
    '%s: the file reaches the application, its reply the client, and a copy the destination',
    async (mode) => {
      const upload = await begin(`/${mode}/folder/a%20b.bin?copy&x=1%2F2`);
      const ack = await upload.last();
      expect(await replySha256(replyUrl(ack))).toBe(sha256Of(replyBytes(sha256, 100)));
      const again = await upload.last();
      expect(replyUrl(again)).toBe(replyUrl(ack));
      const [notified, ...more] = notifiedOf(upload.session);
      expect(more).toEqual([]);
      expect(notified).toMatchObject({ path: '/app?copy=&x=1%2F2', sha256 });
      expect(notified?.bodyBytes).toBe(mode === 'value' ? file.byteLength : 0);
      expect(notified?.headers).toMatchObject({
        'bits-original-request-url': `${stack.url}/${mode}/folder/a%20b.bin?copy=&x=1%2F2`,
        'bits-session-id': upload.session,
        'bits-principal': 'anonymous',
        'bits-original-name': 'a%20b.bin',
        'bits-upload-size': `${file.byteLength}`,
        'bits-maximum-reply-size': '6000000',
        'content-length': mode === 'value' ? `${file.byteLength}` : '0',
        authorization: 'Bearer of-the-application',
      });
      if (mode === 'ref') {
        expect(notified?.headers).toMatchObject({
          'bits-request-datafile-name': `s3://bits-staging/holding/${upload.session}`,
          'bits-response-datafile-name': expect.stringMatching(
            `^s3://bits-staging/replies/${upload.session}/[0-9a-f]{32}$`,
          ),
        });
      }
      await close(upload, 'folder/a b.bin', true);
    },
  );

  it.each([
    ['ref', 'do=nothing', 0],
    ['value', 'do=nothing', 0],
    ['ref', 'size=5000000', 5_000_000],
    ['value', 'size=5000000', 5_000_000],
  ])(
    '%s, %s: the whole reply, and nothing published without being asked for',
    async (mode, query, size) => {
      const upload = await begin(`/${mode}/sizes.bin?${query}`);
      const ack = await upload.last();
      expect(await replySha256(replyUrl(ack))).toBe(sha256Of(replyBytes(sha256, size)));
      await close(upload, 'sizes.bin', false);
    },
    30_000,
  );

  it.each(['ref', 'value'])(
    '%s: a reply that is too long is refused, and not kept',
    async (mode) => {
      const upload = await begin(`/${mode}/long.bin?size=6000001`);
      expectFailure(await upload.last(), 411, '0x80070057');
      expect((await upload.end('Cancel-Session')).status).toBe(200);
      expect(await check.leftovers()).toEqual([]);
    },
    30_000,
  );

  it.each(['ref', 'value'])('%s: a static URL is what the client gets', async (mode) => {
    const upload = await begin(`/${mode}/static.bin?do=static`);
    expect(replyUrl(await upload.last())).toBe('https://app.example.test/replies/1?a=b');
    await close(upload, 'static.bin', false);
  });

  it.each([
    ['ref', 'do=refuse', 403, '0x80190193', 1],
    ['value', 'do=early', 403, '0x80190193', 0],
    ['value', 'do=refuse&status=404', 404, '0x80190194', 1],
    ['ref', 'do=redirect', 411, '0x80070057', 1],
    ['ref', 'do=garbage', 411, '0x80070057', 1],
    ['value', 'do=garbage', 411, '0x80070057', 1],
    ['ref', 'do=upgrade', 411, '0x80070057', 1],
    ['value', 'do=upgrade', 411, '0x80070057', 1],
    ['ref', 'do=headers', 411, '0x80070057', 1],
  ])('%s, %s: final, remembered, and the application left in peace', async (...row) => {
    const [mode, query, status, error, times] = row;
    const upload = await begin(`/${mode}/final.bin?${query}`);
    expectFailure(await upload.last(), status, error);
    expectFailure(await upload.last(), status, error);
    expect(notifiedOf(upload.session)).toHaveLength(times);
    expect((await upload.end('Cancel-Session')).status).toBe(200);
    expect(await check.leftovers()).toEqual([]);
  });

  it.each([
    ['ref', 'do=refuse&status=500', 500, '0x801901F4'],
    ['value', 'do=refuse&status=503', 503, '0x801901F7'],
    ['ref', 'do=crash', 503, '0x801901F7'],
    ['value', 'do=crash', 503, '0x801901F7'],
    ['value', 'do=cut', 503, '0x801901F7'],
    ['ref', 'do=hang-up', 503, '0x801901F7'],
    ['slow', 'do=silence', 408, '0x80070112'],
  ])('%s, %s: passes, and the repeated fragment asks again', async (mode, query, status, error) => {
    const upload = await begin(`/${mode}/passing.bin?once&copy&${query}`);
    expectFailure(await upload.last(), status, error);
    const ack = await upload.last();
    expect(await replySha256(replyUrl(ack))).toBe(sha256Of(replyBytes(sha256, 100)));
    expect(notifiedOf(upload.session)).toHaveLength(2);
    await close(upload, 'passing.bin', true);
  });

  it('a session whose application would be at a host that the client made up is not begun', async () => {
    expect((await createSession(`${stack.url}/relative/never.bin`)).status).toBe(403);
  });

  it('a host on this machine that is not named is never called', async () => {
    const upload = await begin('/guarded/never.bin');
    expectFailure(await upload.last(), 503, '0x801901F7');
    expect(notifiedOf(upload.session)).toEqual([]);
    expect((await upload.end('Cancel-Session')).status).toBe(200);
  });

  describe('a function', () => {
    it('is told of the file, answers, and has it published', async () => {
      const upload = await begin('/lambda/answers/f.bin');
      const ack = await upload.last();
      expect(await replySha256(replyUrl(ack))).toBe(sha256Of(Buffer.from('Grüße')));
      expect(replyUrl(await upload.last())).toBe(replyUrl(ack));
      expect(events).toEqual([
        {
          version: 1,
          sessionId: upload.session,
          url: `${stack.url}/lambda/answers/f.bin`,
          destination: '/lambda/answers/',
          principal: 'anonymous',
          originalName: 'f.bin',
          upload: {
            bucket: 'bits-staging',
            key: `holding/${upload.session}`,
            size: file.byteLength,
            crc32: expect.stringMatching(/^[0-9a-f]{8}$/),
          },
          reply: {
            bucket: 'bits-staging',
            key: expect.stringMatching(`^replies/${upload.session}/[0-9a-f]{32}$`),
            maximumSize: 104_857_600,
            maximumInlineSize: 4_194_304,
          },
        },
      ]);
      await close(upload, 'f.bin', true);
    });

    it('replies with 4 MiB inline', async () => {
      const upload = await begin('/lambda/inline/f.bin');
      expect(await replySha256(replyUrl(await upload.last()))).toBe(sha256Of(Buffer.alloc(4 * 2 ** 20, 'i')));
      expect((await upload.end('Cancel-Session')).status).toBe(200);
      expect(await check.leftovers()).toEqual([]);
    });

    it.each([
      ['refuses', 403, '0x80190193'],
      ['garbage', 411, '0x80070057'],
      ['crashes', 503, '0x801901F7'],
      ['nobody', 503, '0x801901F7'],
    ])('%s', async (name, status, error) => {
      const upload = await begin(`/lambda/${name}/f.bin`);
      expectFailure(await upload.last(), status, error);
      expect((await upload.end('Cancel-Session')).status).toBe(200);
      expect(await check.leftovers()).toEqual([]);
    });
  });
});
