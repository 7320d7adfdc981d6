import { z } from 'zod';

const resourceSchema = z.looseObject({ Type: z.string(), Properties: z.unknown().optional() });
const templateSchema = z.looseObject({ Resources: z.record(z.string(), resourceSchema) });

const policySchema = z.looseObject({
  Properties: z.looseObject({ Roles: z.array(z.looseObject({ Ref: z.string() })) }),
});

const functionSchema = z.looseObject({
  DependsOn: z.union([z.string().transform((id) => [id]), z.array(z.string())]).default([]),
  Properties: z.looseObject({
    Role: z.looseObject({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
  }),
});

/**
 * What every function of a template is to wait for, the managed policies of its role included; only functions that have
 * such. CloudFormation changes side by side what it sees no order in: new code could run before the rights that it needs,
 * and each packet that it answers so is a 503.
 */
export const rightsFirst = (template: unknown): ReadonlyMap<string, readonly string[]> => {
  const { Resources } = templateSchema.parse(template);
  const ofType = (type: string) => Object.entries(Resources).filter(([, { Type }]) => Type === type);
  const policies = ofType('AWS::IAM::ManagedPolicy').flatMap(([id, resource]) =>
    policySchema.parse(resource).Properties.Roles.map(({ Ref }) => ({ id, role: Ref })),
  );
  return new Map(
    ofType('AWS::Lambda::Function').flatMap(([id, resource]) => {
      const parsed = functionSchema.safeParse(resource);
      // The tool's own functions have roles of their own.
      if (!parsed.success) return [];
      const { DependsOn, Properties } = parsed.data;
      const [role] = Properties.Role['Fn::GetAtt'];
      const own = policies.filter((policy) => policy.role === role).map((policy) => policy.id);
      return own.length === 0 ? [] : [[id, [...new Set([...DependsOn, ...own])]] as const];
    }),
  );
};
