import { describe, expect, it } from 'vitest';
import { openEmbeddedS3 } from '../../infra/local/s3/index.ts';
import { replaceBetweenMarks } from '../../infra/planning/page.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { readArguments } from './arguments.ts';
import { largestDifference } from './constant-cost.ts';
import { summarize } from './measurement.ts';
import { comparedCell, quickPlans } from './plans.ts';
import { UnitCounter } from './processes/dynamodb-units.ts';
import { judge } from './targets.ts';

describe('the command', () => {
  it.each([
    [['--full', '--quick'], 'not both'],
    [['--clients', '8'], 'go with --fragment'],
    [['--fragment', '0'], 'from 1 to'],
    [['--fragment', '1000', '--write'], 'neither'],
    [['--fragment', '1000', '--contender', 'ours'], 'takes one of'],
  ])('%j is refused', (args, message) => {
    expect(() => readArguments(args)).toThrow(message);
  });

  it('says nothing and means what the targets need', () => {
    expect(readArguments([])).toEqual({
      plans: quickPlans,
      isJudged: true,
      asJson: false,
      writesPage: false,
    });
  });
});

describe('units of DynamoDB', () => {
  const put = (item: object) => Buffer.from(JSON.stringify({ Item: { sessionId: { S: 'a' }, ...item } }));

  it('are counted by the size of the item, and one more for each step into or out of the index', () => {
    const units = new UnitCounter();
    units.count('DynamoDB_20120810.PutItem', put({ tail: { B: Buffer.alloc(100).toString('base64') } }));
    expect(units.stats().writeUnits).toBe(1);
    units.count('DynamoDB_20120810.PutItem', put({ tail: { B: Buffer.alloc(1100).toString('base64') } }));
    expect(units.stats().writeUnits).toBe(3);
    units.count('DynamoDB_20120810.PutItem', put({ dueAt: { N: '7' } }));
    expect(units.stats().writeUnits).toBe(5);
    units.count('DynamoDB_20120810.PutItem', put({ dueAt: { N: '8' } }));
    expect(units.stats().writeUnits).toBe(8);
    units.count('DynamoDB_20120810.PutItem', put({}));
    expect(units.stats().writeUnits).toBe(10);
    units.count('DynamoDB_20120810.GetItem', Buffer.from('{"Key":{"sessionId":{"S":"a"}}}'));
    expect(units.stats()).toEqual({ calls: { PutItem: 5, GetItem: 1 }, writeUnits: 10, readUnits: 1 });
  });
});

describe('results', () => {
  it('medians of times, counts per GiB', async () => {
    const s3 = await openEmbeddedS3({
      dataDir: await tempFolder(),
      region: 'r',
      credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    });
    const zero = s3.stats();
    await s3.close();
    const mebibytes = comparedCell.fileBytes / 2 ** 20;
    const runs = [3, 1, 2].map((seconds) => ({
      elapsedMs: (seconds * 1000 * mebibytes) / 64,
      serverCpuMs: seconds * mebibytes,
      peakRssBytes: seconds,
      acksMs: [seconds, seconds * 10],
      s3: {
        ...zero,
        PutObject: {
          requests: mebibytes,
          failures: 0,
          bytesWritten: 2 * comparedCell.fileBytes,
          bytesRead: 0,
        },
      },
      dynamodb: { calls: {}, writeUnits: (65 * mebibytes) / 64, readUnits: (2 * mebibytes) / 64 },
    }));
    const summary = summarize('tus', comparedCell, runs);
    expect(summary).toMatchObject({
      mebibytesPerSecond: 32,
      cpuMsPerMebibyte: 2,
      ackP50Ms: 20,
      peakRssBytes: 3,
      bytesWrittenPerByte: 2,
      s3PerGib: { writes: 1024, reads: 0, deletes: 0 },
      dynamodbPerGib: { writeUnits: 1040, readUnits: 32 },
    });
    const faster = { ...summary, contender: 'ours-calls', mebibytesPerCpuSecond: 2001 } as const;
    const slower = { ...faster, mebibytesPerCpuSecond: 1999 } as const;
    const verdict = (ours: typeof faster | typeof slower) =>
      judge([ours, summary], []).find(({ target }) => target.startsWith('throughput per CPU'));
    expect(verdict(faster)).toMatchObject({ measured: '4.00×', holds: true });
    expect(verdict(slower)).toMatchObject({ holds: false });
    expect(judge([], []).some(({ holds }) => holds)).toBe(false);
  });

  it('a file that costs more per GiB is noticed by whichever of its costs grows most', () => {
    const small = {
      fileBytes: 2 ** 28,
      s3Requests: 308,
      dynamodbUnits: 305,
      bytesWritten: 2 ** 29,
      peakRssBytes: 0,
    };
    const large = {
      ...small,
      fileBytes: 2 ** 34,
      s3Requests: 300 * 64 + 8,
      dynamodbUnits: 300 * 64 + 5,
      bytesWritten: 2 ** 35,
    };
    expect(largestDifference(small, large)).toBe(0);
    expect(largestDifference(small, { ...large, dynamodbUnits: 310 * 64 })).toBeCloseTo(0.032, 3);
  });

  it('stand between the marks of the page, and nothing else of it changes', () => {
    const page =
      'above\n<!-- npm run bench -- --write replaces what follows -->\nold\n<!-- until here -->\nbelow\n';
    const command = 'npm run bench -- --write';
    const written = replaceBetweenMarks(page, command, 'new');
    expect(written).toMatch(/^above\n<!--.*-->\n\nnew\n\n<!-- until here -->\nbelow\n$/);
    expect(replaceBetweenMarks(written, command, 'new')).toBe(written);
    expect(() => replaceBetweenMarks('a page', command, 'new')).toThrow('lost the marks');
  });
});
