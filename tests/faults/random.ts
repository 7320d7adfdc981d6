import { Chance } from '../../infra/planning/fleet/chance.ts';

/** Every choice of a schedule comes from here, so that a seed replays it exactly. */
export class Random extends Chance {
  /** A whole number in [least, most]. */
  between(least: number, most: number): number {
    return least + this.int(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.int(values.length)];
    if (value === undefined) throw new RangeError('nothing to pick from');
    return value;
  }

  bytes(length: number): Buffer {
    const words = new Uint32Array(Math.ceil(length / 4));
    for (let index = 0; index < words.length; index++) words[index] = this.int(2 ** 32);
    return Buffer.from(words.buffer, 0, length);
  }

  hex(bytes: number): string {
    return Array.from({ length: bytes }, () => this.int(256).toString(16).padStart(2, '0')).join('');
  }
}
