import { defaultTimers, type SessionTimers } from '../session/timers.ts';
import { type Environment, SettingsError } from './settings.ts';

/** Lifecycle rules of the buckets come after the longest lifetime: beyond it they would discard live uploads. */
const maxLifetimeSeconds = defaultTimers.lifetimeSeconds;

/**
 * The lives of sessions: the defaults, or what CLOSE_GRACE_SECONDS and SESSION_LIFETIME_SECONDS say.
 * @throws SettingsError naming the variable
 */
export const timersOf = (environment: Environment): SessionTimers => ({
  ...defaultTimers,
  closeGraceSeconds: seconds(environment, 'CLOSE_GRACE_SECONDS', defaultTimers.closeGraceSeconds),
  lifetimeSeconds: seconds(environment, 'SESSION_LIFETIME_SECONDS', defaultTimers.lifetimeSeconds),
});

const seconds = (environment: Environment, name: string, fallback: number): number => {
  const text = environment[name];
  if (text === undefined || text === '') return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= maxLifetimeSeconds) return value;
  throw new SettingsError(
    'BAD_VARIABLE',
    `${name}=${text} is not a whole number of seconds from 1 to ${maxLifetimeSeconds}`,
  );
};
