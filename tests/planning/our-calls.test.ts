import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { indexWriteUnits, ourCounts, replayUpload } from '../../infra/planning/our-calls.ts';
import { toItem } from '../../lib/session/item.ts';
import type { Session } from '../../lib/session/session.ts';
import type { Clause, Commit } from '../../lib/session/store.ts';
import { s3PartLimits } from '../../lib/upload/parts.ts';
import type { UploadLimits } from '../../lib/upload/services.ts';
import { UnitCounter } from '../bench/processes/dynamodb-units.ts';
import { FunctionsHarness } from '../support/functions-harness.ts';
import { MemoryObjectStore } from '../support/memory-object-store.ts';
import { MemorySessionStore } from '../support/memory-session-store.ts';
import { closePacket, fragmentPacket, openSession } from '../support/packets.ts';

/** A session store that also counts what DynamoDB would bill for its writes. */
class BilledSessionStore extends MemorySessionStore {
  readonly units = new UnitCounter();

  override async write(session: Session, clauses: readonly Clause[], signal?: AbortSignal): Promise<Commit> {
    const Item = Object.fromEntries(
      Object.entries(toItem(session)).map(([name, value]) => [
        name,
        value.B === undefined ? value : { B: Buffer.from(value.B).toString('base64') },
      ]),
    );
    this.units.count('PutItem', Buffer.from(JSON.stringify({ Item })));
    return super.write(session, clauses, signal);
  }
}

interface Upload {
  readonly fileBytes: number;
  readonly fragmentBytes: number;
  readonly limits: UploadLimits;
  readonly isWarm: boolean;
}

/** What the real functions call for the same file. */
const carryOut = async ({ fileBytes, fragmentBytes, limits, isWarm }: Upload) => {
  const sessions = new BilledSessionStore();
  const objects = new MemoryObjectStore(1);
  const harness = new FunctionsHarness({ sessions, objects, limits });
  const session = await openSession(harness);
  const entity = randomBytes(fileBytes);
  for (let at = 0; at < fileBytes; at += fragmentBytes) {
    if (!isWarm) harness.coldStart();
    const body = entity.subarray(at, at + fragmentBytes);
    const { status } = await harness.send(fragmentPacket(session, at, body, fileBytes));
    expect(status).toBe(200);
  }
  expect((await harness.send(closePacket(session))).status).toBe(200);
  return { sessions, objects };
};

const smallParts = { ...s3PartLimits, targetPartBytes: 8_192, maxTailPieces: 20 };

describe('the cost sheet counts what the functions call', () => {
  it.each([
    ['one fragment', 1_000, 1_000],
    ['less than a part', 5_000, 1_000],
    ['one part', 9_000, 1_000],
    ['parts and a rest', 40_500, 1_000],
    ['fragments that fill parts evenly', 32_768, 1_024],
    ['fragments larger than parts', 50_000, 13_000],
    ['so many fragments that the tail is gathered in levels', 10_000, 5],
  ])('%s, warm and cold', async (_, fileBytes, fragmentBytes) => {
    for (const isWarm of [true, false]) {
      const limits = smallParts;
      const { sessions, objects } = await carryOut({ fileBytes, fragmentBytes, limits, isWarm });
      const replayed = replayUpload({ fileBytes, fragmentBytes }, { limits, isWarm });
      const called = { ...objects.hooks.made(), ...sessions.hooks.made() };
      const expected = Object.entries(replayed.calls).filter(([, count]) => count > 0);
      expect(called).toEqual(Object.fromEntries(expected));
      expect(replayed.s3BytesWritten).toBe(objects.bytesWritten);
      expect(sessions.units.stats().writeUnits).toBe(replayed.calls.write + indexWriteUnits);
    }
  });

  it('at the sizes of the design', async () => {
    const shape = { fileBytes: 20_000_001, fragmentBytes: 1_000_000 };
    const limits = { ...s3PartLimits, maxTailPieces: 20 };
    const { sessions, objects } = await carryOut({ ...shape, limits, isWarm: true });
    const { putPiece, uploadPart, deletePieces } = objects.calls;
    expect(ourCounts(shape)).toMatchObject({
      // The upload begun and completed, its parts and its pieces listed.
      s3Writes: putPiece + uploadPart + 4,
      s3Reads: objects.calls.head,
      s3Deletes: deletePieces,
      s3BytesWritten: objects.bytesWritten,
      s3BytesRead: 0,
      dynamodbWriteUnits: sessions.units.stats().writeUnits,
      dynamodbReadUnits: sessions.calls.read,
      invocations: 23,
    });
  });
});
