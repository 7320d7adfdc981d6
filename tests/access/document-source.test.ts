import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { documentReader, isDocumentAddress } from '../../lib/access/document-source.ts';

/** AWS's extension, as far as a function sees it. */
const asked: { url: string | undefined; token: unknown }[] = [];
let answers: ((response: ServerResponse) => void)[] = [];
const server = createServer((request: IncomingMessage, response) => {
  asked.push({ url: request.url, token: request.headers['x-aws-parameters-secrets-token'] });
  const answer = answers.shift() ?? ((to: ServerResponse) => to.writeHead(500).end('no answer left'));
  answer(response);
});
let port = 0;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked.length = 0;
  answers = [];
});

const json = (value: unknown) => (response: ServerResponse) =>
  response.writeHead(200).end(JSON.stringify(value));
const notReady = (response: ServerResponse) =>
  response.writeHead(400).end('not ready to serve traffic, please wait');
const secretArn = 'arn:aws:secretsmanager:eu-west-1:1:secret:bits-s3/prod/users-AbCdEf';
const reader = (address: `${'secretsmanager' | 'ssm' | 'file'}:${string}`) =>
  documentReader(address, { port, token: 'session-token' });

describe('documentReader', () => {
  it('reads a secret from the extension, with the token of the function', async () => {
    answers = [json({ SecretString: '{"alice":"…"}' })];
    expect(await reader(`secretsmanager:${secretArn}`)()).toBe('{"alice":"…"}');
    const url = `/secretsmanager/get?secretId=${encodeURIComponent(secretArn)}`;
    expect(asked).toEqual([{ url, token: 'session-token' }]);
  });

  it('reads a parameter, encrypted or not', async () => {
    answers = [json({ Parameter: { Name: '/bits-s3/prod/ticket-keys', Value: '{"keys":[]}' } })];
    expect(await reader('ssm:/bits-s3/prod/ticket-keys')()).toBe('{"keys":[]}');
    expect(asked[0]?.url).toBe(
      '/systemsmanager/parameters/get?withDecryption=true&name=%2Fbits-s3%2Fprod%2Fticket-keys',
    );
  });

  it('waits for an extension that has not started yet', async () => {
    answers = [notReady, notReady, json({ SecretString: 'x' })];
    expect(await reader(`secretsmanager:${secretArn}`)()).toBe('x');
    expect(asked).toHaveLength(3);
  });

  it.each([
    ['a refusal', Array(4).fill((to: ServerResponse) => to.writeHead(403).end('AccessDeniedException'))],
    ['an answer that is none', Array(4).fill((to: ServerResponse) => to.writeHead(200).end('{'))],
    ['a secret that has no text', Array(4).fill(json({ SecretBinary: 'AA==' }))],
  ])('%s is an error that says what, and where', async (_, all) => {
    answers = all;
    await expect(reader(`secretsmanager:${secretArn}`)()).rejects.toMatchObject({
      code: 'UNREADABLE',
      message: expect.stringContaining(secretArn),
    });
    expect(asked).toHaveLength(4);
  });

  it('reads a file, and names one that is not there', async () => {
    expect(await reader(`file:${import.meta.filename}`)()).toContain('names one that is not there');
    await expect(reader('file:/no/such/users.json')()).rejects.toThrow('/no/such/users.json cannot be read');
  });

  it.each([
    [`secretsmanager:${secretArn}`, true],
    ['ssm:/a', true],
    ['file:x', true],
    ['https://a', false],
    ['ssm:', false],
    [secretArn, false],
  ])('%s is an address: %s', (text, is) => {
    expect(isDocumentAddress(text)).toBe(is);
  });
});
