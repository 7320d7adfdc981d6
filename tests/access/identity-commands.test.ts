import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ticketCommand } from '../../infra/identity/ticket-command.ts';
import { userCommand } from '../../infra/identity/user-command.ts';
import { isPassword } from '../../lib/access/basic/password-hash.ts';
import { parseUsers } from '../../lib/access/basic/users.ts';
import { CachedDocument } from '../../lib/access/document.ts';
import { parseTicketKeys } from '../../lib/access/ticket/keys.ts';
import { ticketIdentity } from '../../lib/access/ticket/ticket-identity.ts';
import { evidenceOf } from '../support/identities.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bits-s3-identity-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const mode = async (file: string): Promise<number> => (await stat(file)).mode & 0o777;

describe('npm run user', () => {
  const run = (...args: string[]) =>
    userCommand(args, { file: join(folder, 'users.json'), readPassword: async () => 'open sesame 1' });

  it('keeps, lists and removes users; the password is in no output and no file', async () => {
    const file = join(folder, 'users.json');
    expect(await run('list')).toContain('no users');
    const printed = await run('add', 'alice');
    expect(printed).toContain('aws secretsmanager put-secret-value');
    await run('add', '__proto__');
    expect((await run('list')).split('\n')).toEqual(['alice', '__proto__']);
    const document = await readFile(file, 'utf8');
    expect(printed + document).not.toContain('sesame');
    const kept = parseUsers(document).get('alice');
    expect(kept !== undefined && (await isPassword('open sesame 1', kept))).toBe(true);
    expect(await mode(file)).toBe(0o600);
    await run('remove', 'alice');
    expect(await run('list')).toBe('__proto__');
  });

  it.each([
    [[], 'npm run user -- add NAME'],
    [['add'], 'npm run user'],
    [['add', 'a', 'secret'], 'npm run user'],
    [['remove', 'nobody'], 'no user nobody'],
    [['add', 'a:b'], 'colon'],
  ])('%j is refused', async (args, problem) => {
    await expect(run(...args)).rejects.toThrow(problem);
  });

  it('takes no short password', async () => {
    const options = { file: join(folder, 'none.json'), readPassword: async () => 'short' };
    await expect(userCommand(['add', 'a'], options)).rejects.toThrow('at least 12');
  });
});

describe('npm run ticket', () => {
  const nowMs = 1_800_000_000_000;
  const files = () => ({
    keysFile: join(folder, 'keys.json'),
    signingKeyFile: join(folder, 'signing.json'),
    nowMs: () => nowMs,
  });
  const run = (...args: string[]) => ticketCommand(args, files());
  const identify = (url: string) =>
    ticketIdentity({
      keys: new CachedDocument({
        read: () => readFile(files().keysFile, 'utf8'),
        parse: parseTicketKeys,
        nowMs: () => nowMs,
        alarm: () => undefined,
      }),
      nowMs: () => nowMs,
    })(evidenceOf({ tickets: [new URL(url).searchParams.get('ticket') ?? ''], opensSession: true }));

  it('signs with the newest key, whose older ones stay good until they are retired', async () => {
    await expect(run('--path', '/uploads/a', '--expires', '2d')).rejects.toThrow('--new-key');
    await run('--new-key', 'one');
    const first = await run('--path', '/uploads/a b.zip', '--expires', '2d', '--max-size', '5GiB', '--once');
    expect(first).toMatch(/^http:\/\/127\.0\.0\.1:8080\/uploads\/a%20b\.zip\?ticket=[\w.-]+$/);
    expect(await identify(first)).toMatchObject({
      principal: 'ticket',
      grant: { maximumUploadBytes: 5 * 2 ** 30, expiresAtSeconds: nowMs / 1000 + 172_800 },
    });
    expect(await run('--new-key', 'two')).toContain('aws ssm put-parameter');
    const second = await run(
      '--prefix',
      '/uploads/',
      '--expires',
      '60',
      '--principal',
      'c17',
      '--url',
      'https://h',
    );
    expect(second).toMatch(/^https:\/\/h\/uploads\/\?ticket=/);
    expect([(await identify(first))?.principal, (await identify(second))?.principal]).toEqual([
      'ticket',
      'c17',
    ]);
    await run('--retire-key', 'one');
    expect([await identify(first), (await identify(second))?.principal]).toEqual([undefined, 'c17']);
    expect(await mode(files().signingKeyFile)).toBe(0o600);
    expect(await readFile(files().keysFile, 'utf8')).not.toContain('"d"');
  });

  it.each([
    [['--path', '/a'], 'npm run ticket'],
    [['--path', '/a', '--expires', 'soon'], '--expires soon'],
    [['--path', '/a', '--expires', '1d', '--max-size', 'big'], '--max-size big'],
    [['--path', '/a', '--prefix', '/b/', '--expires', '1d'], 'one of path and prefix'],
    [['--path', '/a', '--password', 'x'], 'Unknown option'],
    [['--new-key', 'two'], 'already'],
    [['--retire-key', 'ten'], 'no key ten'],
  ])('%j is refused', async (args, problem) => {
    await expect(run(...args)).rejects.toThrow(problem);
  });
});
