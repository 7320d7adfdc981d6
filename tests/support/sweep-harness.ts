import { type SweepReport, sweep } from '../../functions/sweep.ts';
import type { Facts } from '../../lib/lambda/log.ts';
import type { FunctionsHarness } from './functions-harness.ts';
import { MemorySessionIndex } from './memory-index.ts';
import { MemoryObjectInventory } from './memory-inventory.ts';
import type { MemoryObjectStore } from './memory-object-store.ts';
import type { MemorySessionStore } from './memory-session-store.ts';

/** The sweep beside the functions of a harness: the same stores, clock and alarms. */
export class SweepHarness {
  readonly sessions: MemorySessionIndex;
  readonly inventory: MemoryObjectInventory;
  readonly reports: Facts[] = [];
  readonly metrics: [name: string, value: number][] = [];
  remainingMs = 300_000;
  readonly #run: ReturnType<typeof sweep>;

  constructor(harness: FunctionsHarness<MemorySessionStore, MemoryObjectStore>, buckets = ['destination']) {
    this.sessions = new MemorySessionIndex(harness.sessions.items);
    this.inventory = new MemoryObjectInventory(harness.objects);
    this.#run = sweep({
      services: harness.services,
      sessions: this.sessions,
      inventory: this.inventory,
      buckets,
      log: {
        packet: (facts) => this.reports.push(facts),
        alarm: (what, facts) => harness.alarms.push({ what, facts }),
      },
      metric: (name, value) => this.metrics.push([name, value]),
    });
  }

  /** Calls the function with an event that has been through JSON, as every event has. */
  run(event: unknown): Promise<SweepReport> {
    const sent: unknown = JSON.parse(JSON.stringify(event));
    return this.#run(sent, { getRemainingTimeInMillis: () => this.remainingMs });
  }

  due(): Promise<SweepReport> {
    return this.run({ task: 'due' });
  }

  orphans(): Promise<SweepReport> {
    return this.run({ task: 'orphans' });
  }

  records(...records: readonly unknown[]): Promise<SweepReport> {
    return this.run({ Records: records });
  }
}
