import { readFile } from 'node:fs/promises';
import { type ResolvedDestination, withBuckets } from '../../lib/access/destination.ts';
import { SettingsError } from '../../lib/composition/settings.ts';
import { timersOf } from '../../lib/composition/timers.ts';
import { ConfigurationError } from '../config/errors.ts';
import { loadDestinations } from '../config/load.ts';
import { DEFAULT_LIMITS } from './alb/front-door.ts';
import { StartError, type StartErrorCode, systemErrorCode } from './errors.ts';
import type { ServiceDefinition } from './service.ts';
import { type LocalStackOptions, STAGING_BUCKET, UPLOAD_BUCKET } from './stack-options.ts';

/** Throws `StartError` where the lives of sessions do not fit together. */
export function checkTimers({ timers = {} }: LocalStackOptions): void {
  try {
    timersOf(timers);
  } catch (cause) {
    if (!(cause instanceof SettingsError)) throw cause;
    throw new StartError('BAD_SETTING', cause.message, { cause });
  }
}

/** The text of a file that the stack is described in. */
export async function readConfig(file: string, code: StartErrorCode): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new StartError(code, `${file} cannot be read (${systemErrorCode(cause) ?? String(cause)})`, {
      cause,
    });
  }
}

/** The destinations with their buckets, held to the limits of the function and the front door that they will meet. */
export async function readDestinations(
  file: string,
  { functions }: ServiceDefinition,
): Promise<readonly ResolvedDestination[]> {
  const fragment = functions.find(({ name }) => name === 'fragment');
  if (fragment === undefined)
    throw new StartError('BAD_SERVICE', 'serverless.yml: there is no function fragment');
  try {
    const destinations = await loadDestinations(file, {
      memoryBytes: fragment.memoryMegabytes * 1024 ** 2,
      maxRequestBodyBytes: DEFAULT_LIMITS.maxBodyBytes,
      stagingBucket: STAGING_BUCKET,
    });
    return withBuckets(destinations, UPLOAD_BUCKET, STAGING_BUCKET);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new StartError('BAD_DESTINATIONS', cause.problems.join('; '), { cause });
  }
}
