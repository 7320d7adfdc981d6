import type { Invocation } from './invocation.ts';
import { label, operationOf, type PendingCall } from './pending-call.ts';
import type { CarryOptions } from './sdk.ts';
import type { WireResponse } from './wire.ts';

/** The AWS calls that wait for their turn, in the order in which they were made. */
export class WaitingCalls {
  readonly #calls: PendingCall[] = [];
  readonly #note: (line: string) => void;

  constructor(note: (line: string) => void) {
    this.#note = note;
  }

  /** A call in line: settles as whoever takes it says, or rejects when its time is over or its signal aborted. */
  wait(
    made: Pick<PendingCall, 'id' | 'invocation' | 'service' | 'request'>,
    { timeoutMs, signal }: CarryOptions,
  ): Promise<WireResponse> {
    return new Promise((resolve, reject) => {
      const call: PendingCall = {
        ...made,
        operation: operationOf(made.service, made.request),
        isAbandoned: false,
        isStuck: false,
        resolve: (response) => settle(() => resolve(response)),
        reject: (error) => settle(() => reject(error)),
      };
      const abandon = (name: string) => {
        if (call.isAbandoned || !this.#calls.includes(call)) return;
        call.reject(Object.assign(new Error(name), { name }));
        call.isAbandoned = true;
        this.#note(`${label(call)} abandoned: ${name}`);
      };
      const timer = setTimeout(() => abandon('TimeoutError'), timeoutMs ?? 60_000);
      const onAbort = () => abandon('AbortError');
      const settle = (then: () => void) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        if (!call.invocation.isDead && !call.isAbandoned) then();
      };
      this.#calls.push(call);
      if (signal?.aborted === true) onAbort();
      else signal?.addEventListener('abort', onAbort);
    });
  }

  /** Those that may happen now. */
  ready(): readonly PendingCall[] {
    return this.#calls.filter((call) => !call.isStuck || call.isAbandoned);
  }

  /** Out of the line: it happens now, or never. */
  take(call: PendingCall): void {
    this.#calls.splice(this.#calls.indexOf(call), 1);
  }

  /** What hangs goes on. */
  releaseAll(): void {
    for (const call of this.#calls) call.isStuck = false;
  }

  /** The first that hangs goes on; whether there was one. */
  releaseFirst(): boolean {
    const stuck = this.#calls.find((call) => call.isStuck);
    if (stuck !== undefined) stuck.isStuck = false;
    return stuck !== undefined;
  }

  /** Its caller is dead: nobody waits for its calls, which may happen all the same. */
  abandonAllOf(invocation: Invocation): void {
    for (const call of this.#calls) if (call.invocation === invocation) call.isAbandoned = true;
  }

  /** What an invocation still waits for. */
  awaitedBy(invocation: Invocation): readonly PendingCall[] {
    return this.#calls.filter((call) => call.invocation === invocation && !call.isAbandoned);
  }
}
