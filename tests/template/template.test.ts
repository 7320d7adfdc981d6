import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseDestinations } from '../../infra/config/load.ts';
import { readListenerRules } from '../../infra/local/service.ts';
import type { Settings } from '../../lib/composition/settings.ts';
import { eventOf } from '../../lib/events/event-of.ts';
import { toItem } from '../../lib/session/item.ts';
import type { Session, Tombstone } from '../../lib/session/session.ts';
import { changeOf } from '../../lib/session/stream-record.ts';
import {
  everyState,
  notifications,
  outcomes,
  publishing,
  receiving,
  stored,
  tombstone,
} from '../session/sessions.ts';
import { changeRecord } from '../support/stream-record.ts';
import { allChecks, type CheckName, listenerOf } from './all-checks.ts';
import { statementsOfRole } from './checks/access.ts';
import { eventPatterns } from './checks/events.ts';
import {
  bucketAccessOfPage,
  bucketAccessOfTemplate,
  deploymentPage,
  permissionsMissing,
} from './deployment-page.ts';
import { matchesPattern } from './event-pattern.ts';
import { environmentOf } from './filled.ts';
import { codeOf, type Packaged, packageService } from './package-service.ts';
import { planted } from './planted-defects.ts';
import { ofType, parseTemplateJson, show } from './template.ts';
import { validatorFindings } from './validate.ts';

let packaged: Packaged;
let checks: ReturnType<typeof allChecks>;

beforeAll(async () => {
  packaged = await packageService({
    destinations,
    parameters: {
      trustStoreBundle: 's3://example-cas/bundle.pem',
      rateLimit: '20000',
      domainName: 'bits.example.com',
      hostedZoneId: 'Z0123456789ABCDEFGHIJ',
    },
  });
  const serverlessYml = await readFile(new URL('../../serverless.yml', import.meta.url), 'utf8');
  checks = allChecks(readListenerRules(serverlessYml));
}, 120_000);

/** Everything that a template can have: what is held to be true of it, is true of a smaller one (`variants.long.ts`). */
const destinations = `destinations:
  - { prefix: /uploads/, maximumUploadSize: 80GiB, access: none }
  - { prefix: /users/, key: "users/{path}", maximumUploadSize: 1GiB, access: [basic, ticket] }
  - { prefix: /asked/, key: "asked/{path}", maximumUploadSize: 1GiB, access: none,
      reply: { kind: http, url: "https://app.example.com/", secret: "ssm:/bits/app" } }
  - { prefix: /machines/, bucket: example-machines, maximumUploadSize: 1GiB, access: mtls,
      encryption: kms, kmsKey: "arn:aws:kms:us-east-1:123456789012:key/1234abcd", tags: { team: field } }
`;

const limits = { memoryBytes: 512 * 2 ** 20, maxRequestBodyBytes: 1_000_000, stagingBucket: 'staging' };

const composableSchema = z.looseObject({
  compose: z.custom<(settings: Settings) => unknown>((value) => typeof value === 'function').optional(),
});

const mayFollow: Readonly<Record<Session['state'], readonly Session['state'][]>> = {
  receiving: ['receiving', 'stored', 'tombstone'],
  stored: ['stored', 'publishing', 'tombstone'],
  publishing: ['publishing', 'complete', 'tombstone'],
  complete: ['complete', 'tombstone'],
  tombstone: ['tombstone'],
};

/** Every change of a session that there is: made, changed from each state to each that may follow it, deleted. */
const changes = (): readonly (readonly [Session | undefined, Session | undefined])[] => {
  const ends = outcomes.map((outcome): Tombstone => ({ ...tombstone, outcome }));
  const notified = notifications.flatMap((notification) => [
    { ...stored, notification },
    { ...publishing, notification },
  ]);
  const all = [...everyState, ...ends, ...notified];
  return [
    [undefined, { ...receiving, progress: undefined, version: 1 }],
    ...all.map((before) => [before, undefined] as const),
    ...all.flatMap((before) =>
      all
        .filter((after) => mayFollow[before.state].includes(after.state))
        // Only a whole file is taken by an application.
        .filter(
          (after) => before.state === 'stored' || after.state !== 'tombstone' || after.outcome !== 'answered',
        )
        // What an application failed with is remembered, and it is asked no more.
        .filter((after) => !hasFailed(before) || after.state !== 'stored' || after === before)
        .map((after) => [before, after] as const),
    ),
  ];
};

const hasFailed = (session: Session): boolean =>
  session.state === 'stored' && session.notification?.is === 'failed';

describe('the packaged template', () => {
  it('has no finding of the validator that is not known and harmless', async () => {
    expect(await validatorFindings(packaged.templateJson)).toEqual([]);
  });

  it('passes every check', () => {
    const problems = Object.entries({ ...checks, https: listenerOf('HTTPS') }).flatMap(([name, check]) =>
      check(packaged.template).map((problem) => `${name}: ${problem}`),
    );
    expect(problems).toEqual([]);
  });

  it('lets the sweep do what it does, and no more', () => {
    const actions = statementsOfRole(packaged.template, 'SweepRole').flatMap(({ Action }) => Action);
    expect([...new Set(actions)].toSorted()).toEqual([
      'dynamodb:DescribeStream',
      'dynamodb:GetItem',
      'dynamodb:GetRecords',
      'dynamodb:GetShardIterator',
      'dynamodb:ListStreams',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:Scan',
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      's3:AbortMultipartUpload',
      's3:DeleteObject',
      's3:GetObject',
      's3:ListBucket',
      's3:ListBucketMultipartUploads',
      's3:ListMultipartUploadParts',
      's3:PutObject',
      's3:PutObjectTagging',
    ]);
  });

  it('lets a reply be read, and nothing else of staging', () => {
    const statements = statementsOfRole(packaged.template, 'ReplyRole').filter(
      ({ Action }) => !Action.some((action) => /^(secretsmanager|ssm):/.test(action)),
    );
    expect(statements.map(({ Action, Resource }) => [...Action, ...Resource.map(show)])).toEqual([
      ['logs:CreateLogStream', 'logs:PutLogEvents', '{"Fn::GetAtt":["ReplyLogGroup","Arn"]}'],
      ['dynamodb:GetItem', '{"Fn::GetAtt":["SessionTable","Arn"]}'],
      ['s3:GetObject', `{"Fn::Sub":"\${StagingBucket.Arn}/replies/*"}`],
      ['s3:ListBucket', '{"Fn::GetAtt":["StagingBucket","Arn"]}'],
    ]);
  });

  it('lets the pipe do what it does, and no more', () => {
    const actions = statementsOfRole(packaged.template, 'UploadEventsRole').flatMap(({ Action }) => Action);
    expect(actions.toSorted()).toEqual([
      'dynamodb:DescribeStream',
      'dynamodb:GetRecords',
      'dynamodb:GetShardIterator',
      'dynamodb:ListStreams',
      'events:PutEvents',
      'lambda:InvokeFunction',
      'sqs:SendMessage',
    ]);
  });

  it('lets functions that know callers read the users and the keys, and nobody else', () => {
    const reading = ofType(packaged.template, 'AWS::IAM::Role').filter(([id]) =>
      statementsOfRole(packaged.template, id).some(({ Action }) =>
        Action.some((action) => /^(secretsmanager|ssm):/.test(action)),
      ),
    );
    const callees = [
      'Ping',
      'CreateSession',
      'Fragment',
      'CloseSession',
      'CancelSession',
      'UnknownPacket',
      'Reply',
    ];
    expect(reading.map(([id]) => id).toSorted()).toEqual(callees.map((name) => `${name}Role`).toSorted());
    const statements = statementsOfRole(packaged.template, 'PingRole').slice(1);
    expect(statements.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [['secretsmanager:GetSecretValue'], [{ Ref: 'UsersSecret' }]],
      [
        ['ssm:GetParameter'],
        [
          {
            'Fn::Sub': `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter/bits-s3/dev/ticket-keys`,
          },
        ],
      ],
    ]);
    const layered = ofType(packaged.template, 'AWS::Lambda::Function').filter(([, { Properties }]) =>
      show(Properties['Layers'] ?? '').includes('Parameters-and-Secrets'),
    );
    expect(layered).toHaveLength(callees.length);
  });

  it('gives every function the variables that it is composed of', async () => {
    const functions = ofType(packaged.template, 'AWS::Lambda::Function').filter(
      ([, { Properties }]) => typeof Properties['Handler'] === 'string',
    );
    const problems: string[] = [];
    for (const [id, { Properties }] of functions) {
      const module: unknown = await import(
        `../../${String(Properties['Handler']).replace(/\.handler$/, '.ts')}`
      );
      const { compose } = composableSchema.parse(module);
      const environment = environmentOf(Properties['Environment']);
      try {
        compose?.({ environment, destinations: parseDestinations(destinations, 'the test', limits) });
      } catch (error) {
        problems.push(`${id}: ${error}`);
      }
    }
    expect(problems).toEqual([]);
    expect(functions.length).toBeGreaterThanOrEqual(9);
  });

  it('asks the events function about a change exactly where it is an event', () => {
    const patterns = eventPatterns(packaged.template);
    const wrong = changes().flatMap(([before, after]) => {
      const record = changeRecord(before && toItem(before), after && toItem(after), 1_900_000_000);
      const change = changeOf(record);
      const isAsked = patterns.some((pattern) => matchesPattern(pattern, record));
      const isEvent = change !== undefined && eventOf(change, 0) !== undefined;
      // Those that are asked about in vain: the ends of what an application keeps to itself, or has refused before.
      const isKept =
        before?.state === 'stored' &&
        after?.state === 'tombstone' &&
        (after.outcome === 'answered' || hasFailed(before));
      return isAsked === isEvent || (isAsked && isKept) ? [] : [`${before?.state} → ${after?.state}`];
    });
    expect(wrong).toEqual([]);
  });

  it('is of the same destinations as the code, those that the parameter names', () => {
    expect(codeOf(packaged, 'ping')).toContain('/machines/');
  });

  it('is far from the limits of CloudFormation', () => {
    expect(Buffer.byteLength(packaged.templateJson)).toBeLessThan(500_000);
    expect(Object.keys(packaged.template.Resources).length).toBeLessThan(250);
  });

  it('needs no permission of a deployer that docs/deployment.md does not list', async () => {
    const page = await deploymentPage();
    expect(permissionsMissing(page, packaged.template)).toEqual([]);
    const without = page.replace(/^\| WAF .*\n/m, '').replace('`PutRule` ', '');
    expect(permissionsMissing(without, packaged.template)).toEqual([
      'AWS::Events::Rule: PutRule',
      'AWS::WAFv2::WebACL: no row WAF',
      'AWS::WAFv2::WebACLAssociation: no row WAF',
    ]);
  });

  it('lets into a bucket that is there already whom docs/deployment.md names, and nobody else', async () => {
    const named = bucketAccessOfPage(await deploymentPage());
    expect(named).toContain('SweepRole s3:PutObject on objects');
    expect(bucketAccessOfTemplate(packaged.template, 'example-machines')).toEqual(named);
  });

  it('names what a deployer asks for', () => {
    expect(Object.keys(packaged.template.Outputs)).toEqual(
      expect.arrayContaining(['Url', 'UploadBucketName', 'StagingBucketName', 'SessionTableName']),
    );
  });
});

describe('a planted defect is found', () => {
  it.each(planted)('$defect', ({ check, plant, message }) => {
    const defective: unknown = JSON.parse(packaged.templateJson);
    plant(defective);
    const template = parseTemplateJson(JSON.stringify(defective));
    expect(template).not.toEqual(packaged.template);
    const found = check === 'https' ? listenerOf('HTTPS')(template) : checks[check](template);
    expect(found).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });

  it('for every check', () => {
    const shown = new Set<string>(planted.map(({ check }) => check));
    const names: readonly CheckName[] = Object.keys(checks).filter(
      (name): name is CheckName => name in checks,
    );
    expect(names.filter((name) => !shown.has(name))).toEqual([]);
  });

  it('by the validator too, where it is one of CloudFormation’s own rules', async () => {
    const defective = packaged.templateJson.replace('"IpProtocol": "tcp"', '"IpProtokol": "tcp"');
    expect(defective).not.toBe(packaged.templateJson);
    const found = await validatorFindings(defective);
    expect(found).toEqual(
      expect.arrayContaining([expect.stringMatching(/LoadBalancerSecurityGroup: .*IpProtokol/)]),
    );
  });
});
