import { describe, expect, it } from 'vitest';
import { DeploymentError } from '../../infra/deployment/errors.ts';
import { extensionLayerArn } from '../../infra/deployment/extension-layer.ts';
import { readParameters } from '../../infra/deployment/parameters.ts';
import { type AccessPlan, placeholderTrustStoreArn, planAccess } from '../../infra/deployment/plan-access.ts';
import { refusePackage } from '../../infra/deployment/refusal.ts';
import { replyAccess } from '../../infra/deployment/reply-access.ts';
import type { AccessKind } from '../../lib/access/destination.ts';
import { testDestination } from '../support/functions-harness.ts';

const place = { stage: 'prod', region: 'eu-west-1' };
const account = '123456789012';
const listener = (name: string) =>
  `arn:aws:elasticloadbalancing:eu-west-1:${account}:listener/app/${name}/50dc/f2f7`;
const certificateArn = `arn:aws:acm:eu-west-1:${account}:certificate/abc`;

const httpApplication = {
  kind: 'http',
  url: 'https://app.example/',
  mode: 'by-reference',
  hosts: [],
  privateHosts: [],
  timeoutSeconds: 30,
  maximumReplyBytes: 1_000_000,
} as const;

const plan = (
  access: readonly AccessKind[],
  raw: Readonly<Record<string, unknown>> = {},
  where = place,
): AccessPlan => planAccess(readParameters(raw, where), [{ ...testDestination, access }], where);

describe('the plan of access', () => {
  it('is nothing at all where everybody may upload, and says so', () => {
    const { parts, environment, statements, warnings, undecided } = plan(['none']);
    expect(new Set(Object.values(parts))).toEqual(new Set(['nothing.yml']));
    expect([environment, statements, undecided]).toEqual([{}, [], null]);
    expect(warnings).toEqual(['/drop/: access: none lets everyone who reaches the URL upload']);
  });

  it.each<[AccessKind, Record<string, unknown>, string[], string[]]>([
    [
      'basic',
      {},
      ['users', 'documents', 'extension'],
      ['USERS_DOCUMENT', 'PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED'],
    ],
    [
      'basic',
      { usersSecretArn: `arn:aws:secretsmanager:eu-west-1:${account}:secret:bits/users-AbCdEf` },
      ['documents', 'extension'],
      ['USERS_DOCUMENT', 'PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED'],
    ],
    [
      'ticket',
      {},
      ['documents', 'extension'],
      ['TICKET_KEYS_DOCUMENT', 'PARAMETERS_SECRETS_EXTENSION_CACHE_ENABLED'],
    ],
    [
      'mtls',
      { certificateArn, trustStoreBundle: 's3://cas/a/b.pem' },
      ['trustStore', 'certificateListener', 'certificates'],
      ['MTLS_TARGET_GROUPS'],
    ],
    [
      'mtls',
      { listenerArn: listener('a'), domainName: 'a.example', mtlsListenerArn: listener('b') },
      ['certificates'],
      ['MTLS_TARGET_GROUPS'],
    ],
  ])('%s with %j', (kind, raw, parts, variables) => {
    const planned = plan([kind], raw);
    const used = Object.entries(planned.parts).filter(([, file]) => file !== 'nothing.yml');
    expect(used.map(([name]) => name).toSorted()).toEqual(parts.toSorted());
    expect(Object.keys(planned.environment).toSorted()).toEqual(variables.toSorted());
    expect([planned.warnings, planned.undecided]).toEqual([[], null]);
  });

  it('lets functions read what is named, with the keys that are named', () => {
    const key = `arn:aws:kms:eu-west-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
    const secret = `arn:aws:secretsmanager:eu-west-1:${account}:secret:bits/users-AbCdEf`;
    const raw = { usersSecretArn: secret, ticketKeysParameter: '/fleet/keys', documentKeyArns: key };
    const { statements, environment } = plan(['ticket', 'basic'], raw);
    expect(statements).toMatchObject([
      { Action: 'secretsmanager:GetSecretValue', Resource: [secret] },
      {
        Action: 'ssm:GetParameter',
        Resource: [{ 'Fn::Sub': expect.stringMatching(/:parameter\/fleet\/keys$/) }],
      },
      { Action: 'kms:Decrypt', Resource: [key], Condition: { StringEquals: expect.anything() } },
    ]);
    expect(environment).toMatchObject({
      USERS_DOCUMENT: `secretsmanager:${secret}`,
      TICKET_KEYS_DOCUMENT: 'ssm:/fleet/keys',
    });
  });

  it('lets the function that asks reply applications use the keys of their secrets', () => {
    const key = `arn:aws:kms:eu-west-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
    const documentKeyArns = readParameters({ documentKeyArns: key }, place);
    const asking = (secret: string | null) => {
      const reply = { ...httpApplication, secret };
      const { statements } = replyAccess([{ ...testDestination, reply }], documentKeyArns);
      return statements.filter(({ Action }) => Action.includes('kms:Decrypt'));
    };
    const { statements } = plan(['basic'], { documentKeyArns: key });
    const inDocuments = statements.filter(({ Action }) => Action === 'kms:Decrypt');
    expect(inDocuments).toHaveLength(1);
    expect(asking(`secretsmanager:arn:aws:secretsmanager:eu-west-1:${account}:secret:a`)).toEqual(
      inDocuments,
    );
    expect(asking('ssm:/bits/app')).toEqual(inDocuments);
    expect([...asking(null), ...asking('file:/etc/secret')]).toEqual([]);
  });

  it.each<[string, AccessKind, Record<string, unknown>, RegExp]>([
    ['certificates over HTTP', 'mtls', { allowHttp: true }, /^allowHttp: a destination has access: mtls/],
    [
      'another’s listener',
      'mtls',
      { listenerArn: listener('a'), domainName: 'a.example' },
      /^mtlsListenerArn:/,
    ],
    [
      'a trust store twice',
      'none',
      {
        trustStoreBundle: 's3://cas/b.pem',
        trustStoreArn: `arn:aws:elasticloadbalancing:eu-west-1:${account}:truststore/a/b`,
      },
      /^trustStoreBundle:/,
    ],
    ['a listener for nothing', 'none', { mtlsListenerArn: listener('b') }, /^mtlsListenerArn: the listener/],
    ['the port of the other listener', 'none', { mtlsPort: 443 }, /^mtlsPort: must be/],
  ])('%s is refused', (_, kind, raw, problem) => {
    expect(() => plan([kind], raw)).toThrow(DeploymentError);
    expect(() => plan([kind], raw)).toThrow(problem);
  });

  it('needs to be told the layer in a region that it does not know', () => {
    const where = { stage: 'prod', region: 'xx-new-1' };
    expect(() => plan(['basic'], {}, where)).toThrow(/^extensionLayerArn: which layer/);
    expect(plan(['mtls'], {}, where).extensionLayerArn).toBe('');
    expect(extensionLayerArn('cn-north-1')).toMatch(
      /^arn:aws-cn:lambda:cn-north-1:\d{12}:layer:AWS-.*-Arm64:\d+$/,
    );
  });

  it('is not deployed while nobody has said whose certificates are good', () => {
    const { undecided, trustStoreArn } = plan(['mtls'], { certificateArn });
    expect(undecided).toMatch(/trustStoreBundle/);
    expect(trustStoreArn).toBe(placeholderTrustStoreArn);
    const made = { template: placeholderTrustStoreArn, state: '{}' };
    expect(refusePackage(made, { ...place, folder: 'serverless/bits-s3/prod' })).toMatch(/trustStoreBundle/);
  });

  it('warns of passwords over HTTP', () => {
    const existing = { listenerArn: listener('a'), domainName: 'a.example' };
    for (const raw of [{}, existing]) {
      expect(plan(['basic'], { ...raw, allowHttp: true }).warnings).toEqual([
        expect.stringMatching(/^\/drop\/: over HTTP/),
      ]);
    }
  });

  it.each([
    ['basic', true, 'true'],
    ['ticket', true, 'true'],
    ['basic', false, undefined],
    ['none', true, undefined],
  ] as const)(
    'lets functions look at credentials that came over HTTP: %s, allowHttp=%s',
    (kind, allowHttp, variable) => {
      expect(plan([kind], { allowHttp }).environment['ALLOW_HTTP']).toBe(variable);
    },
  );
});
