import type { CaseResult } from '../../conformance/report.ts';
import { runConformance } from '../../conformance/run.ts';
import { type Check, fails, holds, type Subject } from '../check.ts';

const failures = async (
  { credentials, runId, url }: Subject,
  isHeaderCaseExact: boolean,
  only?: readonly string[],
): Promise<{ readonly failed: readonly CaseResult[]; readonly passed: number }> => {
  const report = await runConformance({
    url,
    isHeaderCaseExact,
    isQuick: true,
    runId: `${runId}-${isHeaderCaseExact ? 'exact' : 'any'}`,
    ...(credentials === undefined ? {} : { credentials, authUrl: url }),
    ...(only === undefined ? {} : { only }),
  });
  return { passed: report.passed, failed: report.cases.filter(({ outcome }) => outcome === 'failed') };
};

/** The whole of a small upload, packet by packet. */
const simpleUpload = 'x1-replay';

const conformance: Check = {
  id: 'conformance',
  assumption: 'every packet reaches its function, and every answer its client, as the protocol has them',
  async run(subject) {
    const simple = await failures(subject, false, [simpleUpload]);
    // Nothing works: two hundred cases that wait for it one after the other would say no more.
    if (simple.failed[0] !== undefined)
      return fails(`not even a simple upload: ${simple.failed[0].reason ?? ''}`);
    const { failed, passed } = await failures(subject, true);
    const [first] = failed;
    if (first === undefined) return holds(`${passed} cases passed`);
    const again = await failures(
      subject,
      false,
      failed.map(({ id }) => id),
    );
    // Windows compares names in any case (RFC 9110 5.1), so this is a thing to know and nothing to mend.
    return again.failed.length === 0
      ? holds(
          `${passed} cases passed, ${failed.length} more with header names in another letter case than ours`,
        )
      : fails(`${failed.length} of ${failed.length + passed} cases fail; ${first.id}: ${first.reason ?? ''}`);
  },
};

export const protocolChecks: readonly Check[] = [conformance];
