import { afterEach, describe, expect, test } from 'vitest';
import { brokenAckRules } from '../conformance/ack-rules.ts';
import type { ConformanceOptions } from '../conformance/options.ts';
import { formatResult } from '../conformance/report.ts';
import { runConformance } from '../conformance/run.ts';
import { DEFECTS } from './defects.ts';
import { CREDENTIALS, type FakeServer, type FakeServerOptions, startFakeServer } from './fake-server.ts';

let server: FakeServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(options: FakeServerOptions = {}): Promise<ConformanceOptions> {
  const started = await startFakeServer(options);
  server = started;
  const at = (prefix: string) => new URL(prefix, started.url);
  return {
    url: at('/uploads/'),
    overwriteUrl: at('/overwrite/'),
    disabledUrl: at('/disabled/'),
    authUrl: at('/private/'),
    forbiddenUrl: at('/forbidden/'),
    lastFragmentUrl: at('/last/'),
    replyUrl: at('/reply/'),
    credentials: CREDENTIALS,
    fragmentLimitBytes: 1_000_000,
    maxUploadSizeBytes: 1_000_000_000,
    sessionQuota: 8,
    expireSession: async (sessionId) => started.expire(sessionId),
    readObject: (url) => started.readObject(url),
    answerTimeoutMs: 5_000,
  };
}

test('a right server passes everything', async () => {
  const report = await runConformance(await start());
  expect(report.cases.filter(({ outcome }) => outcome === 'failed').map(formatResult)).toEqual([]);
  // The one exchange that needs a limit of 16 bytes, at which no other case could run.
  expect(report.cases.filter(({ outcome }) => outcome === 'not-run').map(({ id }) => id)).toEqual([
    'x3-replay',
  ]);
  expect(report.passed).toBeGreaterThan(150);
  expect(report.answers).toBeGreaterThan(900);
});

test('case ids are unique and name nothing that a URL would change', async () => {
  const report = await runConformance({ ...(await start()), isQuick: true });
  const ids = report.cases.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !/^[a-z0-9.-]+$/.test(id))).toEqual([]);
});

test('the exchange with a fragment limit of 16 runs on a server that has it', async () => {
  const options = await start({ destinations: [{ prefix: '/uploads/', fragmentLimitBytes: 16 }] });
  const report = await runConformance({ url: options.url, fragmentLimitBytes: 16, only: ['x3-replay'] });
  expect(report.cases.map(({ outcome, reason }) => [outcome, reason])).toEqual([['passed', undefined]]);
});

test('a type that a load balancer adds to what names none is no fault of the server', () => {
  const ack = (type: string) => ({
    httpVersion: '1.1',
    status: 200,
    reason: 'OK',
    headers: Object.entries({
      'BITS-Packet-Type': 'Ack',
      Pragma: 'no-cache',
      'Content-Length': '0',
      'Content-Type': type,
    }),
    body: new Uint8Array(0),
    framing: 'content-length' as const,
  });
  expect(brokenAckRules(ack('application/octet-stream'))).toEqual([]);
  expect(brokenAckRules(ack('text/plain'))).toEqual(['Content-Type: text/plain']);
});

describe.each(DEFECTS)('the defect %s', (defect, caseId) => {
  test(`is found by ${caseId}`, async () => {
    const options = await start({ defects: [defect] });
    const report = await runConformance({ ...options, only: [caseId] });
    const found = report.cases.find(({ id }) => id === caseId);
    expect(found === undefined ? 'no such case' : found.outcome).toBe('failed');
    expect(found?.transcript.length).toBeGreaterThan(0);
  });
});
