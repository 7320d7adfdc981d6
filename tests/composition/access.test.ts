import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compose } from '../../functions/ping.ts';
import { composeAccess } from '../../lib/composition/access.ts';
import { SettingsError } from '../../lib/composition/settings.ts';
import { eventOf, testDestination } from '../support/functions-harness.ts';
import { usersDocument } from '../support/identities.ts';
import { pingPacket, withHeaders } from '../support/packets.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bits-s3-access-'));
  await writeFile(join(folder, 'users.json'), await usersDocument({ alice: 'opensesame' }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const settingsWith = (variables: Readonly<Record<string, string>>) => ({
  environment: { USERS_DOCUMENT: `file:${join(folder, 'users.json')}`, ...variables },
  destinations: [{ ...testDestination, access: ['basic' as const] }],
  log: { packet: () => undefined, alarm: () => undefined },
});

describe('ALLOW_HTTP', () => {
  it.each([
    [{}, 'https', 200],
    [{}, 'http', 403],
    [{ ALLOW_HTTP: '' }, 'http', 403],
    [{ ALLOW_HTTP: 'false' }, 'http', 403],
    [{ ALLOW_HTTP: 'true' }, 'http', 200],
  ])('%j: a password over %s is answered %i', async (variables, scheme, status) => {
    const Authorization = `Basic ${Buffer.from('alice:opensesame').toString('base64')}`;
    const packet = withHeaders(pingPacket(), { Authorization, 'X-Forwarded-Proto': scheme });
    const context = { getRemainingTimeInMillis: () => 10_000 };
    const { statusCode } = await compose(settingsWith(variables))(eventOf(packet), context);
    expect(statusCode).toBe(status);
  });

  it('is nothing else', () => {
    const settings = settingsWith({ ALLOW_HTTP: '1' });
    expect(() => composeAccess(settings, settings.destinations)).toThrow(SettingsError);
  });
});
