import type { Random } from './random.ts';
import type { Service } from './sdk.ts';

/** What goes wrong with a call that is carried out, or not, at once. */
const callFaults = ['failBefore', 'throttle', 'loseAnswer'] as const;
export type CallFault = (typeof callFaults)[number];

/** What goes wrong with the coming calls to a service: trouble rarely ends with the call that met it. */
export class Trouble {
  readonly #random: Random;
  readonly #episodes = new Map<Service, { readonly kind: CallFault; left: number }>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** The trouble of the next call: that of the one before, for a few calls, or what `isDrawn` begins. */
  next(service: Service, isDrawn: (kind: CallFault) => boolean): CallFault | undefined {
    const episode = this.#episodes.get(service);
    if (episode !== undefined) {
      if (--episode.left <= 0) this.#episodes.delete(service);
      return episode.kind;
    }
    const kind = callFaults.find(isDrawn);
    if (kind === undefined) return undefined;
    const left = kind === 'throttle' || this.#random.chance(0.3) ? this.#random.int(4) : 0;
    if (left > 0) this.#episodes.set(service, { kind, left });
    return kind;
  }

  end(): void {
    this.#episodes.clear();
  }
}
