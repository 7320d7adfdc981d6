import { describe, expect, it } from 'vitest';
import type { Publishing } from '../../lib/session/session.ts';
import { completeEntity, type Parts } from '../../lib/upload/complete-entity.ts';
import {
  type CompletionAnswer,
  type FoundObject,
  type ListedPart,
  ObjectStoreError,
} from '../../lib/upload/object-store.ts';
import { anothers, nobody, ours, parts, partsWithTag, publication, publishing } from './publication.ts';
import { noAnswer, type Step } from './scripted-stores.ts';

interface Script {
  /** What is there at each look; the last one stays. */
  readonly heads: readonly Step<FoundObject | undefined>[];
  readonly answers?: readonly Step<CompletionAnswer>[];
  readonly listings?: readonly Step<readonly ListedPart[]>[];
  readonly listed?: Parts;
  readonly session?: Partial<Publishing>;
}

const overwriting = { allowOverwrites: true };
const gone = () => new ObjectStoreError('NO_SUCH_UPLOAD', 'gone');
const published = { is: 'published' };
const taken = { is: 'taken' };
const unverified = { is: 'unverified', why: expect.any(String), isBelieved: false };
const believed = { ...unverified, isBelieved: true };
const lost = { is: 'lost', why: expect.any(String) };

const run = async (script: Script) => {
  const { objects, services, budget } = publication();
  objects.heads.push(...script.heads);
  objects.completions.push(...(script.answers ?? []));
  objects.listings.push(...(script.listings ?? []));
  const session = { ...publishing, ...script.session };
  const verdict = await completeEntity(services, session, script.listed ?? [...parts], budget).catch(
    (error: unknown) => error,
  );
  return { verdict, objects };
};

type Case = readonly [name: string, script: Script, verdict: unknown, completions: number];

const cases: readonly Case[] = [
  // Before any Complete: the destination as it is found.
  ['it is there already: an answer was lost', { heads: [ours] }, published, 0],
  ["another's is there", { heads: [anothers] }, taken, 0],
  ["an object of nobody's session is there", { heads: [{ sizeBytes: 200, sessionId: undefined }] }, taken, 0],
  ['our session, another size: not this entity', { heads: [{ ...ours, sizeBytes: 199 }] }, taken, 0],
  [
    "another's is there and may be replaced",
    { heads: [anothers, ours], answers: ['completed'], session: overwriting },
    published,
    1,
  ],
  [
    "an empty CLOSE never replaces another's, whatever may be replaced",
    { heads: [anothers], session: { ...overwriting, closedEmpty: true } },
    taken,
    0,
  ],

  // 200.
  ['200, and it is there', { heads: [nobody, ours], answers: ['completed'] }, published, 1],
  [
    '200, and nothing is there: moved already',
    { heads: [nobody, nobody], answers: ['completed'] },
    unverified,
    1,
  ],
  [
    '200, and one that came after ours has replaced it: raised the alarm that nobody had seen ours',
    { heads: [nobody, anothers], answers: ['completed'], session: overwriting },
    published,
    1,
  ],
  ["200, and another's is there", { heads: [nobody, anothers], answers: ['completed'] }, unverified, 1],
  [
    '200, and the look is not answered',
    { heads: [nobody, noAnswer()], answers: ['completed'] },
    published,
    1,
  ],

  // 412.
  ['412, and ours is there', { heads: [nobody, ours], answers: ['taken'] }, published, 1],
  ["412, and another's is there", { heads: [nobody, anothers], answers: ['taken'] }, taken, 1],
  [
    '412, and nothing is there any more',
    { heads: [nobody, nobody, ours], answers: ['taken', 'completed'] },
    published,
    2,
  ],

  // NoSuchUpload at Complete.
  ['NoSuchUpload, and ours is there', { heads: [nobody, ours], answers: ['no-such-upload'] }, published, 1],
  [
    'NoSuchUpload, and nothing is there',
    { heads: [nobody, nobody], answers: ['no-such-upload'] },
    believed,
    1,
  ],
  [
    "NoSuchUpload, and another's is there",
    { heads: [nobody, anothers], answers: ['no-such-upload'] },
    taken,
    1,
  ],
  [
    "NoSuchUpload, and another's is there that ours might have replaced",
    { heads: [nobody, anothers], answers: ['no-such-upload'], session: overwriting },
    unverified,
    1,
  ],

  // 409.
  ['409, and ours is there', { heads: [nobody, ours], answers: ['conflict'] }, published, 1],
  ["409, and another's is there", { heads: [nobody, anothers], answers: ['conflict'] }, taken, 1],
  [
    '409, the upload lives: Complete again',
    { heads: [nobody, nobody, nobody, ours], answers: ['conflict', 'completed'] },
    published,
    2,
  ],
  [
    "409, the upload lives, another's may be replaced: Complete again",
    { heads: [anothers, anothers, anothers, ours], answers: ['conflict', 'completed'], session: overwriting },
    published,
    2,
  ],
  [
    '409, the upload is gone, nothing is there',
    { heads: [nobody, nobody, nobody], answers: ['conflict'], listings: [gone()] },
    lost,
    1,
  ],
  [
    '409, the upload is gone because ours came through',
    { heads: [nobody, nobody, ours], answers: ['conflict'], listings: [gone()] },
    published,
    1,
  ],
  [
    "409, the upload is gone because another's came through",
    { heads: [nobody, nobody, anothers], answers: ['conflict'], listings: [gone()] },
    taken,
    1,
  ],
  [
    "409, the upload is gone, and another's is there that ours would have replaced",
    {
      heads: [anothers, anothers, anothers],
      answers: ['conflict'],
      listings: [gone()],
      session: overwriting,
    },
    lost,
    1,
  ],

  // Size or checksum.
  ['BadDigest: nothing is published', { heads: [nobody, nobody], answers: ['mismatch'] }, lost, 1],
  ['BadDigest of a repeated Complete', { heads: [nobody, ours], answers: ['mismatch'] }, published, 1],
  ["BadDigest, and another's is there", { heads: [nobody, anothers], answers: ['mismatch'] }, lost, 1],

  // No answer.
  ['no answer, and ours is there', { heads: [nobody, ours], answers: [noAnswer()] }, published, 1],
  ["no answer, and another's is there", { heads: [nobody, anothers], answers: [noAnswer()] }, taken, 1],
  [
    'no answer, and nothing is there: Complete again',
    { heads: [nobody, nobody, ours], answers: [noAnswer(), 'completed'] },
    published,
    2,
  ],
  [
    'no answer three times, and then ours is there',
    { heads: [nobody, nobody, nobody, ours], answers: [noAnswer(), noAnswer(), noAnswer()] },
    published,
    3,
  ],
  [
    "no answer three times, and then another's is there",
    { heads: [nobody, nobody, nobody, anothers], answers: [noAnswer(), noAnswer(), noAnswer()] },
    taken,
    3,
  ],

  // What ListParts said before.
  ['the upload was gone before, and ours is there', { heads: [ours], listed: 'gone' }, published, 0],
  ['the upload was gone before, and nothing is there', { heads: [nobody], listed: 'gone' }, believed, 0],
  ["the upload was gone before, and another's is there", { heads: [anothers], listed: 'gone' }, taken, 0],
  [
    "the upload was gone before, and another's is there that ours might have replaced",
    { heads: [anothers], listed: 'gone', session: overwriting },
    unverified,
    0,
  ],
  ['the parts are not the entity', { heads: [nobody], listed: 'wrong' }, lost, 0],
  ['the parts are not the entity, yet ours is there', { heads: [ours], listed: 'wrong' }, published, 0],
];

describe('completeEntity', () => {
  it.each(cases)('%s', async (_, script, verdict, completions) => {
    const result = await run(script);
    expect(result.verdict).toEqual(verdict);
    expect(result.objects.completed).toHaveLength(completions);
    // Not one look more or less than the script has.
    expect(result.objects.heads).toEqual([]);
  });

  it('asks S3 to verify parts, size and checksum, and to replace nothing', async () => {
    const { objects } = await run({ heads: [nobody, ours] });
    expect(objects.completed).toEqual([{ parts, totalBytes: 200, crc32: 0xcafebabe, onlyIfAbsent: true }]);
  });

  it.each([
    [false, false, true],
    [true, false, false],
    [true, true, true],
    [false, true, true],
  ])(
    'overwriting %s, empty CLOSE %s: only if absent %s',
    async (allowOverwrites, closedEmpty, onlyIfAbsent) => {
      const { objects } = await run({ heads: [nobody, ours], session: { allowOverwrites, closedEmpty } });
      expect(objects.completed[0]?.onlyIfAbsent).toBe(onlyIfAbsent);
    },
  );

  describe('InvalidPart: a late writer has uploaded a part again', () => {
    it('lists again and completes with the tags of now', async () => {
      const { verdict, objects } = await run({
        heads: [nobody, nobody, ours],
        answers: ['invalid-part', 'completed'],
        listings: [partsWithTag('second')],
      });
      expect(verdict).toEqual(published);
      expect(objects.completed.map((completion) => completion.parts)).toEqual([
        parts,
        partsWithTag('second'),
      ]);
    });

    it('at most three times in one invocation', async () => {
      const { verdict, objects } = await run({
        heads: [nobody, nobody, nobody, nobody],
        answers: ['invalid-part', 'invalid-part', 'invalid-part'],
      });
      expect(verdict).toMatchObject({ name: 'ObjectStoreError', code: 'UNAVAILABLE' });
      expect(objects.completed).toHaveLength(3);
    });

    it('parts that are not the entity any more are lost', async () => {
      const listings = [parts.slice(1)];
      expect((await run({ heads: [nobody, nobody], answers: ['invalid-part'], listings })).verdict).toEqual(
        lost,
      );
    });

    it('an upload that is gone by now was used up', async () => {
      const listings = [gone()];
      const answers = ['invalid-part'] as const;
      expect((await run({ heads: [nobody, nobody], answers, listings })).verdict).toEqual(believed);
      expect((await run({ heads: [nobody, ours], answers, listings })).verdict).toEqual(published);
      expect((await run({ heads: [nobody, anothers], answers, listings })).verdict).toEqual(taken);
    });
  });

  it.each([
    ['no answer', noAnswer()],
    ['409 and a living upload', 'conflict'],
    ['412 and nothing there', 'taken'],
  ] as const)('%s three times is not decided: the client comes back', async (name, answer) => {
    const { verdict, objects } = await run({ heads: [], answers: [answer, answer, answer, answer] });
    expect(verdict).toMatchObject({ name: 'ObjectStoreError', code: 'UNAVAILABLE' });
    expect(objects.completed).toHaveLength(3);
    if (name === 'no answer') expect(verdict).toMatchObject({ cause: answer });
  });

  it.each([
    ['before Complete', [noAnswer()], []],
    ['after 412', [nobody, noAnswer()], ['taken']],
    ['after NoSuchUpload', [nobody, noAnswer()], ['no-such-upload']],
    ['after 409', [nobody, noAnswer()], ['conflict']],
    ['after BadDigest', [nobody, noAnswer()], ['mismatch']],
  ] as const)('a look that is not answered %s decides nothing', async (_, heads, answers) => {
    expect((await run({ heads, answers })).verdict).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('a listing that is not answered after 409 decides nothing', async () => {
    const { verdict } = await run({ heads: [nobody, nobody], answers: ['conflict'], listings: [noAnswer()] });
    expect(verdict).toMatchObject({ code: 'UNAVAILABLE' });
  });
});
