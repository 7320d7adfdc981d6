import type { Random } from './random.ts';

/** How often each thing goes wrong in one schedule, drawn from its seed: some schedules are calm, some are a storm. */
export interface FaultPlan {
  /** Of AWS calls. */
  readonly failBefore: number;
  readonly loseAnswer: number;
  readonly hang: number;
  readonly throttle: number;
  /** Of a CompleteMultipartUpload. */
  readonly conflict: number;
  /** Of scheduler steps. */
  readonly kill: number;
  readonly advanceEarly: number;
  readonly sweep: number;
  /** Of invocations: they meet an environment that remembers nothing. */
  readonly coldStart: number;
  /** Of packets and answers between client and load balancer. */
  readonly loseRequest: number;
  readonly loseAck: number;
  readonly duplicate: number;
}

const calm: FaultPlan = {
  failBefore: 0,
  loseAnswer: 0,
  hang: 0,
  throttle: 0,
  conflict: 0,
  kill: 0,
  advanceEarly: 0,
  sweep: 0.002,
  coldStart: 0.1,
  loseRequest: 0,
  loseAck: 0,
  duplicate: 0.05,
};

const kinds = [
  'failBefore',
  'loseAnswer',
  'hang',
  'throttle',
  'conflict',
  'kill',
  'advanceEarly',
  'sweep',
] as const;

/** A plan: a few kinds of fault at a rate each, the others not at all, so that rare pairs meet often enough. */
export const drawPlan = (random: Random): FaultPlan => {
  const plan: Record<keyof FaultPlan, number> = { ...calm };
  const stormy = random.chance(0.5);
  for (const kind of kinds) {
    if (random.chance(0.45)) plan[kind] = (stormy ? 0.12 : 0.03) * random.next();
  }
  // A kill ends a whole invocation of many steps, and a sweep is many calls: they have to be rarer than a failing call.
  plan.kill *= 0.35;
  plan.sweep *= 0.2;
  plan.advanceEarly *= 0.3;
  plan.conflict *= 4;
  plan.coldStart = random.pick([0, 0.1, 0.5, 1]);
  plan.loseRequest = random.pick([0, 0, 0.03, 0.15]);
  plan.loseAck = random.pick([0, 0.03, 0.15]);
  plan.duplicate = random.pick([0, 0.05, 0.25]);
  return plan;
};
