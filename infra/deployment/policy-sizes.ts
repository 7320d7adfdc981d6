import { z } from 'zod';

/** Where a template is deployed to: part of the names that only AWS knows. */
export interface StackPlace {
  readonly stackName: string;
  readonly region: string;
}

const resourceSchema = z.looseObject({ Type: z.string(), Properties: z.unknown().optional() });
const templateSchema = z.looseObject({ Resources: z.record(z.string(), resourceSchema) });
const roleSchema = z.looseObject({
  Policies: z.array(z.looseObject({ PolicyDocument: z.unknown() })).default([]),
});
const managedSchema = z.looseObject({ PolicyDocument: z.unknown() });

const getAtt = z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });
const sub = z.strictObject({ 'Fn::Sub': z.string() });
const ref = z.strictObject({ Ref: z.string() });

/** In characters that are no white space, as IAM counts: those of a role together, and a managed one. */
const limits = { inline: 10_240, managed: 6_144 };

const madeUp = 'X'.repeat(13);
const account = '123456789012';

/**
 * Policies of a packaged template that IAM would not take, each in a sentence. Names that only AWS will make are counted at
 * the length that they will have, give or take a few characters.
 */
export const oversizedPolicies = (
  template: unknown,
  { stackName, region }: StackPlace,
): readonly string[] => {
  const { Resources } = templateSchema.parse(template);
  const attribute = (id: string, name: string): string => {
    if (Resources[id]?.Type === 'AWS::S3::Bucket') return `arn:aws:s3:::${stackName}-${id}-${madeUp}`;
    const arn = `arn:aws:dynamodb:${region}:${account}:table/${stackName}-${id}-${madeUp}`;
    return name === 'StreamArn' ? `${arn}/stream/2026-01-01T00:00:00.000` : arn;
  };
  const named = (name: string): string => {
    const [id = '', ...attributes] = name.split('.');
    if (attributes.length > 0) return attribute(id, attributes.join('.'));
    if (id === 'AWS::Region') return region;
    if (id === 'AWS::Partition') return 'aws';
    if (id === 'AWS::AccountId') return account;
    return id === 'AWS::URLSuffix' ? 'amazonaws.com' : attribute(id, 'Arn');
  };
  const filled = (_key: string, value: unknown): unknown => {
    const got = getAtt.safeParse(value).data?.['Fn::GetAtt'];
    if (got !== undefined) return attribute(...got);
    const substituted = sub.safeParse(value).data?.['Fn::Sub'];
    if (substituted !== undefined) return substituted.replace(/\$\{([^}]+)\}/g, (_, name) => named(name));
    const referred = ref.safeParse(value).data?.Ref;
    return referred === undefined ? value : named(referred);
  };
  const sizeOf = (document: unknown): number => JSON.stringify(document, filled).replace(/\s/g, '').length;
  return Object.entries(Resources).flatMap(([id, { Type, Properties }]) => {
    if (Type === 'AWS::IAM::Role') {
      const sizes = roleSchema.parse(Properties).Policies.map((policy) => sizeOf(policy.PolicyDocument));
      const size = sizes.reduce((sum, one) => sum + one, 0);
      return size > limits.inline ? [sentence(id, size, limits.inline)] : [];
    }
    if (Type !== 'AWS::IAM::ManagedPolicy') return [];
    const size = sizeOf(managedSchema.parse(Properties).PolicyDocument);
    return size > limits.managed ? [sentence(id, size, limits.managed)] : [];
  });
};

const sentence = (id: string, size: number, limit: number): string =>
  `${id}: names so many buckets, keys, functions or secrets that its policy has about ${size} characters, and IAM takes ${limit}; let several destinations share them, or deploy another stage`;
