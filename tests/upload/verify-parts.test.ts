import { describe, expect, it } from 'vitest';
import { verifyParts } from '../../lib/upload/complete-entity.ts';
import { type ListedPart, ObjectStoreError } from '../../lib/upload/object-store.ts';
import { parts, publication, stored } from './publication.ts';
import { noAnswer, type Step } from './scripted-stores.ts';

describe('verifyParts', () => {
  const verify = async (listing: Step<readonly ListedPart[]>) => {
    const { objects, services, budget } = publication();
    objects.listings.push(listing);
    return verifyParts(services, stored, budget);
  };

  const changed = (at: number, change: Partial<ListedPart>) =>
    parts.map((part, index) => (index === at ? { ...part, ...change } : part));

  it('every part is there with its size', async () => {
    expect(await verify(parts)).toEqual(parts);
  });

  it.each([
    ['none', []],
    ['the last is missing', parts.slice(0, -1)],
    ['one in the middle is missing', parts.filter(({ number }) => number !== 2)],
    ['one too many', [...parts, { number: 5, sizeBytes: 1, etag: '"x"' }]],
    ['numbers that do not begin with 1', parts.map((part) => ({ ...part, number: part.number + 1 }))],
    ['a short part', changed(0, { sizeBytes: 63 })],
    ['a long part', changed(1, { sizeBytes: 65 })],
    ['a last part that is whole', changed(3, { sizeBytes: 64 })],
    ['an empty last part', changed(3, { sizeBytes: 0 })],
    [
      'sizes that only sum up',
      changed(0, { sizeBytes: 65 }).map((part) => (part.number === 2 ? { ...part, sizeBytes: 63 } : part)),
    ],
  ])('%s: wrong', async (_, listing) => {
    expect(await verify(listing)).toBe('wrong');
  });

  it('no such upload: gone', async () => {
    expect(await verify(new ObjectStoreError('NO_SUCH_UPLOAD', 'gone'))).toBe('gone');
  });

  it('no answer is no listing', async () => {
    await expect(verify(noAnswer())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('an empty entity is one empty part', async () => {
    const { objects, services, budget } = publication();
    const empty = { ...stored, entity: { ...stored.entity, totalBytes: 0, partCount: 1 } };
    objects.listings.push([{ number: 1, sizeBytes: 0, etag: '"x"' }], []);
    expect(await verifyParts(services, empty, budget)).toHaveLength(1);
    expect(await verifyParts(services, empty, budget)).toBe('wrong');
  });
});
