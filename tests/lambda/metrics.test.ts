import { expect, it } from 'vitest';
import { embeddedMetric } from '../../lib/lambda/metrics.ts';

it('a line that CloudWatch reads as a metric: namespace, dimension, unit, value', () => {
  const lines: string[] = [];
  const metric = embeddedMetric({
    namespace: 'bits-s3/prod',
    functionName: 'bits-s3-prod-sweep',
    nowMs: () => 1_795_348_800_123,
    write: (line) => lines.push(line),
  });
  metric('OrphanPiecesDeleted', 17);
  metric('SweepFailures', 0);
  expect(lines.every((line) => line.endsWith('}\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
  const document = (name: string, value: number) => ({
    _aws: {
      Timestamp: 1_795_348_800_123,
      CloudWatchMetrics: [
        {
          Namespace: 'bits-s3/prod',
          Dimensions: [['function']],
          Metrics: [{ Name: name, Unit: 'Count' }],
        },
      ],
    },
    function: 'bits-s3-prod-sweep',
    [name]: value,
  });
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
    document('OrphanPiecesDeleted', 17),
    document('SweepFailures', 0),
  ]);
});
