import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { isForLookingAt } from '../../infra/deployment/artifact-folder.ts';
import { type Packaged, packageService } from './package-service.ts';

interface NetworkNamespace {
  /** The command in front of one that shall have no network. */
  readonly through?: readonly string[];
  /** Why there is none: the machine forbids it, or lacks the command. */
  readonly reason?: string;
  readonly isForbidden: boolean;
}

/** Takes the network away from a command, where this process may: a namespace of its own needs privileges. */
const networkNamespace = ((): NetworkNamespace => {
  const reasons: string[] = [];
  for (const through of [
    ['unshare', '--net'],
    ['unshare', '--map-root-user', '--net'],
  ]) {
    const [command = '', ...args] = through;
    const { status, error, stderr } = spawnSync(command, [...args, 'true'], { encoding: 'utf8' });
    if (status === 0) return { through, isForbidden: false };
    reasons.push(error?.message ?? stderr.trim());
  }
  const reason = reasons.join('; ');
  return { reason, isForbidden: /not permitted|denied/i.test(reason) };
})();

// A machine that forbids it can show nothing here. One that lacks the command could, and in CI it is expected to.
const isShown =
  networkNamespace.through !== undefined || (process.env['CI'] === 'true' && !networkNamespace.isForbidden);
if (!isShown) console.log(`not shown here: packaging without a network (${networkNamespace.reason})`);

let first: Packaged;
beforeAll(async () => {
  first = await packageService();
}, 120_000);

describe('packaging', () => {
  it.runIf(isShown)(
    'needs no network and no credentials, and gives the same template and archives again',
    async () => {
      const { through } = networkNamespace;
      if (through === undefined) throw new Error(`no network namespace: ${networkNamespace.reason}`);
      const second = await packageService({ through });
      expect(second.templateJson).toBe(first.templateJson);
      expect([...second.archives]).toEqual([...first.archives]);
    },
    120_000,
  );

  it('without a time of its own is for looking at; SOURCE_DATE_EPOCH gives it one', async () => {
    expect(isForLookingAt(first.templateJson)).toBe(true);
    const timed = await packageService({ environment: { SOURCE_DATE_EPOCH: '1795372341' } });
    expect(isForLookingAt(timed.templateJson)).toBe(false);
    expect(timed.templateJson).toContain('/1795372341000-2026-11-22T18:32:21.000Z/');
    expect([...timed.archives]).toEqual([...first.archives]);
  }, 120_000);

  it('holds one archive per function', () => {
    expect([...first.archives.keys()]).toEqual(
      [
        'cancelSession',
        'closeSession',
        'createSession',
        'events',
        'fragment',
        'ping',
        'reply',
        'sweep',
        'unknownPacket',
      ].map((name) => `${name}.zip`),
    );
  });

  it.each([
    [
      'a misspelt parameter',
      { parameters: { certificateArm: 'x' } },
      /certificateArm: unknown parameter \(did you mean certificateArn\?\)/,
    ],
    [
      'a destinations file that is wrong',
      { destinations: 'destinations: []' },
      /must have at least one destination/,
    ],
    [
      'a key of another region than the deployment',
      {
        region: 'eu-west-1',
        destinations:
          'destinations:\n  - { prefix: /a/, maximumUploadSize: 1GiB, access: none, encryption: kms, kmsKey: "arn:aws:kms:us-east-1:123456789012:key/1" }',
      },
      /kmsKey: is in us-east-1, and the deployment in eu-west-1/,
    ],
    [
      'a time that is none',
      { environment: { SOURCE_DATE_EPOCH: 'today' } },
      /SOURCE_DATE_EPOCH must be whole seconds/,
    ],
  ])(
    'stops at %s, and says so without a stack',
    async (_, options, message) => {
      const failure = await packageService(options).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Error);
      expect(String(failure)).toMatch(message);
      expect(String(failure)).not.toMatch(/\n\s+at .*infra\/(config|deployment)\//);
    },
    120_000,
  );
});
