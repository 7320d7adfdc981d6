import { onTestFinished } from 'vitest';
import { consoleLog, type Facts, type Log } from '../../lib/lambda/log.ts';

/** A ticket, an Authorization value, a ticket's parameter, and the passwords that tests log in with. */
const secrets = [
  /eyJ[\w-]{8,}\.[\w-]{8,}/,
  /\b(?:Basic|Bearer)\s+[\w+/=.-]{6,}/i,
  /\bticket=[^"&\s]/,
  /opensesame|bergamot|correct horse/,
];

/** The running test fails, also where a handler would have taken an error for a fault. */
const check = (line: string): void => {
  const found = secrets.find((secret) => secret.test(line));
  if (found === undefined) return;
  onTestFinished(() => {
    throw new Error(`a line of the log has what ${found} finds`);
  });
};

const real = consoleLog('test', undefined, { out: check, error: check });

/** Writes what the log would write, with its causes, into nothing: no line of any test's log may have a secret. */
export const secretFree = (log: Log): Log => ({
  packet: (facts: Facts) => {
    real.packet(facts);
    log.packet(facts);
  },
  alarm: (what: string, facts: Facts) => {
    real.alarm(what, facts);
    log.alarm(what, facts);
  },
});
