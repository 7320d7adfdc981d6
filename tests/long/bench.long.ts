import { expect, it } from 'vitest';
import { ourCounts } from '../../infra/planning/our-calls.ts';
import type { ContenderName } from '../bench/contenders/list.ts';
import { Payload } from '../bench/contenders/payload.ts';
import { maxFragmentBytes } from '../bench/grid.ts';
import { isSummary } from '../bench/measurement.ts';
import { runCell } from '../bench/run-cell.ts';
import { startServices } from '../bench/services.ts';

const gibibyte = 2 ** 30;

it('npm run bench: who needs nothing from npm takes part, and what is counted is what the cost sheet says', async () => {
  const services = await startServices();
  const cell = { fragmentBytes: 1_000_000, fileBytes: 20_000_000, clients: 1, isLatencySimulated: true };
  const contenders: ContenderName[] = [
    'ours-calls',
    'ours-door',
    'ours-cold',
    'floor-put',
    'floor-part',
    'floor-same',
  ];
  const payload = new Payload(maxFragmentBytes);
  const results = await runCell({ cell, contenders, repetitions: 1 }, services, payload, () => undefined);
  await services.stop();

  expect(results.map(({ contender }) => contender)).toEqual(contenders);
  for (const result of results) {
    if (!isSummary(result)) throw new Error(`${result.contender}: ${result.failure}`);
    expect(result.cpuMsPerMebibyte).toBeGreaterThan(0);
    expect(result.ackP50Ms, 'a call of S3 takes 25 ms and more').toBeGreaterThan(25);
    if (!result.contender.startsWith('ours')) continue;
    const sheet = ourCounts(cell, { isWarm: result.contender !== 'ours-cold' });
    const total = (perGib: number) => Math.round((perGib * cell.fileBytes) / gibibyte);
    expect(total(result.s3PerGib.writes)).toBe(sheet.s3Writes);
    expect(total(result.s3PerGib.reads)).toBe(sheet.s3Reads);
    expect(total(result.s3PerGib.deletes)).toBe(sheet.s3Deletes);
    expect(total(result.dynamodbPerGib.writeUnits)).toBe(sheet.dynamodbWriteUnits);
    expect(total(result.dynamodbPerGib.readUnits)).toBe(sheet.dynamodbReadUnits);
    expect(result.bytesWrittenPerByte * cell.fileBytes).toBeCloseTo(sheet.s3BytesWritten, 0);
  }
});
