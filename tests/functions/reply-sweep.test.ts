import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ApplicationError } from '../../lib/reply/application.ts';
import { told } from '../events/told.ts';
import { closePacket } from '../support/packets.ts';
import { changeRecord } from '../support/stream-record.ts';
import { SweepHarness } from '../support/sweep-harness.ts';
import { bodyReply, halfwayWith, replyAt, replyHarness } from './reply-harness.ts';
import { text } from './sessions.ts';
import { expectNothingLeft, objectText, sessionStates } from './state.ts';

const digest = createHash('sha256').update(text).digest('hex');

describe('the sweep', () => {
  const timeoutMs = 1_209_600_000;

  it('publishes after the grace what was answered so, keeps the reply, and drops it at the end', async () => {
    const under = replyHarness();
    const sweep = new SweepHarness(under.harness);
    const { last } = await halfwayWith(under);
    const url = (await under.harness.send(last)).headers['BITS-Reply-URL'];
    under.harness.nowMs += 3_601_000;
    await sweep.due();
    expect(objectText(under.harness)).toBe(text);
    expect(replyAt(under, url)).toBe(digest);
    expect((await under.harness.send(last)).headers['BITS-Reply-URL']).toBe(url);
    under.harness.nowMs += timeoutMs;
    await sweep.due();
    expectNothingLeft(under.harness);
    expect(sessionStates(under.harness)).toEqual(['published']);
  });

  it.each([
    ['keeps it', bodyReply('kept'), 'answered', undefined],
    ['refused it', { status: 403 } as const, 'refused', undefined],
    ['never answered', { status: 503 } as const, 'published', text],
    ['is not there', { status: 404 } as const, 'published', text],
  ])('ends at its end a session whose application %s', async (_, answer, outcome, object) => {
    const under = replyHarness();
    const sweep = new SweepHarness(under.harness);
    under.script.push(answer);
    const { last } = await halfwayWith(under);
    await under.harness.send(last);
    under.harness.nowMs += timeoutMs - 1_000;
    await sweep.due();
    expect(objectText(under.harness)).toBeUndefined();
    under.harness.nowMs += 2_000;
    await sweep.due();
    expect(sessionStates(under.harness)).toEqual([outcome]);
    expect(objectText(under.harness)).toBe(object);
    expectNothingLeft(under.harness);
    const alarms = under.harness.alarms.filter(({ what }) => what.startsWith('a file was published without'));
    expect(alarms).toHaveLength(object === undefined ? 0 : 1);
  });

  it('published at the very end what the application refused just then', async () => {
    const under = replyHarness();
    const { harness } = under;
    const sweep = new SweepHarness(harness);
    under.script.push({ status: 503 }, { status: 403 });
    const { last } = await halfwayWith(under);
    await harness.send(last);
    harness.nowMs += timeoutMs + 1_000;
    let told: number | undefined;
    harness.objects.hooks.before = async () => {
      harness.objects.hooks.before = undefined;
      told = (await harness.anotherEnvironment().send(last)).status;
    };
    await sweep.due();
    await sweep.due();
    expect(told).toBe(403);
    expect(sessionStates(harness)).toEqual(['refused']);
    expect(objectText(harness)).toBeUndefined();
    expectNothingLeft(harness);
  });

  it('takes no held file and no named reply for an orphan, and every other one', async () => {
    const under = replyHarness();
    const sweep = new SweepHarness(under.harness);
    const { last } = await halfwayWith(under);
    const url = (await under.harness.send(last)).headers['BITS-Reply-URL'];
    const [held] = under.asked;
    await under.harness.objects.putPiece(`${held?.reply.key}0`, Buffer.from('of a lost notification'));
    sweep.inventory.stamp(under.harness.nowMs);
    under.harness.nowMs += 3_601_000;
    await sweep.orphans();
    expect([...under.harness.objects.pieces.keys()].sort()).toEqual([
      held?.upload.key,
      `${url}`.replace(/^.*bits-replies/, 'replies'),
    ]);
  });
});

it('an application taken out of the configuration, and a CLOSE that lost one race: the file was told as failed for it', async () => {
  const under = replyHarness();
  const { harness } = under;
  const records: unknown[] = [];
  harness.sessions.onChange = (before, after) => records.push(changeRecord(before, after));
  under.script.push(new ApplicationError('UNREACHABLE', 'down'));
  const { session, last } = await halfwayWith(under);
  expect((await harness.send(last)).status).toBe(503);
  harness.destinations = harness.destinations.map((destination) => ({ ...destination, reply: null }));
  let isRaced = false;
  harness.objects.hooks.before = async ({ name }) => {
    if (name !== 'createUpload' || isRaced) return;
    isRaced = true;
    // An invocation on the old configuration gives back its lease.
    const now = await harness.sessions.read(session.slice(1, -1));
    if (now !== undefined) await harness.sessions.write({ ...now, version: now.version + 1 }, []);
  };
  expect((await harness.send(closePacket(session))).status).toBe(200);
  expect(isRaced).toBe(true);
  expect(objectText(harness)).toBe(text);
  const types = (await told(...records)).map(({ type }) => type);
  expect(types).toEqual(['Upload Created', 'Upload Received', 'Upload Published']);
});
