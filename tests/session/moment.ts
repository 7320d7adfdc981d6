import type { SessionTimers } from '../../lib/session/timers.ts';
import type { Moment, Notifiable } from '../../lib/session/transitions.ts';
import { base, stored } from './sessions.ts';

export const timers: SessionTimers = {
  lifetimeSeconds: 1_000_000,
  emptySessionSeconds: 86_400,
  closeGraceSeconds: 3_600,
  tombstoneSeconds: 80_000,
  recoverySeconds: 60,
};
// 1,000.999 s after the creation: seconds are rounded down, never up.
export const nowMs = base.createdAtMs + 1_000_876;
export const nowSeconds = 1_795_001_000;
export const moment: Moment = { attempt: 'd1d2d3d4d5d6', nowMs, timers };
export const timeoutSeconds = 10_000;

export const token = '00112233445566778899aabbccddeeff';
export const endsAtSeconds = nowSeconds + 50_000;
export const notifiable: Notifiable = {
  ...stored,
  place: 'holding',
  notification: { is: 'due', token, endsAtSeconds },
};
export const answered = { is: 'answered', reply: { token }, publish: true } as const;
