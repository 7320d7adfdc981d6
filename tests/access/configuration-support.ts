import { expect } from 'vitest';
import { ConfigurationError } from '../../infra/config/errors.ts';
import { parseDestinations } from '../../infra/config/load.ts';
import type { StackLimits } from '../../infra/config/rules.ts';
import type { Destination } from '../../lib/access/destination.ts';

export const limits: StackLimits = {
  memoryBytes: 512 * 1024 ** 2,
  maxRequestBodyBytes: 1_000_000,
  stagingBucket: 'my-staging',
};

/** A file with one destination: what every destination needs, changed by `keys` (`undefined` takes a line out). */
export const oneDestination = (keys: Readonly<Record<string, string | undefined>> = {}): string => {
  const lines = Object.entries({ prefix: '/uploads/', maximumUploadSize: '80GiB', access: 'none', ...keys })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${value}`);
  return `destinations:\n  - ${lines.join('\n    ')}\n`;
};

/** As if it were the shipped file, on the local stack. */
export const parse = (text: string, changes: Partial<StackLimits> = {}): readonly Destination[] =>
  parseDestinations(text, 'infra/destinations.yml', { ...limits, ...changes });

/** The problems of a text without their file name; none when it can be used. */
export const problemsOf = (text: string, changes: Partial<StackLimits> = {}): readonly string[] => {
  try {
    parse(text, changes);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect(error.code).toBe('CONFIGURATION_INVALID');
    expect(error.message).toBe(error.problems.join('\n'));
    const prefix = 'infra/destinations.yml: ';
    expect(error.problems.filter((problem) => !problem.startsWith(prefix))).toEqual([]);
    return error.problems.map((problem) => problem.slice(prefix.length));
  }
  return [];
};
