import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryHarness } from '../support/functions-harness.ts';
import { cancelPacket, closePacket, openSession, textFragment } from '../support/packets.ts';

const text = 'abcdefghijklmnopqrstuvwxyz';

/** Packets of one session that may meet. */
const packets = {
  known: (session: string) => textFragment(session, text, 0, 13),
  middle: (session: string) => textFragment(session, text, 13, 20),
  last: (session: string) => textFragment(session, text, 13),
  gap: (session: string) => textFragment(session, text, 20),
  close: (session: string) => closePacket(session),
  cancel: (session: string) => cancelPacket(session),
} as const;

type PacketName = keyof typeof packets;

const statusesOf: Readonly<Record<PacketName, readonly number[]>> = {
  known: [200, 500],
  middle: [200, 500],
  last: [200, 500],
  gap: [200, 416, 500],
  close: [200, 400],
  cancel: [200],
};

const names: readonly PacketName[] = ['known', 'middle', 'last', 'gap', 'close', 'cancel'];

describe('packets of one session that race each other', () => {
  it('end in one state that every later packet repeats; the object is there, whole, or it is not', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...names), { minLength: 2, maxLength: 6 }),
        fc.array(fc.nat({ max: 15 }), { maxLength: 10 }),
        fc.constantFrom('close-session' as const, 'last-fragment' as const),
        fc.boolean(),
        async (racing, turns, publishOn, shareEnvironment) => {
          const harness = memoryHarness({ destination: { publishOn } });
          const { objects, sessions } = harness;
          const session = await openSession(harness);
          await harness.send(packets.known(session));
          let calls = 0;
          const takeTurns = async () => {
            for (let turn = turns[calls++ % turns.length] ?? 0; turn > 0; turn--) await Promise.resolve();
          };
          objects.hooks.before = takeTurns;
          sessions.hooks.before = takeTurns;
          sessions.hooks.after = takeTurns;

          const environments = racing.map(() => (shareEnvironment ? harness : harness.anotherEnvironment()));
          const answers = await Promise.all(
            racing.map((name, index) => (environments[index] ?? harness).send(packets[name](session))),
          );
          for (const [index, { status }] of answers.entries()) {
            expect(statusesOf[racing[index] ?? 'gap']).toContain(status);
          }
          expect(objects.calls.completeUpload).toBeLessThanOrEqual(1);

          const closed = await harness.send(packets.close(session));
          const object = objects.object('destination', 'file.bin')?.body.toString();
          const [item] = sessions.items.values();
          const outcome = item?.['outcome']?.S;
          expect(object).toBe(outcome === 'published' ? text : undefined);
          expect(closed.status).toBe(outcome === 'early' ? 400 : 200);
          expect(['published', 'cancelled', 'early']).toContain(outcome);
          // A CANCEL that was answered after a CLOSE had begun may find the file published; never the reverse.
          if (!racing.includes('cancel')) expect(outcome).not.toBe('cancelled');
          expect((await harness.send(packets.cancel(session))).status).toBe(200);
          expect((await harness.send(packets.last(session))).status).toBe(500);
          expect((await harness.send(packets.close(session))).status).toBe(closed.status);
          expect(objects.object('destination', 'file.bin')?.body.toString()).toBe(object);
          expect([...objects.uploads.keys()]).toEqual([]);
          expect([...objects.pieces.keys()]).toEqual([]);
          expect([...environments, harness].flatMap(({ alarms }) => alarms)).toEqual([]);
        },
      ),
      { numRuns: 1200 },
    );
  });
});
