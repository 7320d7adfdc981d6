import { expect, it } from 'vitest';
import type { DeviationsByReason } from './deviations/by-reason.ts';
import { ceph } from './deviations/ceph.ts';
import { swift, swiftLuck } from './deviations/swift.ts';

/**
 * Where servers other than ours are known to differ from S3's documents. S3_TEST_SERVER names the server. A listed test
 * must fail, so that a server that has learned it is noticed too.
 */
const servers: Readonly<Record<string, DeviationsByReason>> = { ceph, swift };

/** Races that such a server loses only sometimes: not run there. */
const luck: Readonly<Record<string, DeviationsByReason>> = { swift: swiftLuck };

const serverName = process.env['S3_TEST_SERVER'] ?? '';
const byTitle = (list: DeviationsByReason = []) =>
  new Map(list.flatMap(([reason, listed]) => listed.map((title) => [title, reason] as const)));
const reasons = byTitle(servers[serverName]);
const lucky = byTitle(luck[serverName]);

const titles = new Set<string>();

/** `it`, for a behaviour that every S3 must show. Its title is its name, unique within a file. */
export function behaviour(title: string, test: () => Promise<void>): void {
  if (titles.has(title)) throw new Error(`two behaviours are called "${title}"`);
  titles.add(title);
  const reason = reasons.get(title);
  const whyLuck = lucky.get(title);
  if (whyLuck !== undefined) it.skip(`${title} (${serverName}: ${whyLuck})`, test);
  else if (reason === undefined) it(title, test);
  else it.fails(`${title} (${serverName}: ${reason})`, test);
}

/** Expect the SDK to report this S3 error. */
export async function expectError(outcome: Promise<unknown>, code: string, status: number): Promise<void> {
  const error: unknown = await outcome.then(
    () => expect.unreachable(`should have failed with ${code}`),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: code, $metadata: { httpStatusCode: status } });
}
