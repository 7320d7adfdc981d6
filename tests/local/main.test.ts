import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { StartError } from '../../infra/local/errors.ts';
import { isAlive } from '../../infra/local/process-table.ts';
import { readSettings } from '../../infra/local/settings.ts';
import { startLocalStack } from '../../infra/local/stack.ts';
import { readStackFile } from '../support/stack-file.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { createSession, sendFragment, sendPacket } from './packets.ts';
import { spawnStack } from './stack-process.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function takenPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  const address: AddressInfo | string | null = server.address();
  return String(address !== null && typeof address === 'object' ? address.port : 0);
}

test('what the user can put right is one line on standard error and exit code 1', async () => {
  const { code, stdout, stderr } = await spawnStack({ DATA_DIR: await tempFolder(), PORT: await takenPort() })
    .exited;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^bits-s3: port \d+ [^\n]*in use; set PORT [^\n]+\n$/);
});

describe('what the user can put right is said in one line', () => {
  const cases: readonly [string, (folder: string) => Promise<Record<string, string>>, RegExp][] = [
    ['a taken port', async () => ({ PORT: await takenPort() }), /port \d+ .* in use; set PORT /],
    ['a taken S3 port', async () => ({ S3_PORT: await takenPort() }), /port \d+ .* in use; set S3_PORT /],
    [
      'a taken DynamoDB port',
      async () => ({ DYNAMODB_PORT: await takenPort() }),
      /port \d+ .* in use; set DYNAMODB_PORT /,
    ],
    ['a port that is none', async () => ({ PORT: '80o' }), /PORT=80o is not a port/],
    ['a port out of range', async () => ({ S3_PORT: '65536' }), /S3_PORT=65536 is not a port/],
    [
      'a grace that is no time',
      async () => ({ CLOSE_GRACE_SECONDS: '1h' }),
      /CLOSE_GRACE_SECONDS=1h is not a whole number of seconds/,
    ],
    ['an address of another machine', async () => ({ HOST: '192.0.2.1' }), /192\.0\.2\.1/],
    [
      'a folder that cannot be made',
      async (folder) => {
        await writeFile(join(folder, 'file'), '');
        return { DATA_DIR: join(folder, 'file', 'below') };
      },
      /DATA_DIR .*file\/below cannot be used/,
    ],
    [
      'a data folder with a file in the way',
      async (folder) => {
        await writeFile(join(folder, 's3'), '');
        return {};
      },
      /DATA_DIR: .*s3 cannot be used/,
    ],
    [
      'a database that cannot be opened',
      async (folder) => {
        await mkdir(join(folder, 'dynamodb', 'LOCK'), { recursive: true });
        return {};
      },
      /DATA_DIR: .*dynamodb cannot be used/,
    ],
    [
      'broken destinations',
      async (folder) => {
        await writeFile(join(folder, 'd.yml'), 'destinations: [{ prefix: /a/, colour: red }]');
        return { DESTINATIONS: join(folder, 'd.yml') };
      },
      /destinations\[0\]\.colour: unknown key/,
    ],
    ['no destinations', async () => ({ DESTINATIONS: '/nowhere.yml' }), /\/nowhere\.yml: cannot be read/],
  ];
  test.each(cases)('%s', async (_, environment, message) => {
    const folder = await tempFolder();
    const ports = { PORT: '0', S3_PORT: '0', DYNAMODB_PORT: '0' };
    const settings = { ...ports, DATA_DIR: folder, ...(await environment(folder)) };
    const start = async () => startLocalStack(readSettings(settings));
    const error: unknown = await start().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartError);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain('\n');
  });
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops it: exit code 0, no stack.json', async (signal) => {
  const dataDir = await tempFolder();
  const { child, exited, printed } = spawnStack({ DATA_DIR: dataDir });
  await printed('bitsadmin');
  const { bits, pid } = await readStackFile(dataDir);
  expect(pid).toBe(child.pid);
  expect(await sendPacket(`${bits}/uploads/f`, 'Ping')).toMatchObject({ status: 200 });
  child.kill(signal);
  // Sent twice in a row, as a terminal and npm do together.
  child.kill(signal);
  expect((await exited).code).toBe(0);
  expect(await readdir(dataDir)).not.toContain('stack.json');
});

test('nothing on standard error: neither Node nor a package has anything to say, while clients are made and used', async () => {
  const { child, exited, printed } = spawnStack({ DATA_DIR: await tempFolder(), CLOSE_GRACE_SECONDS: '60' });
  await printed('bitsadmin');
  child.kill('SIGTERM');
  expect(await exited).toMatchObject({ code: 0, stderr: '' });
});

test('it prints how to upload, and a line per packet', async () => {
  const dataDir = await tempFolder();
  const { child, exited, printed } = spawnStack({ DATA_DIR: dataDir });
  await printed('bitsadmin');
  const { bits, s3 } = await readStackFile(dataDir);
  const url = `${bits}/uploads/f.bin`;
  const session = await createSession(url);
  await sendFragment(url, session, Buffer.alloc(20), 0, 10);
  await sendPacket(`${url}%1b?secret=1`, 'Nonsense\u009b');
  await printed('Nonsense');
  child.kill('SIGTERM');
  const { stdout, stderr } = await exited;
  expect(stderr).toBe('');
  for (const line of [
    `Start-BitsTransfer -TransferType Upload -Source C:\\report.pdf -Destination ${bits}/uploads/report.pdf`,
    `bitsadmin /transfer report /upload /priority foreground ${bits}/uploads/report.pdf C:\\report.pdf`,
    s3.endpoint,
    s3.accessKeyId,
    s3.secretAccessKey,
  ]) {
    expect(stdout).toContain(line);
  }
  expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}Create-Session {2}\/uploads\/f\.bin {2}200 {2}\d+ ms$/m);
  expect(stdout).toMatch(/Fragment +\/uploads\/f\.bin {2}bytes 0-9\/20 {2}200 next 10 {2}\d+ ms$/m);
  expect(stdout).toMatch(/Nonsense\? +\/uploads\/f\.bin%1b {2}400 {2}\d+ ms$/m);
  expect(stdout).not.toContain('secret=1');
});

test('after a kill -9 the folder is free and nothing answered is lost', async () => {
  const dataDir = await tempFolder();
  const file = Buffer.from('0123456789');
  const first = spawnStack({ DATA_DIR: dataDir });
  await first.printed('bitsadmin');
  const before = await readStackFile(dataDir);
  const session = await createSession(`${before.bits}/uploads/f.bin`);
  await sendFragment(`${before.bits}/uploads/f.bin`, session, file, 0, 4);
  first.child.kill('SIGKILL');
  await first.exited;

  const second = spawnStack({ DATA_DIR: dataDir });
  await second.printed('bitsadmin');
  const { bits } = await readStackFile(dataDir);
  expect(await sendFragment(`${bits}/uploads/f.bin`, session, file, 4, 6)).toMatchObject({
    status: 200,
    headers: { 'bits-received-content-range': '10' },
  });
  second.child.kill('SIGTERM');
  expect((await second.exited).code).toBe(0);
});

test('a second stack on the same folder is refused and does not disturb the first', async () => {
  const dataDir = await tempFolder();
  const first = spawnStack({ DATA_DIR: dataDir });
  await first.printed('bitsadmin');
  const { code, stderr } = await spawnStack({ DATA_DIR: dataDir }).exited;
  expect(code).toBe(1);
  expect(stderr).toMatch(
    new RegExp(`^bits-s3: .* in use by another local stack \\(process ${first.child.pid}\\)\n$`),
  );
  const { bits } = await readStackFile(dataDir);
  expect(await sendPacket(`${bits}/uploads/f`, 'Ping')).toMatchObject({ status: 200 });
});

test.skipIf(process.platform === 'win32').each([
  ['npm as its parent', ''],
  ['a shell between npm and it', '; true'],
])('with %s, it ends when npm is killed', async (_, tail) => {
  const dataDir = await tempFolder();
  const main = fileURLToPath(new URL('../../infra/local/main.ts', import.meta.url));
  // What npm does: a shell runs the script's command. With a second command behind it no shell can step aside.
  const command = `exec "$NODE" --import tsx "${main}"`;
  const script = tail === '' ? command : `${command.replace('exec ', '')}${tail}`;
  const npm = spawn(
    process.execPath,
    [
      '-e',
      `require('node:child_process').spawn('sh', ['-c', ${JSON.stringify(script)}], { stdio: 'ignore' })`,
    ],
    {
      env: {
        PATH: process.env['PATH'],
        NODE: process.execPath,
        npm_lifecycle_event: 'start',
        DATA_DIR: dataDir,
        PORT: '0',
        S3_PORT: '0',
        DYNAMODB_PORT: '0',
      },
      stdio: 'ignore',
    },
  );
  const { pid } = await eventually(() => readStackFile(dataDir));
  expect(isAlive(pid)).toBe(true);
  npm.kill('SIGKILL');
  await eventually(async () => expect(isAlive(pid)).toBe(false));
  expect(await readdir(dataDir)).not.toContain('stack.json');
});

/** Tries until it works; the test's own time limit is the end of patience. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
