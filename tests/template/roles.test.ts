import { beforeAll, describe, expect, it } from 'vitest';
import { destinationBuckets } from '../../infra/deployment/destination-buckets.ts';
import type { Answer } from '../../lib/reply/application.ts';
import { bodyReply, halfwayWith, replyHarness } from '../functions/reply-harness.ts';
import { text } from '../functions/sessions.ts';
import { expectNothingLeft, objectText } from '../functions/state.ts';
import { JudgedObjectStore } from '../support/judged-object-store.ts';
import { closePacket } from '../support/packets.ts';
import { SweepHarness } from '../support/sweep-harness.ts';
import { statementsOfRole } from './checks/access.ts';
import { packageService } from './package-service.ts';
import { roleGate } from './role-gate.ts';
import { type Access, roles, situations, takeReplyOut, used } from './role-situations.ts';
import { show, type Template } from './template.ts';

/** Of a deployment without any reply application: what it allows, every other allows too. */
let template: Template;
beforeAll(async () => {
  ({ template } = await packageService());
  for (const play of Object.values(situations)) await play();
}, 120_000);

const placeOf = (resource: unknown): string => {
  const shown = show(resource);
  if (shown.includes('/holding/')) return 'holding';
  if (shown.includes('StagingBucket')) return 'staging';
  if (shown.includes('UploadBucket')) return 'destination';
  return shown.includes('SessionTable') ? 'table' : 'log';
};

const allowed = (role: string): ReadonlySet<Access> =>
  new Set(
    statementsOfRole(template, role)
      .flatMap(({ Action, Resource }) =>
        Resource.flatMap((resource) => Action.map((action) => `${placeOf(resource)} ${action}`)),
      )
      .filter((access) => !access.startsWith('log ')),
  );

describe("a function's role", () => {
  it.each(Object.values(roles))('%s allows what the function does, in every situation', (role) => {
    const allows = allowed(role);
    // Holding is a part of staging.
    const needed = [...(used.get(role) ?? [])].filter(
      (access) => !allows.has(access) && !allows.has(access.replace(/^holding /, 'staging ')),
    );
    expect(needed).toEqual([]);
  });

  it.each(Object.values(roles))('%s allows nothing that it does in none', (role) => {
    const idle = [...allowed(role)].filter((access) => used.get(role)?.has(access) !== true);
    expect(idle).toEqual([]);
  });

  it('writes its own log and no other', () => {
    for (const role of Object.values(roles)) {
      const group = role.replace(/Role$/, 'LogGroup');
      const logs = statementsOfRole(template, role).filter(({ Action }) =>
        Action.includes('logs:PutLogEvents'),
      );
      expect(logs.map(({ Resource }) => Resource)).toEqual([[{ 'Fn::GetAtt': [group, 'Arn'] }]]);
    }
  });
});

it('the bucket of the stack was out of reach of its sessions once every destination named another', () => {
  const { bucketArns, objectArns } = destinationBuckets([{ bucket: 'example-dumps' }]);
  const others = `arn:\${AWS::Partition}:s3:::example-dumps`;
  expect(bucketArns).toEqual([{ 'Fn::Sub': `\${UploadBucket.Arn}` }, { 'Fn::Sub': others }]);
  expect(objectArns).toEqual([{ 'Fn::Sub': `\${UploadBucket.Arn}/*` }, { 'Fn::Sub': `${others}/*` }]);
});

describe('a session in holding whose destination loses its reply application', () => {
  const dayMs = 86_400_000;

  /** Half of a file is acknowledged, or all of it and the application has answered; then comes the deployment. */
  const redeployed = async (answer?: Answer) => {
    const objects = new JudgedObjectStore();
    const under = replyHarness({}, { objects });
    const { session, last } = await halfwayWith(under);
    if (answer !== undefined) {
      under.script.push(answer);
      await under.harness.send(last);
    }
    takeReplyOut(under);
    return { harness: under.harness, session, last, ...roleGate(template, objects) };
  };

  it('was acknowledged to its last byte and never published', async () => {
    const { harness, session, last, as, refused } = await redeployed();
    expect((await as('FragmentRole', () => harness.send(last))).status).toBe(200);
    expect((await as('CloseSessionRole', () => harness.send(closePacket(session)))).status).toBe(200);
    expect([refused, objectText(harness)]).toEqual([[], text]);
    expectNothingLeft(harness);
  });

  it('was not published by the sweep either, whatever the application had said', async () => {
    for (const answer of [bodyReply('thanks', true), { status: 503 } as const]) {
      const { harness, as, refused } = await redeployed(answer);
      const sweep = new SweepHarness(harness);
      for (const days of [1, 14]) {
        harness.nowMs += days * dayMs;
        await as('SweepRole', () => sweep.due());
      }
      expect([refused, objectText(harness)]).toEqual([[], text]);
    }
  });
});
