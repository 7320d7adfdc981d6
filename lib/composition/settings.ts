import type { Destination } from '../access/destination.ts';
import { consoleLog, type Log } from '../lambda/log.ts';

/** Environment variables, as a value: only `entry.ts` takes the process's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a function is composed from. */
export interface Settings {
  readonly environment: Environment;
  readonly destinations: readonly Destination[];
  /** In place of structured lines on the console. */
  readonly log?: Log;
}

/** The environment does not say what a function needs to know, or says what makes no sense. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code: 'MISSING_VARIABLE' | 'BAD_VARIABLE';

  constructor(code: SettingsError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * A variable that must be set.
 * @throws SettingsError naming it
 */
export const required = (environment: Environment, name: string): string => {
  const value = environment[name];
  if (value === undefined || value === '')
    throw new SettingsError('MISSING_VARIABLE', `the environment variable ${name} is not set`);
  return value;
};

/** The log of a function: `LOG_LEVEL` as for Lambda's own advanced logging, INFO if it says nothing. */
export const logOf = ({ environment, log }: Settings): Log =>
  log ?? consoleLog(environment['AWS_LAMBDA_FUNCTION_NAME'] ?? 'bits-s3', environment['LOG_LEVEL']);
