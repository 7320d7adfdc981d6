import { z } from 'zod';
import { type Check, ofType, type Resource, show, type Template } from '../template.ts';

const verifying = z.strictObject({
  Mode: z.literal('verify'),
  TrustStoreArn: z.unknown(),
  IgnoreClientCertificateExpiry: z.literal(false),
});

const groupSchema = z.looseObject({
  Name: z.string(),
  TargetGroupAttributes: z.array(z.strictObject({ Key: z.string(), Value: z.unknown() })),
  Targets: z.tuple([z.strictObject({ Id: z.unknown() })]),
});

const isBelieved = ({ Properties }: Resource, beginning: string | undefined): boolean =>
  beginning !== undefined && groupSchema.parse(Properties).Name.startsWith(beginning);

/** Listeners that somebody else made: of them the template only tells which groups they lead to. */
const listenersOfOthers = (template: Template): readonly string[] => [
  ...new Set(
    ofType(template, 'AWS::ElasticLoadBalancingV2::ListenerRule')
      .filter(([, { Properties }]) => typeof Properties['ListenerArn'] === 'string')
      .map(([, { Properties }]) => show(Properties['ListenerArn'])),
  ),
];

const groupsBehind = (
  template: Template,
  listeners: readonly string[],
): readonly (readonly [string, Resource])[] => {
  const rules = ofType(template, 'AWS::ElasticLoadBalancingV2::ListenerRule').filter(([, { Properties }]) =>
    listeners.includes(show(Properties['ListenerArn'])),
  );
  const forwarded = show(rules.map(([, { Properties }]) => Properties['Actions']));
  return ofType(template, 'AWS::ElasticLoadBalancingV2::TargetGroup').filter(([id]) =>
    forwarded.includes(`{"Ref":"${id}"}`),
  );
};

/**
 * Certificates are verified, expired ones too; and only what came through their listener can look as if it had. A function
 * tells by the name of the target group, and sees every copy of a header.
 */
export const believedCertificates: Check = (template) => {
  const listeners = ofType(template, 'AWS::ElasticLoadBalancingV2::Listener');
  const mutual = listeners.filter(([, { Properties }]) => Properties['MutualAuthentication'] !== undefined);
  const unverified = mutual
    .filter(([, { Properties }]) => !verifying.safeParse(Properties['MutualAuthentication']).success)
    .map(([id]) => `${id}: MutualAuthentication: lets certificates through that nobody verified`);

  const functions = ofType(template, 'AWS::Lambda::Function');
  const beginning = /"MTLS_TARGET_GROUPS":"([^"]+)"/.exec(show(functions))?.[1];
  const theirs = listenersOfOthers(template);
  const believedOnly = theirs.filter((listener) =>
    groupsBehind(template, [listener]).every(([, group]) => isBelieved(group, beginning)),
  );
  const behind = groupsBehind(template, [...mutual.map(([id]) => show({ Ref: id })), ...believedOnly]);
  const wrongly = ofType(template, 'AWS::ElasticLoadBalancingV2::TargetGroup').flatMap(([id, group]) => {
    const { Name, TargetGroupAttributes } = groupSchema.parse(group.Properties);
    const isBehind = behind.some(([other]) => other === id);
    const believed = isBelieved(group, beginning);
    const everyValue = TargetGroupAttributes.some(
      ({ Key, Value }) => Key === 'lambda.multi_value_headers.enabled' && String(Value) === 'true',
    );
    return [
      ...(isBehind === believed
        ? []
        : [`${id}: ${Name}: believed ${believed}, behind the listener ${isBehind}`]),
      ...(isBehind && !everyValue ? [`${id}: hides a second copy of a header`] : []),
    ];
  });
  const ignorant = functions
    .filter(([id]) => show(behind.map(([, { Properties }]) => Properties['Targets'])).includes(`"${id}"`))
    .filter(([, { Properties }]) => !show(Properties['Environment']).includes('MTLS_TARGET_GROUPS'))
    .map(([id]) => `${id}: does not know the target groups of certificates`);
  return [...unverified, ...wrongly, ...ignorant];
};

/**
 * A secret that CloudFormation has a value of would be set back by a deployment; one that it deletes is lost. One that a failed
 * first deployment leaves behind is nobody's.
 */
export const lastingSecrets: Check = (template) =>
  ofType(template, 'AWS::SecretsManager::Secret').flatMap(
    ([id, { Properties, DeletionPolicy, UpdateReplacePolicy }]) => [
      ...(DeletionPolicy === 'RetainExceptOnCreate'
        ? []
        : [
            `${id}: DeletionPolicy: ${DeletionPolicy ?? 'Delete'}: is deleted with the stack, or stays of a deployment that failed`,
          ]),
      ...(UpdateReplacePolicy === 'Retain' ? [] : [`${id}: is lost when another takes its place`]),
      ...['SecretString', 'GenerateSecretString']
        .filter((name) => name in Properties)
        .map((name) => `${id}: ${name}: a deployment would write over the users`),
    ],
  );
