import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { expectError } from '../support/behaviour.ts';
import { bucket, inProcessClient, openInProcess } from '../support/in-process.ts';
import { type ServerUnderTest, startEmbedded } from '../support/server-under-test.ts';

let s3: ServerUnderTest;
beforeAll(async () => {
  s3 = await startEmbedded();
  await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'k', Body: 'x' }));
});
afterAll(() => s3.stop());

describe('what this server does not do it refuses, rather than doing something else', () => {
  it.each<[string, string, Record<string, string>, Record<string, string>, number, string]>([
    ['GET', 'k', { acl: '' }, {}, 501, 'NotImplemented'],
    ['GET', 'k', { versionId: 'x' }, {}, 501, 'NotImplemented'],
    ['DELETE', 'k', { versionId: 'x' }, {}, 501, 'NotImplemented'],
    ['GET', '', { lifecycle: '' }, {}, 501, 'NotImplemented'],
    ['PUT', '', { lifecycle: '' }, {}, 501, 'NotImplemented'],
    ['DELETE', '', { policy: '' }, {}, 501, 'NotImplemented'],
    ['GET', '', { versions: '' }, {}, 501, 'NotImplemented'],
    ['PUT', 'k', { partNumber: '1' }, {}, 501, 'NotImplemented'],
    ['POST', 'k', {}, {}, 405, 'MethodNotAllowed'],
    ['PATCH', 'k', {}, {}, 405, 'MethodNotAllowed'],
    ['PUT', 'k', {}, { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }, 501, 'NotImplemented'],
    ['PUT', 'k', {}, { 'x-amz-object-lock-mode': 'GOVERNANCE' }, 501, 'NotImplemented'],
    ['PUT', 'k', {}, { 'x-amz-write-offset-bytes': '1' }, 501, 'NotImplemented'],
    ['PUT', 'k', {}, { 'x-amz-acl': 'public-read' }, 400, 'AccessControlListNotSupported'],
    ['PUT', 'k', {}, { 'x-amz-server-side-encryption': 'rot13' }, 400, 'InvalidArgument'],
  ])('%s %j %j %j: %d %s', async (method, key, query, headers, status, code) => {
    const answer = await s3.send({ method, key, query, headers });
    expect([answer.status, answer.code]).toEqual([status, code]);
    const still = await s3.send({ method: 'GET', key: 'k' });
    expect(still.body.toString()).toBe('x');
  });

  it('an error names the request, and the fields that S3 gives with it', async () => {
    const answer = await s3.send({ method: 'GET', key: 'absent & <gone>' });
    expect(answer.headers['content-type']).toBe('application/xml');
    const text = answer.body.toString();
    expect(text).toContain('<Key>absent &amp; &lt;gone&gt;</Key>');
    expect(text).toContain(`<RequestId>${String(answer.headers['x-amz-request-id'])}</RequestId>`);
  });
});

it('a failure of its own is InternalError to the client, and reported with its cause', async () => {
  const dataDir = await tempFolder();
  const reported: unknown[] = [];
  const broken = await openInProcess(dataDir, { onInternalError: (error) => reported.push(error) });
  await rm(join(dataDir, 'records'), { recursive: true });
  const outcome = inProcessClient(broken).send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
  await expectError(outcome, 'InternalError', 500);
  expect(reported).toMatchObject([{ code: 'ENOENT' }]);
  expect(await readdir(join(dataDir, 'tmp'))).toEqual([]);
  await broken.close();
});
