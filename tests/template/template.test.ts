import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { readListenerRules } from '../../infra/local/service.ts';
import { allChecks, type CheckName, listenerOf } from './all-checks.ts';
import { statementsOfRole } from './checks/access.ts';
import { type Packaged, packageService } from './package-service.ts';
import { planted } from './planted-defects.ts';
import { parseTemplateJson } from './template.ts';
import { validatorFindings } from './validate.ts';

let packaged: Packaged;
let checks: ReturnType<typeof allChecks>;

beforeAll(async () => {
  packaged = await packageService();
  const serverlessYml = await readFile(new URL('../../serverless.yml', import.meta.url), 'utf8');
  checks = allChecks(readListenerRules(serverlessYml));
}, 120_000);

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
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      's3:AbortMultipartUpload',
      's3:DeleteObject',
      's3:GetObject',
      's3:ListBucket',
      's3:ListBucketMultipartUploads',
      's3:ListMultipartUploadParts',
      's3:PutObject',
    ]);
  });

  it('is far from the limits of CloudFormation', () => {
    expect(Buffer.byteLength(packaged.templateJson)).toBeLessThan(500_000);
    expect(Object.keys(packaged.template.Resources).length).toBeLessThan(250);
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
