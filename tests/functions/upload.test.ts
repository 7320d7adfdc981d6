import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { memoryHarness } from '../support/functions-harness.ts';
import { closePacket, openSession, sendAll } from '../support/packets.ts';

const mebibyte = 2 ** 20;

describe('an upload, from the first packet to the object', () => {
  for (const [size, cut] of [
    [1, 1],
    [26, 13],
    [5 * mebibyte - 1, 1_000_000],
    [5 * mebibyte, 999_983],
    [8 * mebibyte, 65_537],
    [8 * mebibyte + 1, 1_000_000],
    [20 * mebibyte + 7, 999_983],
    [18_000_000, 1_000_000],
  ] as const) {
    it(`${size} bytes in fragments of ${cut}`, async () => {
      const harness = memoryHarness();
      const entity = randomBytes(size);
      const session = await openSession(harness);
      const last = await sendAll(harness, session, entity, cut);
      expect(last).toMatchObject({ status: 200, headers: { 'BITS-Received-Content-Range': `${size}` } });
      expect(harness.objects.objects.size).toBe(0);

      const closed = await harness.send(closePacket(session));
      expect(closed.status).toBe(200);
      expect(harness.objects.object('destination', 'file.bin')?.body.equals(entity)).toBe(true);
      expect(harness.objects.pieces.size).toBe(0);
      expect(harness.objects.uploads.size).toBe(0);
      expect(harness.alarms).toEqual([]);
    });
  }
});
