import { z } from 'zod';

const propertiesSchema = z.record(z.string(), z.unknown());

const templateSchema = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({
      Type: z.string(),
      Properties: propertiesSchema.default({}),
      DeletionPolicy: z.string().optional(),
      UpdateReplacePolicy: z.string().optional(),
      DependsOn: z.array(z.string()).optional(),
    }),
  ),
  Outputs: z.record(z.string(), z.looseObject({ Value: z.unknown() })),
});

/** A packaged CloudFormation template, as far as every check reads it. */
export type Template = z.output<typeof templateSchema>;
export type Resource = Template['Resources'][string];

export const parseTemplateJson = (json: string): Template => templateSchema.parse(JSON.parse(json));

/** What is wrong with a template; empty when nothing is. Each line begins with the resource. */
export type Check = (template: Template) => readonly string[];

export const ofType = (template: Template, type: string): readonly [string, Resource][] =>
  Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);

/** A statement of any policy. */
const statementSchema = z.looseObject({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.unknown().optional(),
  Action: z.union([z.string().transform((action) => [action]), z.array(z.string())]),
  Resource: z
    .unknown()
    .optional()
    .transform((resource): unknown[] => (Array.isArray(resource) ? resource : [resource])),
  Condition: z.unknown().optional(),
});
export type Statement = z.output<typeof statementSchema>;

const documentSchema = z.looseObject({ Statement: z.array(statementSchema) });

export const statementsOf = (policyDocument: unknown): readonly Statement[] =>
  documentSchema.parse(policyDocument).Statement;

/** A value of a template in one line, for comparisons and messages: `{"Ref":"X"}`. */
export const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

/** The logical id that `{"Ref": …}` or `{"Fn::GetAtt": [id, "Arn"]}` names. */
export const referenceOf = (value: unknown): string | undefined => {
  const reference = z
    .union([
      z.strictObject({ Ref: z.string() }).transform(({ Ref }) => Ref),
      z
        .strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) })
        .transform((got) => got['Fn::GetAtt'][0]),
    ])
    .safeParse(value);
  return reference.success ? reference.data : undefined;
};
