import { describe, expect, it } from 'vitest';
import { ObjectStoreError } from '../../lib/upload/object-store.ts';
import { cancelPacket, closePacket, textFragment } from '../support/packets.ts';
import { about, acks, type ExpectedAck, expectAck } from './acks.ts';
import { endings, halfway, text } from './sessions.ts';
import { expectUntouched, sessionStates } from './state.ts';

const day = 86_400_000;

const answersToClose: Readonly<Record<keyof typeof endings, ExpectedAck>> = {
  published: acks.ok,
  'published at the last fragment': acks.ok,
  cancelled: acks.ok,
  refused: acks.accessDenied,
  early: acks.badRequest,
  'lost before CLOSE': acks.lostBeforePublication,
  'lost while receiving': acks.lostBeforePublication,
};

describe.each(Object.entries(endings))('a session that ended: %s', (ending, end) => {
  const closeAnswer =
    Object.entries(answersToClose).find(([name]) => name === ending)?.[1] ?? acks.unavailable;

  it('repeats its outcome to CLOSE, 200 to CANCEL, and shows a fragment no session', async () => {
    const { harness, session } = await end();
    for (let again = 0; again < 3; again++) {
      await expectUntouched(harness, closePacket(session), about(closeAnswer, session));
      await expectUntouched(harness, cancelPacket(session), about(acks.ok, session));
      await expectUntouched(harness, textFragment(session, text, 0), about(acks.noSession, session));
      harness.coldStart();
      harness.nowMs += 6 * day;
    }
  });

  it('to another URL it does not exist', async () => {
    const { harness, session } = await end();
    const elsewhere = '/drop/other.bin';
    await expectUntouched(harness, closePacket(session, elsewhere), about(acks.noSession, session));
    await expectUntouched(harness, cancelPacket(session, elsewhere), about(acks.noSession, session));
  });

  it('is forgotten after 14 days, to the second', async () => {
    const { harness, session } = await end();
    harness.nowMs += 14 * day - 1000;
    await expectUntouched(harness, closePacket(session), about(closeAnswer, session));
    await expectUntouched(harness, cancelPacket(session), about(acks.ok, session));
    harness.nowMs += 1000;
    await expectUntouched(harness, closePacket(session), about(acks.noSession, session));
    await expectUntouched(harness, cancelPacket(session), about(acks.noSession, session));
  });

  it('lets DynamoDB delete it, because nothing is left to do', async () => {
    const { harness } = await end();
    for (const item of harness.sessions.items.values()) {
      expect(item['expiresAt']?.N).toBe(`${harness.nowMs / 1000 + 14 * 86_400}`);
      expect(item['dueAt']).toBeUndefined();
    }
    expect(sessionStates(harness)).toHaveLength(1);
  });
});

describe('a clean-up that fails', () => {
  it.each([
    ['CANCEL', cancelPacket, acks.ok],
    ['an early CLOSE', closePacket, acks.badRequest],
  ])(
    'after %s: the answer is the same, and the sweep is asked for instead of a time to live',
    async (_, packet, answer) => {
      const { harness, session } = await halfway();
      harness.objects.hooks.before = ({ name }) => {
        if (name === 'listPieces') throw new ObjectStoreError('UNAVAILABLE', 'S3 is down');
      };
      expectAck(await harness.send(packet(session)), about(answer, session));
      expect(harness.alarms.map(({ what }) => what)).toEqual(['clean-up left to the sweep']);
      const [item] = harness.sessions.items.values();
      expect(item?.['expiresAt']).toBeUndefined();
      expect(item?.['dueAt']?.N).toBe(`${harness.nowMs / 1000 + 60}`);
      expect(item?.['sweepShard']?.N).toMatch(/^[0-7]$/);
      // Due or not, it repeats its outcome, for as long as it takes.
      harness.nowMs += 100 * day;
      await expectUntouched(harness, packet(session), about(answer, session));
    },
  );
});
