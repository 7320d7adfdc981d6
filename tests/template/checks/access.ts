import { z } from 'zod';
import {
  type Check,
  ofType,
  referenceOf,
  type Statement,
  show,
  statementsOf,
  type Template,
} from '../template.ts';

const roleSchema = z.strictObject({
  AssumeRolePolicyDocument: z.unknown(),
  Policies: z.tuple([z.strictObject({ PolicyName: z.string(), PolicyDocument: z.unknown() })]),
});

/** Everything that a role may do, policies attached to it included. */
export const statementsOfRole = (template: Template, roleId: string): readonly Statement[] => {
  const role = template.Resources[roleId];
  if (role === undefined) throw new Error(`no role ${roleId}`);
  const own = statementsOf(roleSchema.parse(role.Properties).Policies[0].PolicyDocument);
  const attached = ofType(template, 'AWS::IAM::ManagedPolicy')
    .filter(([, { Properties }]) => show(Properties['Roles']).includes(`{"Ref":"${roleId}"}`))
    .flatMap(([, { Properties }]) => statementsOf(Properties['PolicyDocument']));
  return [...own, ...attached];
};

/** What may stand for a bucket's objects, whose names come into being later. */
const objectsOfABucket =
  /^(\$\{\w+\.Arn\}|arn:\$\{AWS::Partition\}:s3:::[a-z0-9][a-z0-9.-]+)\/(?:[a-z]+\/)?\*$/;

const wildcardProblem = (resource: unknown): string | undefined => {
  const text = show(resource);
  if (!text.includes('*')) return undefined;
  const substituted = z.strictObject({ 'Fn::Sub': z.string() }).safeParse(resource);
  if (substituted.success && objectsOfABucket.test(substituted.data['Fn::Sub'])) return undefined;
  return `${text} could be named`;
};

const policies = (template: Template): readonly (readonly [string, Statement])[] => [
  ...ofType(template, 'AWS::IAM::Role').flatMap(([id]) =>
    statementsOfRole(template, id).map((statement) => [id, statement] as const),
  ),
  ...ofType(template, 'AWS::IAM::ManagedPolicy').flatMap(([id, { Properties }]) =>
    statementsOf(Properties['PolicyDocument']).map((statement) => [id, statement] as const),
  ),
];

/** No `*` in an action, and none in a resource that has a name when the stack is deployed. */
export const noNeedlessWildcards: Check = (template) =>
  policies(template).flatMap(([id, { Action, Resource }]) => [
    ...Action.filter((action) => action.includes('*')).map((action) => `${id}: action ${action}`),
    ...Resource.map(wildcardProblem)
      .filter((problem) => problem !== undefined)
      .map((problem) => `${id}: resource ${problem}`),
  ]);

/** A function's role is its own, and Lambda alone may take it. */
export const aRolePerFunction: Check = (template) => {
  const owners = new Map<string, string>();
  return ofType(template, 'AWS::Lambda::Function').flatMap(([id, { Properties }]) => {
    const roleId = referenceOf(Properties['Role']);
    if (roleId === undefined) return [`${id}: Role: not a role of this template`];
    const other = owners.get(roleId);
    owners.set(roleId, id);
    const trust = roleSchema.parse(template.Resources[roleId]?.Properties).AssumeRolePolicyDocument;
    const trusted = show(trust).includes('"Principal":{"Service":"lambda.amazonaws.com"}');
    return [
      ...(other === undefined ? [] : [`${id}: Role: ${roleId} is also the role of ${other}`]),
      ...(trusted ? [] : [`${roleId}: AssumeRolePolicyDocument: not for Lambda alone`]),
    ];
  });
};

/** New code never runs before the rights that it needs. */
export const rightsBeforeCode: Check = (template) =>
  ofType(template, 'AWS::Lambda::Function').flatMap(([id, { Properties, DependsOn = [] }]) =>
    ofType(template, 'AWS::IAM::ManagedPolicy')
      .filter(([, policy]) =>
        show(policy.Properties['Roles']).includes(show({ Ref: referenceOf(Properties['Role']) })),
      )
      .filter(([policyId]) => !DependsOn.includes(policyId))
      .map(([policyId]) => `${id}: may run before ${policyId}`),
  );
