import { describe, expect, it } from 'vitest';
import { defaultTimers } from '../../lib/session/timers.ts';
import { discard } from '../../lib/session/transitions.ts';
import { cleanUp } from '../../lib/upload/discard.ts';
import { publish } from '../../lib/upload/publish.ts';
import { readPieces } from '../../lib/upload/staging.ts';
import { WarmState } from '../../lib/upload/warm.ts';
import { publication, startMs, stored } from './publication.ts';
import { noAnswer } from './scripted-stores.ts';

/** Work that is watched: whether it is over, and a call inside it that ends only when it is told to. */
const watched = <T>(begin: (slowCall: Promise<T>) => Promise<unknown>) => {
  let release: (value: T) => void = () => undefined;
  const slowCall = new Promise<T>((resolve) => {
    release = resolve;
  });
  const state = { isOver: false };
  const outcome = begin(slowCall).then(
    (value) => {
      state.isOver = true;
      return value;
    },
    (error: unknown) => {
      state.isOver = true;
      return error;
    },
  );
  return { release, outcome, state };
};

/** Lets everything run that waits for nothing outside. */
const drain = async () => {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
};

/** Lambda freezes what still runs when the handler returns, and it would wake up in somebody else's invocation. */
describe('a call that fails leaves no other one running', () => {
  it('publishing: the look at the destination fails while staging is being listed', async () => {
    const { objects, services, budget } = publication();
    const { release, outcome, state } = watched<readonly string[]>((slowCall) => {
      objects.heads.push(noAnswer());
      objects.pieceListings.push(() => slowCall);
      return publish(services, stored, 'close-session', budget);
    });
    await drain();
    expect(objects.log).toContain('list pieces');
    expect(state.isOver).toBe(false);
    release([]);
    expect(await outcome).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('clean-up: the abort fails while staging is being listed', async () => {
    const tombstone = discard(stored, 'lost', {
      attempt: 'c1c2c3c4c5c6',
      nowMs: startMs,
      timers: defaultTimers,
    });
    const { objects, services, budget, alarms } = publication(tombstone);
    objects.abortUpload = async () => {
      throw noAnswer();
    };
    const { release, outcome, state } = watched<readonly string[]>((slowCall) => {
      objects.pieceListings.push(() => slowCall);
      return cleanUp(services, tombstone, budget);
    });
    await drain();
    expect(state.isOver).toBe(false);
    release([]);
    expect(await outcome).toBe(tombstone);
    expect(alarms.map(({ what }) => what)).toEqual(['clean-up left to the sweep']);
  });

  it('gathering: one piece cannot be read while another is being read', async () => {
    const tail = [
      { offset: 0, level: 0, attempt: 'a1a2a3a4a5a6' },
      { offset: 10, level: 0, attempt: 'b1b2b3b4b5b6' },
    ];
    const { objects, budget } = publication();
    const { release, outcome, state } = watched<Uint8Array>((slowCall) => {
      objects.getPiece = async (key?: string) => {
        if (key?.startsWith('s/0-') !== true) return slowCall;
        throw noAnswer();
      };
      return readPieces(objects, new WarmState(0), 's', { tail, next: 20 }, tail, budget.signal);
    });
    await drain();
    expect(state.isOver).toBe(false);
    release(new Uint8Array(10));
    expect(await outcome).toMatchObject({ code: 'UNAVAILABLE' });
  });
});
