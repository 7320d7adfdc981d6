import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ticketKeysFile, usersFile } from '../../infra/identity/files.ts';
import { type LocalStack, startLocalStack } from '../../infra/local/stack.ts';
import { mintTicket, ticketUrl } from '../../lib/access/ticket/mint.ts';
import { consoleLog } from '../../lib/lambda/log.ts';
import { createSession, sendFragment, sendPacket } from '../local/packets.ts';
import { keysDocument, newSigningKey, usersDocument } from '../support/identities.ts';
import type { ConformanceOptions } from './options.ts';
import { formatResult, type Report } from './report.ts';
import { runConformance } from './run.ts';

const DESTINATIONS = `
destinations:
  - { prefix: /uploads/, maximumUploadSize: 1GB, access: none }
  - { prefix: /overwrite/, key: "overwrite/{path}", maximumUploadSize: 1GB, allowOverwrites: true, access: none }
  - { prefix: /disabled/, maximumUploadSize: 1GB, enabled: false, access: none }
  - { prefix: /auth/, key: "auth/{path}", maximumUploadSize: 1GB, access: [basic, ticket] }
  - { prefix: /theirs/, maximumUploadSize: 1GB, access: basic, allow: [{ principals: [bob] }] }
  - { prefix: /limited/, key: "limited/{path}", maximumUploadSize: 1GB, access: basic, sessionsPerPrincipal: 10 }
  - { prefix: /ticket/, key: "ticket/{path}", maximumUploadSize: 1GB, access: ticket }
  - { prefix: /machine/, key: "{principal}/{path}", maximumUploadSize: 1GB, access: mtls, principalFrom: CN }
  - { prefix: /last/, key: "last/{path}", maximumUploadSize: 1GB, publishOn: last-fragment, access: none }
`;

/** What the stack does not offer, or only to a principal of its own (k4, below): everything else has to run. */
const NOT_OFFERED = /^(x3-replay|k4-quota|reply-download)$/;

const alice = { user: 'alice', password: 'opensesame' };
/** Whose sessions are counted: nobody else's are in the way. */
const carol = { user: 'carol', password: 'bergamot' };
const signingKey = newSigningKey('conformance');
/** What the functions wrote to the log, at its most talkative. */
const logged: string[] = [];

let dataDir = '';
let stack: LocalStack;
let s3: S3Client;
let database: DynamoDBClient;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'bits-s3-conformance-'));
  const destinationsFile = join(dataDir, 'destinations.yml');
  await writeFile(destinationsFile, DESTINATIONS);
  const data = join(dataDir, 'data');
  await mkdir(data);
  await writeFile(
    usersFile(data),
    await usersDocument({ [alice.user]: alice.password, [carol.user]: carol.password }),
  );
  await writeFile(ticketKeysFile(data), keysDocument(signingKey));
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((line) => {
      logged.push(String(line));
      return true;
    });
  }
  const certificates = { subject: 'CN=pc1,O=Contoso', clientCopies: 'kept-behind' as const };
  stack = await startLocalStack({ dataDir: data, destinationsFile, certificates, logLevel: 'DEBUG' });
  const { credentials, endpoint, region } = stack.s3;
  s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  database = new DynamoDBClient({ endpoint: stack.dynamodb.endpoint, region, credentials });
});

afterAll(async () => {
  vi.restoreAllMocks();
  s3?.destroy();
  database?.destroy();
  await stack?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const basic = ({ user, password }: typeof alice): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** Found in no log line. Tickets join them. */
const secrets = [
  ...[carol, alice].flatMap((known) => [known.password, basic(known).slice('Basic '.length)]),
  signingKey.d,
];

/** What a line of the log would have in it that tells credentials, also those that nobody knew. */
const leaks = [/Basic [\w+/]{4}/i, /Bearer [\w-]{4}/i, /ticket=/i, /authorization"/i];

/** Credentials as they went over the wire, good and bad. */
const shown: { url: string; headers: Record<string, string> }[] = [];

const show = (type: string, url: string, headers: Record<string, string> = {}, body?: Buffer) => {
  shown.push({ url, headers });
  return sendPacket(url, type, headers, body);
};

const prefix = (path: string) => new URL(path, stack.url);

/** Below /uploads/ the path behind the prefix is the key, elsewhere the whole path is: see the destinations above. */
const keyOf = (url: URL) => decodeURIComponent(url.pathname).replace(/^\/(uploads\/)?/, '');

async function readObject(url: URL): Promise<Uint8Array | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: stack.buckets.upload, Key: keyOf(url) }));
    return await Body?.transformToByteArray();
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/** Timeouts are at least a minute; the session's own record, kept by the id without braces, says when it ends. */
async function expireSession(sessionId: string): Promise<void> {
  await database.send(
    new UpdateItemCommand({
      TableName: stack.dynamodb.table,
      Key: { sessionId: { S: sessionId.replace(/[{}]/g, '') } },
      UpdateExpression: 'SET expiresAt = :past',
      ConditionExpression: 'attribute_exists(expiresAt)',
      ExpressionAttributeValues: { ':past': { N: '1' } },
    }),
  );
}

const everything = (): ConformanceOptions => ({
  url: prefix('/uploads/'),
  overwriteUrl: prefix('/overwrite/'),
  disabledUrl: prefix('/disabled/'),
  lastFragmentUrl: prefix('/last/'),
  authUrl: prefix('/auth/'),
  forbiddenUrl: prefix('/theirs/'),
  credentials: alice,
  fragmentLimitBytes: 1_000_000,
  maxUploadSizeBytes: 1_000_000_000,
  readObject,
  expireSession,
});

const failures = (report: Report) =>
  report.cases.filter(({ outcome }) => outcome === 'failed').map(formatResult);

describe('the local stack', () => {
  // The whole list takes many round trips to functions, S3 and DynamoDB: minutes on a busy machine.
  test('keeps every promise of the protocol that a black box can see', { timeout: 300_000 }, async () => {
    const report = await runConformance(everything());
    expect(failures(report)).toEqual([]);
    const notRun = report.cases.filter(({ outcome }) => outcome === 'not-run').map(({ id }) => id);
    expect(notRun.filter((id) => !NOT_OFFERED.test(id))).toEqual([]);
    expect(report.passed).toBeGreaterThan(205);
  });

  test('has room for as many sessions as a principal may have, and no more', {
    timeout: 60_000,
  }, async () => {
    const report = await runConformance({
      url: prefix('/limited/'),
      credentials: carol,
      sessionQuota: 10,
      readObject,
      only: ['k4-quota'],
    });
    expect(failures(report)).toEqual([]);
    expect(report.passed).toBe(1);
  });

  test('takes a file by a ticket in its URL', { timeout: 60_000 }, async () => {
    const options = { prefix: '/ticket/', principal: 'customer 17', expiresInSeconds: 3_600 };
    const ticket = await mintTicket(signingKey, options);
    secrets.push(ticket);
    const url = ticketUrl(prefix('/ticket/a.bin'), ticket);
    expect(await sendPacket(url, 'Ping')).toMatchObject({ status: 200 });
    const session = await createSession(url);
    const file = Buffer.from('abcdefghijklmnopqrstuvwxyz');
    for (const first of [0, 13]) {
      expect(await sendFragment(url, session, file, first, 13)).toMatchObject({ status: 200 });
    }
    expect(await sendPacket(url, 'Close-Session', { 'BITS-Session-Id': session })).toMatchObject({
      status: 200,
    });
    expect(await readObject(new URL(url))).toEqual(new Uint8Array(file));
    expect(await sendPacket(`${prefix('/ticket/a.bin')}`, 'Ping')).toMatchObject({ status: 401 });
  });

  test('takes a file by a ticket in a header, and none by what is not one', { timeout: 60_000 }, async () => {
    const options = { prefix: '/ticket/', principal: 'customer 18', expiresInSeconds: 3_600 };
    const ticket = await mintTicket(signingKey, options);
    const stolen = await mintTicket(newSigningKey('conformance'), options);
    secrets.push(ticket, stolen);
    const url = `${prefix('/ticket/bearer.bin')}`;
    const Authorization = `Bearer ${ticket}`;
    const protocols = { 'BITS-Supported-Protocols': '{7df0354d-249b-430f-820d-3d2a9bef4931}' };
    const created = await show('Create-Session', url, { Authorization, ...protocols });
    const session = { 'BITS-Session-Id': `${created.headers['bits-session-id']}` };
    const file = Buffer.from('abcdefghijklmnopqrstuvwxyz');
    const range = { 'Content-Range': 'bytes 0-25/26' };
    expect(await show('Fragment', url, { Authorization, ...session, ...range }, file)).toMatchObject({
      status: 200,
    });
    expect(await show('Close-Session', url, { Authorization, ...session })).toMatchObject({ status: 200 });
    expect(await readObject(new URL(url))).toEqual(new Uint8Array(file));
    const wrong = { ...alice, password: 'opensesame!' };
    secrets.push(wrong.password, basic(wrong).slice('Basic '.length));
    for (const type of ['Ping', 'Create-Session', 'Fragment', 'Close-Session', 'Cancel-Session']) {
      for (const forged of [`Bearer ${stolen}`, basic(wrong), basic(alice)]) {
        expect(await show(type, url, { Authorization: forged })).toMatchObject({ status: 401 });
      }
      expect(await show(type, `${url}?ticket=${stolen}`)).toMatchObject({ status: 401 });
    }
  });

  test('takes a file by a certificate, and believes no header of a client', { timeout: 60_000 }, async () => {
    const url = new URL('/machine/', stack.certificateUrl);
    const readMachineObject = (at: URL) => readObject(new URL(at.href.replace('/machine/', '/pc1/')));
    const report = await runConformance({
      url,
      readObject: readMachineObject,
      only: ['x1-replay', 'x4-replay'],
    });
    expect(failures(report)).toEqual([]);
    expect(report.passed).toBe(2);
    const forged = { 'X-Amzn-Mtls-Clientcert-Subject': 'CN=admin' };
    expect(await sendPacket(`${url}a`, 'Ping')).toMatchObject({ status: 200 });
    expect(await sendPacket(`${url}a`, 'Ping', forged)).toMatchObject({ status: 403 });
    expect(await sendPacket(`${prefix('/machine/a')}`, 'Ping', forged)).toMatchObject({ status: 403 });
  });

  test('logs every packet, and no secret', () => {
    const log = logged.join('');
    expect(log.match(/"message":"packet"/g)?.length).toBeGreaterThan(500);
    for (const principal of ['alice', 'carol', 'customer 17', 'customer 18', 'pc1']) {
      expect(log.includes(`"principal":"${principal}"`), principal).toBe(true);
    }
    const found = (lines: string) => [
      ...secrets.filter((secret) => lines.includes(secret)),
      ...leaks.filter((pattern) => pattern.test(lines)).map(String),
    ];
    expect(found(log)).toEqual([]);
    // Nothing of it would have been overlooked: the same log with all of that in it.
    const leaking: string[] = [];
    const streams = {
      out: (line: string) => leaking.push(line),
      error: (line: string) => leaking.push(line),
    };
    for (const request of shown) consoleLog('ping', 'DEBUG', streams).packet({ ...request });
    const uncovered = leaks.filter((pattern) => !leaking.some((line) => pattern.test(line)));
    expect(uncovered).toEqual([]);
    consoleLog('ping', 'DEBUG', streams).alarm('fault', { secrets });
    expect(found(leaking.join(''))).toEqual([...secrets, ...leaks.map(String)]);
  });
});
