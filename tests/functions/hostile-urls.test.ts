import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromItem } from '../../lib/session/item.ts';
import { memoryHarness, testDestination } from '../support/functions-harness.ts';
import {
  cancelPacket,
  closePacket,
  createPacket,
  pingPacket,
  textFragment,
  withHeaders,
} from '../support/packets.ts';

/** Overlapping on purpose, and every key begins with what only its own destination writes. */
const places = [
  { prefix: '/', bucket: 'bucket-root', literal: 'root/', keyTemplate: 'root/{path}' },
  { prefix: '/uploads/', bucket: 'bucket-up', literal: 'up/in/', keyTemplate: 'up/in/{path}' },
  { prefix: '/uploads/a/', bucket: 'bucket-up', literal: 'a/', keyTemplate: 'a/{principal}/{path}' },
  { prefix: '/uploads/a/b/', bucket: 'bucket-b', literal: 'b-', keyTemplate: 'b-{extension}-{filename}' },
  { prefix: '/uploads/closed/', bucket: 'bucket-no', literal: 'no/', keyTemplate: 'no/{path}' },
] as const;

const pieces = [
  ...['/', '//', '/./', '/../', '.', '..', '%2e', '%2E%2e', '%2f', '%2F..%2F', '%5c', '\\', '..\\'],
  ...[
    '%252e%252e',
    '%252f',
    '....//',
    '%00',
    '\0',
    '%0d%0a',
    '%7f',
    '%c0%af',
    '%c0%ae',
    '%ed%a0%80',
    '%',
    '%u002e',
  ],
  ...[
    'uploads',
    'uploads/',
    'a',
    'a/',
    'b/',
    'closed/',
    'A/',
    'é',
    '%C3%A9',
    '💾',
    ' ',
    '+',
    ';',
    '.env',
    'x.tar.gz',
  ],
  ...['{path}', '{principal}', '$&', '__proto__', '?', '?..', '#', '*', 'root/', 'up/in/', 'x'.repeat(400)],
];
const targets = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...pieces) },
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 9 },
  )
  .chain((parts) =>
    fc
      .constantFrom('/', '/uploads/', '/uploads/a/', '/uploads/a/b/', '', '//')
      .map((start) => start + parts.join('')),
  );
const principals = fc.constantFrom(
  'alice',
  '..',
  '../..',
  'CORP\\x',
  'a/b',
  '.',
  '%2e%2e',
  '{path}',
  'up/in',
);

describe('ten thousand hostile URLs', () => {
  it('give no key outside the prefix and the bucket of the destination that they fall under', {
    timeout: 60_000,
  }, async () => {
    const harness = memoryHarness();
    let principal = 'alice';
    harness.identities = { basic: async () => ({ kind: 'basic', principal }) };
    harness.destinations = places.map(({ literal: _, ...place }) => ({
      ...testDestination,
      ...place,
      access: ['basic'],
      enabled: place.prefix !== '/uploads/closed/',
    }));
    const accepted = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(targets, principals, async (target, name) => {
        principal = name;
        harness.sessions.items.clear();
        const { status } = await harness.send(createPacket(target));
        expect([200, 400, 403, 501]).toContain(status);
        const sessions = [...harness.sessions.items.values()].map(fromItem);
        expect(sessions).toHaveLength(status === 200 ? 1 : 0);
        for (const { destination, bucket, key } of sessions) {
          accepted.set(destination, (accepted.get(destination) ?? 0) + 1);
          const path = decodeURIComponent(target.split('?')[0] ?? '');
          // Which destination it is, found out in another way: no longer prefix fits.
          const fitting = places.filter(({ prefix }) => path.startsWith(prefix));
          const own = fitting.reduce((a, b) => (a.prefix.length > b.prefix.length ? a : b));
          expect(destination).toBe(own.prefix);
          expect(destination).not.toBe('/uploads/closed/');
          expect(bucket).toBe(own.bucket);
          expect(key.startsWith(own.literal)).toBe(true);
          expect(key.split('/').filter((segment) => ['', '.', '..'].includes(segment))).toEqual([]);
          expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1024);
        }
      }),
      { numRuns: 10_000 },
    );
    // It would be easy to let nothing through.
    for (const prefix of ['/', '/uploads/', '/uploads/a/', '/uploads/a/b/'])
      expect(accepted.get(prefix) ?? 0, prefix).toBeGreaterThan(50);
  });
});

describe('what somebody sends who is not known', () => {
  it('makes us neither read nor write, whatever the packet, the body and the credentials', async () => {
    const harness = memoryHarness({
      destination: { access: ['basic'], sessionsPerPrincipal: 10 },
      identities: { basic: async () => undefined },
    });
    const session = '{0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012}';
    const packets = [
      pingPacket(),
      createPacket(),
      textFragment(session, 'text', 0),
      textFragment(session, 'text', 2),
      closePacket(session),
      cancelPacket(session),
      { headers: { 'BITS-Packet-Type': 'Nonsense' } },
      { headers: {} },
    ];
    for (const packet of packets) {
      for (const Authorization of [
        undefined,
        'Basic',
        'Basic YTpi',
        'Bearer x',
        `Basic ${'A'.repeat(5_000)}`,
      ]) {
        expect((await harness.send(withHeaders(packet, { Authorization }))).status).toBe(401);
      }
    }
    expect({ ...harness.sessions.hooks.made(), ...harness.objects.hooks.made() }).toEqual({});
  });
});
