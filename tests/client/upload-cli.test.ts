import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Header, headerValue } from '../support/http/message.ts';
import { parseUploadCommand, UsageError } from '../support/upload-cli/arguments.ts';
import { runUpload } from '../support/upload-cli/run-upload.ts';
import { CREDENTIALS, type FakeServer, type FakeServerOptions, startFakeServer } from './fake-server.ts';
import { answer } from './harness.ts';

const CONTENT = Buffer.from('a file of a few kilobytes\n'.repeat(1_000));
let folder = '';
let file = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bits-upload-'));
  file = join(folder, 'my file.bin');
  await writeFile(file, CONTENT);
});
afterAll(() => rm(folder, { recursive: true }));

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
async function start(options: FakeServerOptions = {}): Promise<FakeServer> {
  server = await startFakeServer(options);
  return server;
}
const at = (path: string) => new URL(path, server?.url).href;

describe('the command line', () => {
  test('a folder URL gets the name of the file', () => {
    const command = parseUploadCommand(['/tmp/my file#1.bin', 'http://h/uploads/']);
    expect(command.url.href).toBe('http://h/uploads/my%20file%231.bin');
    expect(command).toMatchObject({
      fragmentSizeBytes: 1_000_000,
      retryDelayMs: 1_000,
      giveUpAfterMs: 600_000,
    });
  });

  test('options', () => {
    const options = ['--fragment-size', '5_120', '--retry-delay', '0.05', '--give-up-after', '3'];
    const access = ['--user', 'u', '--password', 'p', '--header', 'X-Token: a b'];
    expect(parseUploadCommand(['f', 'https://h/x', '--json', ...options, ...access])).toMatchObject({
      fragmentSizeBytes: 5_120,
      retryDelayMs: 50,
      giveUpAfterMs: 3_000,
      credentials: { user: 'u', password: 'p' },
      headers: [['X-Token', 'a b']],
      isJson: true,
    });
  });

  test.each([
    ['nothing', []],
    ['no URL', ['f']],
    ['too much', ['f', 'http://h/x', 'y']],
    ['no URL at all', ['f', 'nonsense']],
    ['another scheme', ['f', 'ftp://h/x']],
    ['credentials in the URL', ['f', 'http://u:p@h/x']],
    ['an unknown option', ['f', 'http://h/x', '--speed']],
    ['half of the credentials', ['f', 'http://h/x', '--user', 'u']],
    ['a fragment below the bounds', ['f', 'http://h/x', '--fragment-size', '100']],
    ['a fragment that is no number', ['f', 'http://h/x', '--fragment-size', 'big']],
    ['a delay that is no number', ['f', 'http://h/x', '--retry-delay', 'soon']],
    ['a header that is none', ['f', 'http://h/x', '--header', 'x']],
  ])('%s is refused', (_, args) => {
    expect(() => parseUploadCommand(args)).toThrow(UsageError);
  });
});

describe('runUpload', () => {
  const command = (path: string, ...more: string[]) =>
    parseUploadCommand([file, at(path), '--retry-delay', '0.01', '--fragment-size', '5120', ...more]);

  test('tells where the object is, its size and its CRC32', async () => {
    const { objects } = await start();
    const sum = crc32(CONTENT).toString(16).padStart(8, '0');
    expect(await runUpload(command('/uploads/'))).toMatchObject({
      isUploaded: true,
      url: at('/uploads/my%20file.bin'),
      sizeBytes: CONTENT.length,
      crc32: sum,
      crc32Base64: Buffer.from(sum, 'hex').toString('base64'),
      sessions: 1,
      retries: 0,
    });
    expect(objects.get('/uploads/my file.bin')?.equals(CONTENT)).toBe(true);
  });

  test('goes on from the acknowledged offset after the server was away', async () => {
    let seen = 0;
    const { requests } = await start({ intercept: () => (++seen > 3 && seen <= 6 ? 'cut' : undefined) });
    const outcome = runUpload(command('/uploads/x.bin'));
    expect(await outcome).toMatchObject({ isUploaded: true, sessions: 1, retries: 3 });
    const ranges = requests.flatMap(({ headers }) => headerValue(headers, 'Content-Range') ?? []);
    expect(ranges.filter((range) => range.startsWith('bytes 0-'))).toHaveLength(1);
  });

  test('sends credentials and headers', async () => {
    const { requests } = await start();
    const { password, user } = CREDENTIALS;
    const more = ['--user', user, '--password', password, '--header', 'X-Token: t'];
    expect(await runUpload(command('/private/x.bin', ...more))).toMatchObject({ isUploaded: true });
    expect(requests.every(({ headers }) => headerValue(headers, 'X-Token') === 't')).toBe(true);
  });

  test.each([
    ['a taken name', '/uploads/taken.bin', 1, 'E_ACCESSDENIED', 'taken'],
    ['a closed destination', '/disabled/x.bin', 1, 'E_ACCESSDENIED', 'no destination'],
    ['missing credentials', '/private/x.bin', 1, 'BG_E_HTTP_ERROR_401', '--user'],
    ['a file too large', '/small/x.bin', 1, 'BG_E_TOO_LARGE', 'larger'],
  ])('%s', async (_, path, exitCode, code, hint) => {
    const { objects } = await start({
      destinations: [
        { prefix: '/uploads/' },
        { prefix: '/disabled/', isDisabled: true },
        { prefix: '/private/', credentials: CREDENTIALS },
        { prefix: '/small/', maxUploadSizeBytes: 1_000 },
      ],
    });
    objects.set('/uploads/taken.bin', Buffer.alloc(0));
    const outcome = await runUpload(command(path));
    expect(outcome).toMatchObject({
      isUploaded: false,
      exitCode,
      code,
      message: expect.stringContaining(hint),
    });
  });

  test('a file that is not there', async () => {
    const missing = parseUploadCommand([join(folder, 'nothing'), 'http://127.0.0.1:1/x']);
    expect(await runUpload(missing)).toMatchObject({ exitCode: 3, code: 'ENOENT' });
  });

  test('a server that never answers properly', async () => {
    await start({ intercept: () => answer(503) });
    const outcome = await runUpload(command('/uploads/x.bin', '--give-up-after', '0.05'));
    expect(outcome).toMatchObject({ exitCode: 4, code: 'BG_E_NO_PROGRESS' });
  });

  test('an interruption cancels the session', async () => {
    const { requests } = await start();
    const abort = new AbortController();
    const outcome = await runUpload(command('/uploads/x.bin'), {
      signal: abort.signal,
      onEvent: (event) => event.kind === 'progress' && abort.abort(),
    });
    expect(outcome).toMatchObject({ exitCode: 130, code: 'SUSPENDED' });
    expect(headerValue(requests.at(-1)?.headers ?? [], 'BITS-Packet-Type')).toBe('Cancel-Session');
  });
});

describe('npm run upload', () => {
  const script = fileURLToPath(new URL('../support/upload.ts', import.meta.url));
  interface Ended {
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }
  const run = (...args: string[]) => runWatched(args, () => undefined);
  const runWatched = (args: readonly string[], onStderr: (child: ChildProcess) => void) =>
    new Promise<Ended>((resolve, reject) => {
      const child = spawn(process.execPath, ['--import', 'tsx', script, ...args]);
      const output = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk) => {
        output.stdout += String(chunk);
      });
      child.stderr.on('data', (chunk) => {
        output.stderr += String(chunk);
        onStderr(child);
      });
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, ...output }));
    });

  test('prints what became of the file', async () => {
    await start();
    const { code, stdout } = await run(file, at('/uploads/x.bin'));
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^Uploaded http.*\n {2}size {3}26000 bytes/),
    });
  });

  test('printed the ticket of its URL, for whoever reads the log', async () => {
    const { requests } = await start();
    const first = await run(file, at('/uploads/x.bin?a=%20b&ticket=SECRET'));
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('/uploads/x.bin?a=%20b\n') });
    const second = await run(file, at('/uploads/y.bin?TICKET=SECRET'), '--json');
    expect(JSON.parse(second.stdout)).toMatchObject({ url: at('/uploads/y.bin') });
    const third = await run(file, 'htp://h/x?ticket=SECRET');
    expect(third).toMatchObject({ code: 2, stderr: expect.stringContaining('htp://h/x?…') });
    const printed = [first, second, third].map(({ stdout, stderr }) => stdout + stderr).join('');
    expect(printed).not.toContain('SECRET');
    expect(requests.every(({ target }) => target.endsWith('=SECRET'))).toBe(true);
  });

  test('prints one line of JSON, on success and on failure', async () => {
    await start();
    const first = await run(file, at('/uploads/x.bin'), '--json');
    expect(JSON.parse(first.stdout)).toMatchObject({ file, isUploaded: true, sizeBytes: CONTENT.length });
    const second = await run(file, at('/uploads/x.bin'), '--json');
    expect(second.code).toBe(1);
    expect(JSON.parse(second.stdout)).toMatchObject({
      isUploaded: false,
      code: 'E_ACCESSDENIED',
      status: 403,
    });
  });

  test('Ctrl-C cancels the session', async () => {
    const isFragment = (headers: readonly Header[]) =>
      headerValue(headers, 'BITS-Packet-Type') === 'Fragment';
    const { requests } = await start({
      intercept: ({ headers }) => (isFragment(headers) ? answer(503) : undefined),
    });
    const args = [file, at('/uploads/x.bin'), '--retry-delay', '3600'];
    // Its first words on standard error are that it waits for the server: then it is in the middle of the upload.
    const { code, stderr } = await runWatched(args, (child) => child.kill('SIGINT'));
    expect(code).toBe(130);
    expect(stderr).toContain('the session was cancelled');
    expect(headerValue(requests.at(-1)?.headers ?? [], 'BITS-Packet-Type')).toBe('Cancel-Session');
  });

  test('explains a command line that makes no sense', async () => {
    const { code, stderr, stdout } = await run(file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^where to\?.*\n\nUsage:/);
  });
});
