import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { readListenerRules, readService } from '../../infra/local/service.ts';
import { readSessionTable } from '../../infra/local/storage-template.ts';
import { parseTemplate } from '../../infra/local/template-yaml.ts';

const SERVICE = `
service: bits-s3
provider:
  name: aws
  timeout: 20
  environment:
    SESSION_TABLE: !Ref SessionTable
    BUCKET_ARN: !GetAtt UploadBucket.Arn
functions:
  unknownPacket:
    handler: functions/unknown-packet.handler
    memorySize: 128
    events:
      - alb:
          listenerArn: !Ref HttpsListener
          priority: 900
          conditions: { method: BITS_POST }
  fragment:
    handler: functions/fragment.handler
    timeout: 29
    memorySize: 1769
    events:
      - alb:
          listenerArn: !Ref HttpsListener
          priority: 30
          conditions:
            method: BITS_POST
            header: { name: BITS-Packet-Type, values: [Fragment] }
  reply:
    handler: functions/reply.handler
    events:
      - alb:
          listenerArn: !Ref HttpsListener
          priority: 40
          conditions:
            method: [GET, HEAD]
            path: /replies/*
            header:
              - { name: X-A, values: [a] }
              - { name: X-B, values: [b, c] }
  sweep:
    handler: functions/sweep.handler
    events:
      - schedule: rate(15 minutes)
resources:
  - \${file(infra/storage.yml)}
`;

test('the rules of all alb events, ascending by priority', () => {
  expect(readListenerRules(SERVICE)).toEqual([
    {
      priority: 30,
      methods: ['BITS_POST'],
      headers: [{ name: 'BITS-Packet-Type', values: ['Fragment'] }],
      functionName: 'fragment',
    },
    {
      priority: 40,
      methods: ['GET', 'HEAD'],
      paths: ['/replies/*'],
      headers: [
        { name: 'X-A', values: ['a'] },
        { name: 'X-B', values: ['b', 'c'] },
      ],
      functionName: 'reply',
    },
    { priority: 900, methods: ['BITS_POST'], headers: [], functionName: 'unknownPacket' },
  ]);
});

test("each function's handler, timeout and memory, the provider's or the framework's where it says nothing", () => {
  expect(readService(SERVICE).functions).toEqual([
    {
      name: 'unknownPacket',
      handler: 'functions/unknown-packet.handler',
      timeoutMs: 20_000,
      memoryMegabytes: 128,
    },
    { name: 'fragment', handler: 'functions/fragment.handler', timeoutMs: 29_000, memoryMegabytes: 1769 },
    { name: 'reply', handler: 'functions/reply.handler', timeoutMs: 20_000, memoryMegabytes: 1024 },
    { name: 'sweep', handler: 'functions/sweep.handler', timeoutMs: 20_000, memoryMegabytes: 1024 },
  ]);
  const [first] = readService(SERVICE.replace('timeout: 20\n', 'runtime: nodejs24.x\n')).functions;
  expect(first?.timeoutMs).toBe(6000);
});

describe('what cannot be followed stops the start, naming the key', () => {
  const cases: readonly [string, string, string, RegExp][] = [
    ['no YAML', 'service: bits-s3', 'service: [', /not YAML/],
    ['no functions', 'functions:', 'function:', /functions/],
    ['a condition the door does not know', 'path: /replies/*', 'host: a.test', /reply.*host/],
    ['a lower-case method', 'method: BITS_POST', 'method: bits_post', /functions\.unknownPacket\..*method/],
    ['a variable for a priority', 'priority: 30', `priority: $${'{self:custom.p}'}`, /fragment.*priority/],
    ['a reference for a header value', 'values: [Fragment]', 'values: [!Ref Type]', /fragment.*header/],
    ['a timeout out of range', 'timeout: 29', 'timeout: 901', /functions\.fragment\.timeout/],
    ['two rules of one priority', 'priority: 30', 'priority: 40', /two rules have the priority 40/],
  ];
  test.each(cases)('%s', (_, from, to, message) => {
    expect(SERVICE).toContain(from);
    const read = () => readService(SERVICE.replace(from, to));
    expect(read).toThrow(expect.objectContaining({ code: 'BAD_SERVICE', name: 'StartError' }));
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ message: expect.not.stringContaining('\n') }));
  });
});

test('short CloudFormation tags are read as their long forms', () => {
  const text = ['a: !Ref X', 'b: !Sub "x-y"', 'c: !Join ["-", [a, !Ref B]]', 'd: !If { e: !GetAtt F.Arn }'];
  expect(parseTemplate(text.join('\n'))).toEqual({
    a: { Ref: 'X' },
    b: { 'Fn::Sub': 'x-y' },
    c: { 'Fn::Join': ['-', ['a', { Ref: 'B' }]] },
    d: { 'Fn::If': { e: { 'Fn::GetAtt': 'F.Arn' } } },
  });
});

describe('the session table', () => {
  const storage = () => readFile(new URL('../../infra/storage.yml', import.meta.url), 'utf8');

  test('has the key and the sparse indexes that the session store uses', async () => {
    expect(readSessionTable(await storage())).toEqual({
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'sessionId', AttributeType: 'S' },
        { AttributeName: 'sweepShard', AttributeType: 'N' },
        { AttributeName: 'dueAt', AttributeType: 'N' },
        { AttributeName: 'user', AttributeType: 'S' },
        { AttributeName: 'total', AttributeType: 'N' },
      ],
      KeySchema: [{ AttributeName: 'sessionId', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'dueAt-index',
          KeySchema: [
            { AttributeName: 'sweepShard', KeyType: 'HASH' },
            { AttributeName: 'dueAt', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
        {
          IndexName: 'openSessions-index',
          KeySchema: [
            { AttributeName: 'user', KeyType: 'HASH' },
            { AttributeName: 'total', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    });
  });

  test('expires by expiresAt, in the template; the buckets are there', async () => {
    expect(parseTemplate(await storage())).toMatchObject({
      Resources: {
        SessionTable: {
          Properties: { TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true } },
        },
        StagingBucket: { Type: 'AWS::S3::Bucket' },
        UploadBucket: { Type: 'AWS::S3::Bucket' },
      },
    });
  });

  test('a template without it is refused with the name of the key', () => {
    expect(() => readSessionTable('Resources: {}')).toThrow(/storage\.yml: Resources\.SessionTable/);
    expect(() => readSessionTable('a: [')).toThrow(expect.objectContaining({ code: 'BAD_STORAGE_TEMPLATE' }));
  });
});
