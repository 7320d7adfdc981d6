import { describe, expect, it } from 'vitest';
import { billOf } from '../../infra/planning/bill.ts';
import { addUp } from '../../infra/planning/counts.ts';
import { designs } from '../../infra/planning/designs.ts';

const gibibyte = 2 ** 30;

/** Requests per GiB, worked out on paper for fragments of 1 MiB and parts of 8 MiB, what a file costs once left out. */
const onPaper: Readonly<Record<string, readonly [writes: number, reads: number]>> = {
  'this design': [1_024, 0],
  'stage every fragment, read all back': [1_152, 1_024],
  'rewrite a growing tail, state in DynamoDB': [1_024, 896],
  'rewrite a growing tail, state in S3': [2_048, 2_944],
  'append in S3 Express One Zone, copy out': [0, 0],
  'buffer fragments in DynamoDB': [128, 0],
};

describe('the cost sheet', () => {
  it.each(Object.entries(onPaper))('%s: as many requests as on paper', (title, [writes, reads]) => {
    const design = designs.find((one) => one.title === title);
    const counts = design?.countsOf({ fileBytes: gibibyte, fragmentBytes: 2 ** 20 });
    expect(Math.abs((counts?.s3Writes ?? Number.NaN) - writes)).toBeLessThanOrEqual(4);
    expect(Math.abs((counts?.s3Reads ?? Number.NaN) - reads)).toBeLessThanOrEqual(3);
  });

  it('a bill is the sum of its services, each from its own counts', () => {
    const counts = addUp([
      { s3Writes: 1_000, s3Reads: 10_000, s3Deletes: 1e9 },
      { dynamodbWriteUnits: 1e6, dynamodbReadUnits: 1e6, expressWrites: 1_000 },
      { invocations: 1e6, billedMs: 2_000_000, loadBalancerBytes: 4e8 },
    ]);
    const bill = billOf(counts);
    expect(bill.s3).toBeCloseTo(0.009, 9);
    expect(bill.dynamodb).toBeCloseTo(0.75, 9);
    expect(bill.s3Express).toBeCloseTo(0.00113, 9);
    expect(bill.lambda).toBeCloseTo(0.2 + 1_000 * 0.0000133334, 9);
    expect(bill.loadBalancer).toBeCloseTo(0.008, 9);
    const { total, ...services } = bill;
    expect(total).toBeCloseTo(
      Object.values(services).reduce((sum, dollars) => sum + dollars, 0),
      9,
    );
  });

  it('fragments a fifth as long cost five times the requests, and the same through the load balancer', () => {
    const at = (fragmentBytes: number) =>
      billOf(
        addUp(designs.slice(0, 1).map(({ countsOf }) => countsOf({ fileBytes: gibibyte, fragmentBytes }))),
      );
    expect(at(200_000).s3 / at(1_000_000).s3).toBeCloseTo(5, 1);
    expect(at(200_000).loadBalancer / at(1_000_000).loadBalancer).toBeCloseTo(1, 2);
  });
});
