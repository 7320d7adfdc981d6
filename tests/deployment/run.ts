import type { Check, Finding, Subject } from './check.ts';
import { byteChecks } from './checks/bytes.ts';
import { logChecks } from './checks/logs.ts';
import { protocolChecks } from './checks/protocol.ts';
import { sizeChecks } from './checks/sizes.ts';

/** In this order: what shows most comes first, and what reads the logs of the others last. */
export const allChecks: readonly Check[] = [...protocolChecks, ...byteChecks, ...sizeChecks, ...logChecks];

export interface CheckResult extends Finding {
  readonly id: string;
  readonly assumption: string;
}

/** Runs each check, one after the other. Never rejects for what a service does: that is a finding. */
export const runChecks = async (
  subject: Subject,
  checks: readonly Check[],
  hooks: {
    readonly onStart?: (check: Check) => void;
    readonly onResult?: (result: CheckResult) => void;
  } = {},
): Promise<readonly CheckResult[]> => {
  const results: CheckResult[] = [];
  for (const check of checks) {
    hooks.onStart?.(check);
    const { verdict, evidence } = await check
      .run(subject)
      .catch((error: unknown): Finding => ({ verdict: 'fails', evidence: messageOf(error) }));
    const result = { id: check.id, assumption: check.assumption, verdict, evidence };
    results.push(result);
    hooks.onResult?.(result);
  }
  return results;
};

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.name}: ${error.message}${cause}`;
};
