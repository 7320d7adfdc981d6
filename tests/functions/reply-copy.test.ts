import { describe, expect, it, vi } from 'vitest';
import { ObjectStoreError, type UploadRef } from '../../lib/upload/object-store.ts';
import { closePacket } from '../support/packets.ts';
import { SweepHarness } from '../support/sweep-harness.ts';
import { halfwayWith, type ReplyHarness, replyHarness } from './reply-harness.ts';
import { text } from './sessions.ts';
import { expectNothingLeft, objectText, sessionStates } from './state.ts';

/** A session whose application has asked for the file at its destination: it lies in holding, and CLOSE is to copy it. */
const answered = async (destination: Parameters<typeof replyHarness>[0] = {}) => {
  const under = replyHarness(destination);
  const { session, last } = await halfwayWith(under);
  expect((await under.harness.send(last)).status).toBe(200);
  const close = () => under.harness.send(closePacket(session));
  return { ...under, close, alarms: () => under.harness.alarms.map(({ what }) => what) };
};

/** S3 answers 409 to so many Completes at the destination, and has thrown their uploads away. */
const destroyCopies = ({ harness: { objects } }: Pick<ReplyHarness, 'harness'>, times: number) => {
  const complete = objects.completeUpload.bind(objects);
  let left = times;
  vi.spyOn(objects, 'completeUpload').mockImplementation(async (upload, ...rest) => {
    if (upload.bucket !== 'destination' || left <= 0) return complete(upload, ...rest);
    left--;
    objects.uploads.delete(upload.uploadId);
    return 'conflict';
  });
};

/** The function dies behind its next Complete, whose upload is then gone; its lease runs out. */
const dieCompleting = async (
  { harness, close }: Awaited<ReturnType<typeof answered>>,
  become: (upload: UploadRef) => void,
) => {
  const complete = harness.objects.completeUpload.bind(harness.objects);
  const spy = vi.spyOn(harness.objects, 'completeUpload').mockImplementation(async (upload, ...rest) => {
    await complete(upload, ...rest);
    become(upload);
    harness.sessions.hooks.before = () => {
      throw new Error('dead');
    };
    throw new ObjectStoreError('UNAVAILABLE', 'dead');
  });
  expect((await close()).status).toBe(503);
  spy.mockRestore();
  harness.sessions.hooks.before = undefined;
  harness.nowMs += 61_000;
};

describe('S3 destroys the copy of a held file, and the file is still in holding', () => {
  it('is copied again by the same CLOSE, and not lost', async () => {
    const under = await answered();
    destroyCopies(under, 1);
    expect((await under.close()).status).toBe(200);
    expect(objectText(under.harness)).toBe(text);
    expect(sessionStates(under.harness)).toEqual(['published']);
    expect(under.alarms()).toEqual(['a held file is copied to its destination again']);
    expectNothingLeft(under.harness);
  });

  it('again and again: the client is asked to come back, and its next CLOSE publishes', async () => {
    const under = await answered();
    destroyCopies(under, 3);
    expect((await under.close()).status).toBe(503);
    expect(sessionStates(under.harness)).toEqual(['publishing']);
    const beforeMs = under.harness.nowMs;
    expect((await under.close()).status).toBe(200);
    expect(under.harness.nowMs).toBe(beforeMs);
    expect(objectText(under.harness)).toBe(text);
    expectNothingLeft(under.harness);
  });

  it('again and again, and nobody comes back: the sweep publishes', async () => {
    const under = await answered();
    destroyCopies(under, 4);
    expect((await under.close()).status).toBe(503);
    under.harness.nowMs += 3_600_000;
    await new SweepHarness(under.harness).due();
    expect(objectText(under.harness)).toBe(text);
  });

  it.each([
    ['while it is copied: the next CLOSE begins', 2, 503],
    ['when it has been copied: the same CLOSE begins', 3, 200],
    ['when it is verified: the same CLOSE begins', 4, 200],
  ])('an upload that is gone %s another', async (_, nth, status) => {
    const under = await answered();
    const { objects } = under.harness;
    let listings = 0;
    objects.hooks.before = ({ name }) => {
      if (name !== 'listParts' || ++listings !== nth) return;
      for (const [id, { bucket }] of objects.uploads)
        if (bucket === 'destination') objects.uploads.delete(id);
    };
    expect((await under.close()).status).toBe(status);
    expect((await under.close()).status).toBe(200);
    expect(objectText(under.harness)).toBe(text);
    expectNothingLeft(under.harness);
  });

  it('other bytes in the copy than were acknowledged: copied again', async () => {
    const under = await answered();
    const { objects } = under.harness;
    vi.spyOn(objects, 'copyPart').mockImplementationOnce((upload, number) =>
      objects.uploadPart(upload, number, Buffer.from('x'.repeat(text.length))),
    );
    expect((await under.close()).status).toBe(200);
    expect(objectText(under.harness)).toBe(text);
    expectNothingLeft(under.harness);
  });

  it('is lost when the held file is gone as well', async () => {
    const under = await answered();
    const [question] = under.asked;
    destroyCopies(under, 1);
    const { objects } = under.harness;
    objects.hooks.before = ({ name }) => {
      if (name === 'completeUpload' || name === 'copyPart') return;
      if (objects.calls.copyPart > 0) objects.pieces.delete(question?.upload.key ?? '');
    };
    expect((await under.close()).status).toBe(404);
    expect(sessionStates(under.harness)).toEqual(['lost']);
    expect(under.alarms()).toContain('publication lost');
  });
});

describe('a publication is taken over whose copy is used up, and nothing is at the destination', () => {
  it('S3 had destroyed it: the held file is published', async () => {
    const under = await answered();
    await dieCompleting(under, ({ key }) => under.harness.objects.objects.delete(`destination/${key}`));
    expect((await under.close()).status).toBe(200);
    expect(objectText(under.harness)).toBe(text);
    expect(sessionStates(under.harness)).toEqual(['published']);
    expect(under.alarms()).toContain('a held file is copied to its destination again');
    expectNothingLeft(under.harness);
  });

  it("somebody else's object is there: refused, and it stays", async () => {
    const under = await answered();
    await dieCompleting(under, ({ key }) => under.harness.objects.plant('destination', key));
    expect((await under.close()).status).toBe(403);
    expect(objectText(under.harness)).toBe('somebody else');
    expectNothingLeft(under.harness);
  });

  it('ours is there: nothing is copied again', async () => {
    const under = await answered();
    await dieCompleting(under, () => undefined);
    expect((await under.close()).status).toBe(200);
    expect(under.harness.objects.calls.copyPart).toBe(1);
    expect(objectText(under.harness)).toBe(text);
  });

  it('may be replaced and has been since: the later file stays', async () => {
    const under = await answered({ allowOverwrites: true });
    await dieCompleting(under, ({ key }) => under.harness.objects.plant('destination', key));
    expect((await under.close()).status).toBe(200);
    expect(objectText(under.harness)).toBe('somebody else');
    expect(under.harness.objects.calls.copyPart).toBe(1);
  });
});
