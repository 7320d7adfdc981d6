import { Logger } from '@aws-lambda-powertools/logger';

export type Facts = Readonly<Record<string, unknown>>;

/** Where a function reports: one line per packet, and what a person should look at. */
export interface Log {
  /** One packet was answered. Never holds a body, a query string or credentials. */
  packet(facts: Facts): void;
  /** A fault behind an answer, or acknowledged bytes in danger. */
  alarm(what: string, facts: Facts): void;
}

/** Structured lines on the console, which Lambda hands to CloudWatch Logs. */
export const consoleLog = (serviceName: string, level: string | undefined): Log => {
  const logger = new Logger({ serviceName, ...(level === undefined ? {} : { logLevel: parseLevel(level) }) });
  return {
    packet: (facts) => logger.info('packet', { ...facts }),
    alarm: (what, facts) => logger.error(what, { ...facts }),
  };
};

const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'SILENT', 'CRITICAL'] as const;

const parseLevel = (text: string): (typeof levels)[number] =>
  levels.find((level) => level === text.toUpperCase()) ?? 'INFO';
