import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
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

  it.each([
    ['longer than a header may be', 'x'.repeat(766)],
    ['long in UTF-8', 'ä'.repeat(383)],
    ['with a tab in it', 'open\tsesame 1'],
    ['with a NUL behind it', 'open sesame 1\0'],
    ['with half a surrogate pair', 'open sesame \ud800'],
  ])('kept a password that never worked, %s', async (_, password) => {
    const options = { file: join(folder, 'never.json'), readPassword: async () => password };
    await expect(userCommand(['add', 'al'], options)).rejects.toThrow('with its name at most 767 bytes');
    expect(await userCommand(['list'], options)).toContain('no users');
  });

  it('takes the longest password that can be sent', async () => {
    const options = { file: join(folder, 'longest.json'), readPassword: async () => 'x'.repeat(765) };
    expect(await userCommand(['add', 'al'], options)).toContain('kept al');
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

  it('signs with no key whose tickets would be refused', async () => {
    const own = {
      keysFile: join(folder, 'own-keys.json'),
      signingKeyFile: join(folder, 'own-signing.json'),
      nowMs: () => nowMs,
    };
    const sign = () => ticketCommand(['--path', '/uploads/a', '--expires', '1d'], own);
    await ticketCommand(['--new-key', 'a'], own);
    expect(await sign()).toContain('?ticket=');
    await ticketCommand(['--retire-key', 'a'], own);
    await expect(sign()).rejects.toThrow(/a, is not in .*own-keys\.json: it was retired/);
    const signing = await readFile(own.signingKeyFile, 'utf8');
    await ticketCommand(['--new-key', 'a'], own);
    expect(await sign()).toContain('?ticket=');
    await writeFile(own.signingKeyFile, signing);
    await expect(sign()).rejects.toThrow('different keys of the name a');
  });

  it('prints the URL of the very path that the ticket is for, whatever is in it', async () => {
    for (const path of [
      '/uploads/%2e%2e/100 %.zip',
      "/uploads/a?b#c;d='e'.zip",
      '/uploads/ü/\u{1f600}.bin',
    ]) {
      const url = new URL(await run('--path', path, '--expires', '1d'));
      expect(decodeURIComponent(url.pathname)).toBe(path);
      expect((await identify(url.href))?.grant?.isInScope(decodeURIComponent(url.pathname))).toBe(true);
    }
  });

  it.each([
    [['--path', '/a'], 'npm run ticket'],
    [['--path', '/a', '--expires', 'soon'], '--expires soon'],
    [['--path', '/a', '--expires', '1d', '--max-size', 'big'], '--max-size big'],
    [['--path', '/a', '--prefix', '/b/', '--expires', '1d'], 'one of path and prefix'],
    [['--path', '/a', '--password', 'x'], 'Unknown option'],
    // Each would print a URL that its ticket is not for, or that nobody takes.
    [
      ['--path', '/uploads/../x', '--expires', '1d'],
      '--path /uploads/../x: the service would refuse the URL (dot segment)',
    ],
    [['--prefix', '/uploads/./', '--expires', '1d'], '--prefix /uploads/./: the service would refuse'],
    [['--path', '/uploads//x', '--expires', '1d'], 'empty segment'],
    [['--path', '/uploads/a\\b', '--expires', '1d'], 'backslash'],
    [['--path', '/uploads/a\n', '--expires', '1d'], 'a character'],
    [['--path', '/uploads/\ud800', '--expires', '1d'], 'a character'],
    [['--path', '/uploads/', '--expires', '1d'], '--prefix is for'],
    [['--path', 'uploads/a', '--expires', '1d'], 'refuse the URL'],
    [['--path', '/uploads/a', '--expires', '1d', '--url', 'ftp://h'], '--url ftp://h'],
    // Each printed a ticket that never got to the service, or was over when it did.
    [['--path', '/uploads/a', '--expires', '1d', '--url', 'http://h/#frag'], 'behind the #'],
    [['--path', '/uploads/a', '--expires', '1d', '--url', 'http://h/#'], 'behind the #'],
    [['--path', '/uploads/a', '--expires', '0s'], '--expires 0s: nobody could begin'],
    [['--new-key', 'two'], 'already'],
    [['--retire-key', 'ten'], 'no key ten'],
  ])('%j is refused', async (args, problem) => {
    await expect(run(...args)).rejects.toThrow(problem);
  });
});
