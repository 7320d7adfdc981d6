import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { readListenerRules } from '../../infra/local/service.ts';
import { allChecks, listenerOf } from './all-checks.ts';
import { statementsOfRole } from './checks/access.ts';
import { type PackageOptions, packageService } from './package-service.ts';
import { ofType, show, type Template } from './template.ts';
import { validatorFindings } from './validate.ts';

const account = '123456789012';
const certificateArn = `arn:aws:acm:eu-west-1:${account}:certificate/0b8e6c5e-1d5c-4c3e-9d3a-6c1b2f3a4d5e`;
const listenerArn = `arn:aws:elasticloadbalancing:eu-west-1:${account}:listener/app/ours/50dc6c495c0c9188/f2f7dc8efc522ab2`;
const functionArn = `arn:aws:lambda:eu-west-1:${account}:function:line-count`;
const secretArn = `arn:aws:secretsmanager:eu-west-1:${account}:secret:bits-app-AbCdEf`;
const keyArn = (id: string) => `arn:aws:kms:eu-west-1:${account}:key/${id}`;

const ownKey = '1234abcd-12ab-34cd-56ef-1234567890ab';
const theirKey = 'mrk-1234abcd12ab34cd56ef1234567890ab';

const dumpsKey = 'abcd1234-12ab-34cd-56ef-1234567890ab';

const types = (template: Template): readonly string[] =>
  Object.values(template.Resources).map(({ Type }) => Type);

interface Variant {
  readonly name: string;
  readonly options: PackageOptions;
  readonly protocol?: 'HTTP' | 'HTTPS';
  readonly withoutEvents?: true;
  readonly expected: (template: Template) => void;
}

const variants: readonly Variant[] = [
  {
    name: 'HTTPS in a network of its own, with a name in Route 53',
    options: {
      stage: 'prod',
      parameters: { certificateArn, domainName: 'bits.example.com', hostedZoneId: 'Z0123456789ABCDEFGHIJ' },
    },
    protocol: 'HTTPS',
    expected: (template) => {
      expect(template.Resources['Listener']?.Properties['Certificates']).toEqual([
        { CertificateArn: certificateArn },
      ]);
      expect(template.Resources['DomainRecord']?.Properties['Name']).toBe('bits.example.com');
      expect(template.Outputs['Url']?.Value).toBe('https://bits.example.com/');
      expect(template.Resources['LoadBalancer']?.DependsOn).toContain('InternetGatewayAttachment');
    },
  },
  {
    name: 'users and keys that are there already, certificates behind somebody else\u2019s listener',
    options: {
      stage: 'abcdefghij-1',
      region: 'eu-west-1',
      parameters: {
        listenerArn,
        domainName: 'bits.example.com',
        mtlsListenerArn: listenerArn.replace('/ours/', '/theirs/'),
        usersSecretArn: `arn:aws:secretsmanager:eu-west-1:${account}:secret:fleet/users-AbCdEf`,
        documentKeyArns: keyArn(ownKey),
      },
      destinations: `destinations:
  - { prefix: /users/, maximumUploadSize: 1GiB, access: [basic, ticket] }
  - { prefix: /machines/, key: "m/{path}", maximumUploadSize: 1GiB, access: mtls, principalFrom: CN }
`,
    },
    expected: (template) => {
      expect(types(template)).not.toContain('AWS::SecretsManager::Secret');
      expect(types(template)).not.toContain('AWS::ElasticLoadBalancingV2::Listener');
      expect(types(template)).not.toContain('AWS::ElasticLoadBalancingV2::TrustStore');
      expect(show(template.Resources['DocumentAccess'])).toContain('secret:fleet/users-AbCdEf');
      expect(show(template.Resources['DocumentAccess'])).toContain('"kms:ViaService"');
      expect(show(template.Resources['CertificatePingRule'])).toContain('/theirs/');
    },
  },
  {
    name: 'HTTP, asked for by name, for two ranges only, without protection from deletion',
    options: {
      stage: 'test',
      parameters: {
        allowHttp: 'true',
        allowedCidrs: '192.0.2.0/24,198.51.100.7/32',
        deletionProtection: 'false',
        events: 'false',
      },
    },
    protocol: 'HTTP',
    withoutEvents: true,
    expected: (template) => {
      expect(types(template)).not.toContain('AWS::Pipes::Pipe');
      expect(types(template)).not.toContain('AWS::SQS::Queue');
      expect(template.Resources['Listener']?.Properties).not.toHaveProperty('Certificates');
      expect(
        template.Resources['LoadBalancerSecurityGroup']?.Properties['SecurityGroupIngress'],
      ).toMatchObject([
        { CidrIp: '192.0.2.0/24', FromPort: 80, ToPort: 80 },
        { CidrIp: '198.51.100.7/32', FromPort: 80, ToPort: 80 },
      ]);
      expect(template.Outputs['Url']?.Value).toEqual({ 'Fn::Sub': `http://\${LoadBalancer.DNSName}/` });
      expect(show(template.Resources['LoadBalancer'])).toContain(
        '{"Key":"deletion_protection.enabled","Value":"false"}',
      );
      expect(template.Resources['SessionTable']?.Properties['DeletionProtectionEnabled']).toBe(false);
    },
  },
  {
    name: 'an internal load balancer in an existing network, destinations in existing buckets, keys of their own',
    options: {
      stage: 'prod',
      parameters: {
        certificateArn,
        vpcId: 'vpc-0a1b2c3d',
        subnetIds: 'subnet-0a1b2c3d,subnet-1a2b3c4d',
        scheme: 'internal',
        kmsKeyArn: keyArn(ownKey),
        destinationKeyArns: keyArn(theirKey),
        eventBusName: 'fleet/uploads',
        logRetentionDays: '365',
        logLevel: 'WARN',
        closeGraceSeconds: '60',
        rateLimit: '20000',
      },
      destinations: `destinations:
  - { prefix: /dumps/, bucket: example-crash-dumps, key: "d/{path}", maximumUploadSize: 16GiB, access: none,
      encryption: kms, kmsKey: "${keyArn(dumpsKey)}", tags: { team: field } }
  - { prefix: /tills/, bucket: example-tills, maximumUploadSize: 1GiB, access: none }
  - { prefix: /more/, bucket: example-tills, maximumUploadSize: 1GiB, access: none, enabled: false }
`,
    },
    protocol: 'HTTPS',
    expected: (template) => {
      expect(types(template)).not.toContain('AWS::EC2::VPC');
      expect(show(template.Resources['UploadEvents'])).toContain('event-bus/fleet/uploads');
      expect(show(statementsOfRole(template, 'UploadEventsRole'))).toContain('event-bus/fleet/uploads');
      expect(template.Resources['LoadBalancer']?.Properties).toMatchObject({
        Scheme: 'internal',
        Subnets: ['subnet-0a1b2c3d', 'subnet-1a2b3c4d'],
      });
      expect(template.Resources['LoadBalancerSecurityGroup']?.Properties['VpcId']).toBe('vpc-0a1b2c3d');
      const statements = statementsOfRole(template, 'FragmentRole');
      expect(statements.find(({ Action }) => Action.includes('s3:AbortMultipartUpload'))?.Resource).toEqual([
        // Nobody goes there any more, and sessions that did before are published all the same.
        { 'Fn::Sub': `\${UploadBucket.Arn}/*` },
        { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::example-crash-dumps/*` },
        { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::example-tills/*` },
      ]);
      expect(show(template.Resources['WebAcl'])).toContain('"Limit":20000');
      expect(statements.find(({ Action }) => Action.includes('kms:Decrypt'))).toMatchObject({
        Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
        Resource: [keyArn(ownKey), keyArn(theirKey), keyArn(dumpsKey)],
      });
      const tagging = statements.find(({ Action }) => Action.includes('s3:PutObjectTagging'));
      expect(show(tagging?.Resource)).toContain('example-crash-dumps/*');
      expect(show(statementsOfRole(template, 'CreateSessionRole'))).not.toContain('kms:');
      expect(show(template.Resources['UploadBucket'])).toContain(keyArn(ownKey));
      expect(show(template.Resources['StagingBucket'])).toContain('"BucketKeyEnabled":true');
      expect(template.Resources['PingLogGroup']?.Properties['RetentionInDays']).toBe(365);
      expect(show(template.Resources['PingLambdaFunction'])).toContain('"LOG_LEVEL":"WARN"');
      expect(show(template.Resources['SweepLambdaFunction'])).toContain('"CLOSE_GRACE_SECONDS":"60"');
    },
  },
  {
    name: 'reply applications: a function by its ARN, a secret, files in holding',
    options: {
      parameters: { allowHttp: 'true', documentKeyArns: keyArn(ownKey) },
      destinations: `destinations:
  - prefix: /a/
    maximumUploadSize: 1GiB
    access: none
    reply: { kind: lambda, function: '${functionArn}' }
  - prefix: /b/
    maximumUploadSize: 1GiB
    access: none
    reply: { kind: http, url: 'https://app.example.com/', secret: 'secretsmanager:${secretArn}' }
  - prefix: /c/
    maximumUploadSize: 1GiB
    access: none
    reply: { kind: http, url: done, hosts: [bits.example.com], secret: 'ssm:/bits/app' }
`,
    },
    protocol: 'HTTP',
    expected: (template) => {
      const fragment = statementsOfRole(template, 'FragmentRole');
      const resourceOf = (action: string) => fragment.find(({ Action }) => Action.includes(action))?.Resource;
      expect(resourceOf('lambda:InvokeFunction')).toEqual([functionArn]);
      expect(resourceOf('secretsmanager:GetSecretValue')).toEqual([secretArn]);
      expect(show(resourceOf('ssm:GetParameter'))).toContain(':parameter/bits/app');
      expect(resourceOf('kms:Decrypt')).toEqual([keyArn(ownKey)]);
      const held = (role: string) =>
        statementsOfRole(template, role).find(({ Resource }) => show(Resource).includes('/holding/*'))
          ?.Action;
      const all = ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];
      for (const role of ['FragmentRole', 'CloseSessionRole', 'SweepRole']) expect(held(role)).toEqual(all);
      expect(held('CancelSessionRole')).toEqual(['s3:AbortMultipartUpload', 's3:GetObject']);
      for (const role of ['CreateSessionRole', 'PingRole']) expect(held(role)).toBeUndefined();
      for (const role of ['CloseSessionRole', 'SweepRole']) {
        expect(show(statementsOfRole(template, role))).not.toContain('lambda:InvokeFunction');
      }
    },
  },
  {
    name: 'an existing listener',
    options: { stage: 'shared', parameters: { listenerArn, domainName: 'shared.example.com' } },
    expected: (template) => {
      expect(
        types(template).filter((type) => /::(LoadBalancer|Listener|VPC|SecurityGroup)$/.test(type)),
      ).toEqual([]);
      const rules = ofType(template, 'AWS::ElasticLoadBalancingV2::ListenerRule');
      expect(rules.map(([, { Properties }]) => Properties['ListenerArn'])).toEqual(
        Array(7).fill(listenerArn),
      );
    },
  },
];

describe.each(variants)('$name', ({ options, protocol, withoutEvents, expected }) => {
  let template: Template;
  let templateJson = '';
  let checks: ReturnType<typeof allChecks>;
  beforeAll(async () => {
    ({ template, templateJson } = await packageService({ region: 'eu-west-1', ...options }));
    const serverlessYml = await readFile(new URL('../../serverless.yml', import.meta.url), 'utf8');
    checks = allChecks(readListenerRules(serverlessYml));
  }, 120_000);

  it('passes every check, and the validator', async () => {
    const { toldOutcomes, ...others } = checks;
    const all = {
      ...others,
      ...(withoutEvents ? {} : { toldOutcomes }),
      ...(protocol === undefined ? {} : { listener: listenerOf(protocol) }),
    };
    const problems = Object.entries(all).flatMap(([name, check]) =>
      check(template).map((problem) => `${name}: ${problem}`),
    );
    expect(problems).toEqual([]);
    expect(await validatorFindings(templateJson)).toEqual([]);
  });

  it('is what was asked for', () => expected(template));
});
