import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { parseCommand, UsageError } from '../conformance/arguments.ts';
import { runConformance } from '../conformance/run.ts';
import { type FakeServer, type FakeServerOptions, startFakeServer } from './fake-server.ts';

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
async function start(options: FakeServerOptions = {}): Promise<URL> {
  server = await startFakeServer(options);
  return new URL('/uploads/', server.url);
}

describe('the command line', () => {
  test('options', () => {
    const { isJson, options } = parseCommand([
      'http://h/in/',
      ...['--overwrite-url', 'http://h/over/', '--user', 'u', '--password', 'p'],
      ...['--fragment-limit', '16', '--session-timeout', '5', '--only', 'x1', '--only', 'x3', '--json'],
    ]);
    expect(isJson).toBe(true);
    expect(options).toMatchObject({
      url: new URL('http://h/in/'),
      overwriteUrl: new URL('http://h/over/'),
      credentials: { user: 'u', password: 'p' },
      fragmentLimitBytes: 16,
      sessionTimeoutMs: 5_000,
      only: ['x1', 'x3'],
      isHeaderCaseExact: true,
    });
  });

  test.each([
    ['no URL', []],
    ['two URLs', ['http://h/', 'http://h/']],
    ['no URL at all', ['uploads']],
    ['another scheme', ['ftp://h/']],
    ['a URL that is no prefix', ['http://h/file']],
    ['a number that is none', ['http://h/', '--max-size', '1GB']],
    ['half of the credentials', ['http://h/', '--password', 'p']],
    ['an unknown option', ['http://h/', '--fast']],
  ])('%s is refused', (_, args) => {
    expect(() => parseCommand(args)).toThrow(UsageError);
  });
});

describe('runConformance', () => {
  test('wants every URL at one host', async () => {
    const url = await start();
    await expect(runConformance({ url, replyUrl: new URL('http://elsewhere/') })).rejects.toThrow(RangeError);
    await expect(runConformance({ url: new URL('file', url) })).rejects.toThrow(RangeError);
  });

  test('says what a case needs', async () => {
    const report = await runConformance({
      url: await start(),
      only: ['k3-overwrite', 'expired-fragment', 'c2-ping'],
    });
    expect(report.cases.map(({ id, outcome, reason }) => [id, outcome, reason])).toEqual([
      ['c2-ping', 'not-run', expect.stringContaining('needs --user and --password')],
      ['k3-overwrite', 'not-run', 'needs --overwrite-url'],
      ['expired-fragment', 'not-run', expect.stringContaining('needs --session-timeout')],
    ]);
  });

  test('leaves no session behind', async () => {
    const url = await start();
    await runConformance({ url, isQuick: true, only: ['f1-', 'f-', 'close', 'cancel', 'k1', 'c7'] });
    const report = await runConformance({ url, sessionQuota: 8, only: ['k4-quota'] });
    expect(report.cases.map(({ outcome, reason }) => [outcome, reason])).toEqual([['passed', undefined]]);
  });
});

describe('npm run conformance', () => {
  const script = fileURLToPath(new URL('../conformance/main.ts', import.meta.url));
  const run = (...args: string[]) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
      const child = spawn(process.execPath, ['--import', 'tsx', script, ...args]);
      const output = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk) => {
        output.stdout += String(chunk);
      });
      child.stderr.on('data', (chunk) => {
        output.stderr += String(chunk);
      });
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, ...output }));
    });

  test('prints a line per case with its section, and exits 0', async () => {
    const { code, stdout } = await run((await start()).href, '--only', 'x1-replay', '--only', 'k3-overwrite');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok {3}x1-replay {2}\[15 X1\] worked exchange X1/m);
    expect(stdout).toMatch(/^- {4}k3-overwrite .*\n {7}not run: needs --overwrite-url$/m);
    expect(stdout).toMatch(/1 passed, 0 failed, 1 not run/);
  });

  test('shows what went over the wire of a failure, and exits 1', async () => {
    const url = await start({ defects: ['gap-accepted'] });
    const { code, stdout } = await run(url.href, '--only', 'f8-fresh-session', '--only', 'ping-plain');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^FAIL f8-fresh-session .*\n {7}FRAGMENT 1-12\/99: status: expected 416, got 200/m,
    );
    expect(stdout).toMatch(/^ {7}\| > BITS_POST .*Content-Range: bytes 1-12\/99/m);
    expect(stdout).toMatch(/1 passed, 1 failed/);
  });

  test('prints the report as JSON', async () => {
    const { code, stdout } = await run((await start()).href, '--only', 'ping-plain', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      passed: 1,
      failed: 0,
      cases: [{ id: 'ping-plain', section: '7.3' }],
    });
  });

  test('lists the cases', async () => {
    const { code, stdout } = await run('--list', '--only', 'x1');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^x1-replay {2}\[15 X1\] [^\n]+\n$/),
    });
  });

  test('says in one line that nobody listens', async () => {
    const url = await start();
    await server?.close();
    const { code, stderr } = await run(url.href);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^cannot connect to 127\.0\.0\.1:\d+ .*\n$/),
    });
  });

  test('explains a command line that makes no sense', async () => {
    const { code, stderr } = await run();
    expect(code).toBe(2);
    expect(stderr).toMatch(/^which URL\?\n\nUsage:/);
  });
});
