import { z } from 'zod';
import { type Check, ofType, type Template } from '../template.ts';

const arnOf = z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) });

const common = {
  FunctionName: arnOf,
  Action: z.literal('lambda:InvokeFunction'),
  SourceAccount: z.strictObject({ Ref: z.literal('AWS::AccountId') }),
};

const permissionSchema = z.strictObject({
  ...common,
  Principal: z.literal('elasticloadbalancing.amazonaws.com'),
  SourceArn: z.union([z.strictObject({ Ref: z.string() }), z.strictObject({ 'Fn::Sub': z.string() })]),
});

const scheduleSchema = z.strictObject({
  ...common,
  Principal: z.literal('events.amazonaws.com'),
  SourceArn: arnOf,
});

const groupSchema = z.looseObject({ Name: z.string().max(32), Targets: z.array(z.unknown()) });

const groupsOf = (template: Template, functionId: string): readonly (readonly [string, string])[] =>
  ofType(template, 'AWS::ElasticLoadBalancingV2::TargetGroup').flatMap(([id, { Properties }]) => {
    const group = groupSchema.parse(Properties);
    return JSON.stringify(group.Targets).includes(`"${functionId}"`) ? [[id, group.Name] as const] : [];
  });

/** Whether a schedule that a permission is bound to has the permission's function as its target. */
const isItsSchedule = (template: Template, { FunctionName, SourceArn }: z.output<typeof scheduleSchema>) => {
  const schedule = template.Resources[SourceArn['Fn::GetAtt'][0]];
  return (
    schedule?.Type === 'AWS::Events::Rule' &&
    JSON.stringify(schedule.Properties['Targets']).includes(JSON.stringify(FunctionName))
  );
};

/** Every permission to invoke a function is bound to the function's own target group, or schedule, in this account. */
export const boundPermissions: Check = (template) =>
  ofType(template, 'AWS::Lambda::Permission').flatMap(([id, { Properties }]) => {
    if (Properties['Principal'] === 'events.amazonaws.com') {
      const scheduled = scheduleSchema.safeParse(Properties);
      return scheduled.success && isItsSchedule(template, scheduled.data)
        ? []
        : [`${id}: not bound to a schedule of the function`];
    }
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
    .filter(([id, { Properties }]) => {
      const { Name } = groupSchema.parse(Properties);
      if (permitted.includes(`{"Ref":"${id}"}`)) return false;
      // Ours have one permission, by name; what the tool makes has another besides, by reference.
      return !id.startsWith('Certificate') || !permitted.includes(`:targetgroup/${Name}/*"`);
    })
    .map(([id]) => `${id}: no permission to invoke its function`);
};
