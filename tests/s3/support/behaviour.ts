import { expect, it } from 'vitest';

/**
 * Where servers other than ours are known to differ from S3's documents: server → title of the test → reason.
 * S3_TEST_SERVER names the server. A listed test must fail, so that a server that has learned it is noticed too.
 */
const deviations: Readonly<Record<string, Readonly<Record<string, string>>>> = {};

const titles = new Set<string>();

/** `it`, for a behaviour that every S3 must show. Its title is its name, unique within a file. */
export function behaviour(title: string, test: () => Promise<void>): void {
  if (titles.has(title)) throw new Error(`two behaviours are called "${title}"`);
  titles.add(title);
  const server = process.env['S3_TEST_SERVER'] ?? '';
  const reason = deviations[server]?.[title];
  if (reason === undefined) it(title, test);
  else it.fails(`${title} (${server}: ${reason})`, test);
}

/** Expect the SDK to report this S3 error. */
export async function expectError(outcome: Promise<unknown>, code: string, status: number): Promise<void> {
  const error: unknown = await outcome.then(
    () => expect.unreachable(`should have failed with ${code}`),
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: code, $metadata: { httpStatusCode: status } });
}
