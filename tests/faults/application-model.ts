import type { ReplyApplication } from '../../lib/access/reply-application.ts';
import { type Answer, type Application, ApplicationError } from '../../lib/reply/application.ts';
import { isKept, isRefused, replyTo } from './application-words.ts';
import type { Invariants } from './invariants.ts';
import type { Simulation } from './simulation.ts';

export const replyTerms: ReplyApplication = {
  kind: 'http',
  url: 'https://app.example.test/',
  mode: 'by-value',
  hosts: [],
  privateHosts: [],
  secret: null,
  timeoutSeconds: 10,
  maximumReplyBytes: 1_000_000,
};

/**
 * An application that dies before it has done anything, and after it has but before its answer is there; that takes twice
 * as long as it may; that is busy. It holds the server to asking it no more once a result has been written down.
 */
export const applicationModel =
  (simulation: Simulation, invariants: Invariants): Application =>
  ({ sessionId }, signal) => {
    const known = invariants.sessions.get(sessionId);
    if (known?.state === 'stored' && known.notification?.is === 'answered') {
      simulation.fail(`the application was asked about ${sessionId}, which it has answered`);
    }
    const { random } = simulation;
    const drawn = random.next();
    const fate =
      drawn < 0.08
        ? 'dies'
        : drawn < 0.16
          ? 'is cut off'
          : drawn < 0.24
            ? 'is slow'
            : drawn < 0.32
              ? 'is busy'
              : 'answers';
    simulation.note(`  the application is asked about ${sessionId.slice(0, 4)} and ${fate}`);
    simulation.count(`application ${fate}`);
    const durationMs = fate === 'is slow' ? 2_000 * replyTerms.timeoutSeconds : random.int(6_000);
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      setTimeout(() => {
        if (fate === 'dies' || fate === 'is cut off') reject(new ApplicationError('UNREACHABLE', fate));
        else resolve(fate === 'is busy' ? { status: 500 } : answerTo(sessionId));
      }, durationMs);
    });
  };

const answerTo = (sessionId: string): Answer =>
  isRefused(sessionId)
    ? { status: 403 }
    : {
        status: 200,
        publish: !isKept(sessionId),
        reply: {
          is: 'body',
          body: (async function* () {
            yield Buffer.from(replyTo(sessionId));
          })(),
        },
      };
