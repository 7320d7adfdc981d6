import { z } from 'zod';
import { type Check, ofType, type Template } from '../template.ts';

const permissionSchema = z.strictObject({
  FunctionName: z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
  Action: z.literal('lambda:InvokeFunction'),
  Principal: z.literal('elasticloadbalancing.amazonaws.com'),
  SourceAccount: z.strictObject({ Ref: z.literal('AWS::AccountId') }),
  SourceArn: z.union([z.strictObject({ Ref: z.string() }), z.strictObject({ 'Fn::Sub': z.string() })]),
});

const groupSchema = z.looseObject({ Name: z.string().max(32), Targets: z.array(z.unknown()) });

const groupsOf = (template: Template, functionId: string): readonly (readonly [string, string])[] =>
  ofType(template, 'AWS::ElasticLoadBalancingV2::TargetGroup').flatMap(([id, { Properties }]) => {
    const group = groupSchema.parse(Properties);
    return JSON.stringify(group.Targets).includes(`"${functionId}"`) ? [[id, group.Name] as const] : [];
  });

/** Every permission to invoke a function is bound to the function's own target group, in this account. */
export const boundPermissions: Check = (template) =>
  ofType(template, 'AWS::Lambda::Permission').flatMap(([id, { Properties }]) => {
    const parsed = permissionSchema.safeParse(Properties);
    if (!parsed.success) {
      return parsed.error.issues.map(({ path, message }) => `${id}: ${path.join('.')}: ${message}`);
    }
    const { FunctionName, SourceArn } = parsed.data;
    const groups = groupsOf(template, FunctionName['Fn::GetAtt'][0]);
    const bound = groups.some(([groupId, name]) =>
      'Ref' in SourceArn
        ? SourceArn.Ref === groupId
        : SourceArn['Fn::Sub'] ===
          `arn:\${AWS::Partition}:elasticloadbalancing:\${AWS::Region}:\${AWS::AccountId}:targetgroup/${name}/*`,
    );
    return bound ? [] : [`${id}: SourceArn: not the target group of the function`];
  });

/** A load balancer that may not invoke a function answers 502. */
export const everyTargetIsPermitted: Check = (template) => {
  const permitted = JSON.stringify(ofType(template, 'AWS::Lambda::Permission'));
  return ofType(template, 'AWS::ElasticLoadBalancingV2::TargetGroup')
    .filter(([id]) => !permitted.includes(`{"Ref":"${id}"}`))
    .map(([id]) => `${id}: no permission to invoke its function`);
};
