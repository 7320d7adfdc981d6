import { createConsola, LogLevels, type LogObject } from 'consola/core';

export type Facts = Readonly<Record<string, unknown>>;

/** Where a function reports: one line per packet, and what a person should look at. */
export interface Log {
  /** One packet was answered. Never holds a body, a query string or credentials. */
  packet(facts: Facts): void;
  /** A fault behind an answer, or acknowledged bytes in danger. */
  alarm(what: string, facts: Facts): void;
}

/** Where lines go: each call is one line with its line end. */
export interface LogStreams {
  out(line: string): void;
  error(line: string): void;
}

/** Lambda hands both to CloudWatch Logs. Its own `console` would put text in front of the JSON. */
const processStreams: LogStreams = {
  out: (line) => process.stdout.write(line),
  error: (line) => process.stderr.write(line),
};

/**
 * One JSON line per report: `timestamp`, `level`, `service`, `message`, then the facts; errors with their causes.
 * `level` is a name of Lambda's (TRACE, DEBUG, INFO, WARN, ERROR, FATAL) or SILENT, in any letter case; else INFO.
 */
export const consoleLog = (
  service: string,
  level: string | undefined,
  streams: LogStreams = processStreams,
): Log => {
  const logger = createConsola({
    level: levels[level?.toUpperCase() ?? ''] ?? LogLevels.info,
    // Every packet has its line, also when it says the same as the one before.
    throttle: 0,
    throttleMin: Number.POSITIVE_INFINITY,
    reporters: [
      {
        log: (entry) => {
          const write = entry.type === 'error' ? streams.error : streams.out;
          write(`${jsonLine(service, entry)}\n`);
        },
      },
    ],
  });
  return {
    packet: (facts) => logger.info('packet', facts),
    alarm: (what, facts) => logger.error(what, facts),
  };
};

const levels: Readonly<Record<string, number>> = {
  TRACE: LogLevels.trace,
  DEBUG: LogLevels.debug,
  INFO: LogLevels.info,
  WARN: LogLevels.warn,
  ERROR: LogLevels.error,
  FATAL: LogLevels.fatal,
  CRITICAL: LogLevels.fatal,
  SILENT: LogLevels.silent,
};

const jsonLine = (service: string, { date, type, args }: LogObject): string => {
  const [message, facts]: unknown[] = args;
  const head = {
    timestamp: date.toISOString(),
    level: type.toUpperCase(),
    service,
    message: String(message),
  };
  try {
    // The facts cannot take the place of the head: a key keeps its place, and the later value wins.
    return JSON.stringify({ ...head, ...Object(facts), ...head }, plain);
  } catch (error) {
    // Facts that refer to themselves: a report must never be the fault.
    return JSON.stringify({ ...head, unreportable: String(error) });
  }
};

/** What JSON cannot say by itself. */
const plain = (_key: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? describeError(value, maxCauses) : value;
};

/** Further causes say nothing new, and a chain may be a ring. */
const maxCauses = 8;

const describeError = (error: Error, causesLeft: number): Facts => {
  const { name, message, stack, cause } = error;
  const facts: Record<string, unknown> = { name, message };
  if ('code' in error) facts['code'] = String(error.code);
  // What AWS support asks for.
  if ('$metadata' in error) facts['requestId'] = Object(error.$metadata).requestId;
  facts['stack'] = stack
    ?.split('\n')
    .slice(1)
    .map((line) => line.trim());
  if (cause instanceof Error) facts['cause'] = causesLeft > 0 ? describeError(cause, causesLeft - 1) : '…';
  else if (cause !== undefined) facts['cause'] = String(cause);
  return facts;
};
