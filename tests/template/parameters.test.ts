import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { DeploymentError } from '../../infra/deployment/errors.ts';
import { outputLines } from '../../infra/deployment/outputs.ts';
import { parameterNames, readParameters } from '../../infra/deployment/parameters.ts';
import { planDeployment } from '../../infra/deployment/plan.ts';

const place = { stage: 'prod', region: 'eu-west-1' };
const certificateArn = 'arn:aws:acm:eu-west-1:123456789012:certificate/abc';
const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const listenerArn = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/ours/50dc/f2f7';

const problemsOf = (
  raw: Readonly<Record<string, unknown>>,
  where: Parameters<typeof readParameters>[1] = place,
): readonly string[] => {
  try {
    readParameters(raw, where);
    return [];
  } catch (error) {
    if (!(error instanceof DeploymentError)) throw error;
    expect(error).toMatchObject({ code: 'PARAMETERS_INVALID', message: error.problems.join('\n') });
    return error.problems;
  }
};

describe('parameters', () => {
  it('are all optional, and the defaults are the ones to keep', () => {
    expect(readParameters({}, place)).toEqual({
      destinations: 'infra/destinations.yml',
      allowHttp: false,
      scheme: 'internet-facing',
      allowedCidrs: ['0.0.0.0/0'],
      tlsPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
      deletionProtection: true,
      destinationKeyArns: [],
      documentKeyArns: [],
      mtlsPort: 8443,
      events: true,
      eventBusName: 'default',
      closeGraceSeconds: 3600,
      sessionLifetimeSeconds: 7_776_000,
      logRetentionDays: 30,
      logLevel: 'INFO',
    });
  });

  it('mean the same from a command line and from serverless.yml', () => {
    const line = {
      allowHttp: 'true',
      subnetIds: 'subnet-1, subnet-2',
      vpcId: 'vpc-1',
      logRetentionDays: '7',
    };
    const yaml = {
      allowHttp: true,
      subnetIds: ['subnet-1', 'subnet-2'],
      vpcId: 'vpc-1',
      logRetentionDays: 7,
    };
    expect(readParameters(line, place)).toEqual(readParameters(yaml, place));
  });

  it('that are not given are null or absent', () => {
    expect(problemsOf({ certificateArn: null, vpcId: undefined })).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    [
      'a bus that nothing is sent to',
      { events: 'false', eventBusName: 'ours' },
      /^eventBusName: nothing is sent/,
    ],
    [
      'the bus of an ARN',
      { eventBusName: 'arn:aws:events:eu-west-1:1:event-bus/ours' },
      /^eventBusName: must be the name/,
    ],
    [
      'a misspelt name',
      { certificateARNs: 'x' },
      /^certificateARNs: unknown parameter \(did you mean certificateArn\?\)$/,
    ],
    [
      'no ARN',
      { certificateArn: 'my-certificate' },
      /^certificateArn: must be the ARN of a certificate in ACM, not "my-certificate"$/,
    ],
    [
      'an alias for a key',
      { kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:alias/x' },
      /^kmsKeyArn: must be the ARN of a KMS key/,
    ],
    [
      'a limit that stops every client',
      { rateLimit: '99' },
      /^rateLimit: must be a whole number of requests from 100/,
    ],
    [
      'a rule in front of another’s load balancer',
      { listenerArn, domainName: 'a.example', rateLimit: '20000' },
      /^rateLimit: belongs to a load balancer of our own/,
    ],
    ['neither true nor false', { allowHttp: 'yes' }, /^allowHttp: must be true or false, not "yes"$/],
    [
      'a range that is none',
      { allowedCidrs: '10.0.0.0/8,10.0.0.300/8' },
      /^allowedCidrs: must be IPv4 ranges/,
    ],
    [
      'a time that CloudWatch does not know',
      { logRetentionDays: '31' },
      /^logRetentionDays: must be one of 1, 3, 5/,
    ],
    [
      'a level that is none',
      { logLevel: 'LOUD' },
      /^logLevel: must be DEBUG, INFO, WARN, ERROR, not "LOUD"$/,
    ],
    ['a URL for a name', { domainName: 'https://bits.example.com/' }, /^domainName: must be a host name/],
    ['HTTPS and HTTP', { certificateArn, allowHttp: 'true' }, /^allowHttp: with certificateArn/],
    [
      'a certificate for another’s listener',
      { listenerArn, domainName: 'a.example', certificateArn },
      /^certificateArn: belongs to a load balancer of our own/,
    ],
    ['an existing listener without a name', { listenerArn }, /^domainName: under which name/],
    [
      'a certificate of another region',
      { certificateArn: certificateArn.replace('eu-west-1', 'us-east-1') },
      /^certificateArn: is in us-east-1, and the deployment in eu-west-1; give --region too$/,
    ],
    [
      'a key of another region',
      { documentKeyArns: keyArn, destinationKeyArns: keyArn.replace('us-east-1', 'eu-west-1') },
      /^documentKeyArns: is in us-east-1, and the deployment in eu-west-1; give --region too$/,
    ],
    [
      'a lifetime that outlasts the buckets\u2019 rules',
      { sessionLifetimeSeconds: '7776001' },
      /^sessionLifetimeSeconds: must be a whole number of seconds from 1 to 7776000/,
    ],
    [
      'no time for a CLOSE',
      { closeGraceSeconds: '0' },
      /^closeGraceSeconds: must be a whole number of seconds/,
    ],
    ['a network without subnets', { vpcId: 'vpc-1' }, /^vpcId, subnetIds: an existing network needs both$/],
    [
      'one subnet twice',
      { vpcId: 'vpc-1', subnetIds: 'subnet-1,subnet-1' },
      /^subnetIds: a load balancer needs two/,
    ],
    ['an internal load balancer that nobody reaches', { scheme: 'internal' }, /^scheme: nobody could reach/],
    [
      'a secret without the end of its ARN, which no policy would find',
      { usersSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:bits/users' },
      /^usersSecretArn: must be the whole ARN of a secret/,
    ],
    [
      'one listener that verifies certificates and does not',
      { listenerArn, domainName: 'a.example', mtlsListenerArn: listenerArn },
      /^mtlsListenerArn: is listenerArn too/,
    ],
    [
      'a range that EC2 takes once, in two spellings',
      { allowedCidrs: '10.0.0.0/8,192.0.2.0/24,10.1.2.3/8' },
      /^allowedCidrs: there twice: 10\.1\.2\.3\/8$/,
    ],
    ['a record without a name', { hostedZoneId: 'Z12345' }, /^hostedZoneId: the record needs a name/],
  ])('%s is refused', (_, raw, message) => {
    expect(problemsOf(raw)).toEqual([expect.stringMatching(message)]);
  });

  it('named a destinations file that the next deployment forgot, and it opened what that one closes', () => {
    const environment = { DESTINATIONS: 'infra/destinations.prod.yml' };
    expect(problemsOf({}, { ...place, environment })).toEqual([
      expect.stringMatching(/^destinations: the variable DESTINATIONS is for npm start; write the file down/),
    ]);
    const written = { destinations: 'infra/destinations.prod.yml' };
    expect(readParameters(written, { ...place, environment })).toMatchObject(written);
  });

  it('are refused all at once', () => {
    expect(problemsOf({ allowHtp: 'true', scheme: 'public' }, { ...place, stage: 'Production' })).toEqual([
      expect.stringMatching(/^allowHtp: unknown/),
      expect.stringMatching(/^stage: must be up to 12/),
      expect.stringMatching(/^scheme: must be/),
    ]);
  });

  it.each([
    ['prod', true],
    ['a', true],
    ['abcdefghij-1', true],
    ['abcdefghij-12', false],
    ['-a', false],
    ['a-', false],
    ['1a', false],
    ['Prod', false],
  ])('stage %s: %s', (stage, good) => {
    expect(problemsOf({}, { ...place, stage }).length === 0).toBe(good);
    if (good) expect(`bits-${stage}-create-session`.length).toBeLessThanOrEqual(32);
  });
});

describe('a deployment', () => {
  it('names the outputs of the stack, and nothing of the tool', () => {
    const outputs = [
      { OutputKey: 'Url', OutputValue: 'https://bits.example.com/' },
      { OutputKey: 'ServerlessDeploymentBucketName', OutputValue: 'packages' },
      { OutputKey: 'StagingBucketName', OutputValue: 'staging', Description: 'Fragments on their way' },
    ];
    expect(outputLines({ info: {}, outputs })).toEqual([
      'StagingBucketName: staging',
      'Url: https://bits.example.com/',
    ]);
    expect([...outputLines(undefined), ...outputLines({ outputs: [] })]).toEqual([]);
  });

  it.each([
    [{}, false],
    [{ certificateArn }, true],
    [{ allowHttp: 'true' }, true],
    [{ listenerArn, domainName: 'bits.example.com' }, true],
  ])('with %j is decided: %s', (raw, decided) => {
    expect(planDeployment(readParameters(raw, place), []).undecided === null).toBe(decided);
  });
});

describe('more ranges than a security group has rules', () => {
  const ranges = (count: number) => Array.from({ length: count }, (_, index) => `10.0.${index}.0/24`);
  const planned = (count: number, raw: object = {}, certificatePort: number | null = null) =>
    planDeployment(readParameters({ ...raw, allowedCidrs: ranges(count) }, place), [], certificatePort);

  it('are refused, twice as soon with two listeners', () => {
    expect(planned(60).ingress).toHaveLength(60);
    expect(() => planned(61)).toThrow(/^allowedCidrs: 61 ranges on one port are 61 rules, .* takes 60/);
    expect(planned(30, {}, 8443).ingress).toHaveLength(60);
    expect(() => planned(31, {}, 8443)).toThrow(/^allowedCidrs: 31 ranges on 2 ports are 62 rules/);
  });

  it("are nothing to a load balancer of somebody else's", () => {
    expect(() => planned(61, { listenerArn, domainName: 'a.example' })).not.toThrow();
  });
});

describe('docs/deployment.md', () => {
  it('has a row for every parameter, with the default that is in force', async () => {
    const page = await readFile(new URL('../../docs/deployment.md', import.meta.url), 'utf8');
    const [, section = ''] = page.split('\n## Parameters\n');
    const [table = ''] = section.split('\n## ');
    const rows = table
      .split('\n')
      .filter((line) => /^\| `\w+` \| /.test(line))
      .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
      .filter(({ length }) => length === 5);
    expect(rows.map(([, name]) => name)).toEqual(parameterNames);
    const defaults = Object.entries(readParameters({}, place)).map(([name, value]) => [name, String(value)]);
    for (const [name, value] of defaults) {
      expect(rows.find((row) => row[1] === name)?.[2]).toBe(value === '' ? 'none' : value);
    }
  });
});
