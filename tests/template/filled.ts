import { z } from 'zod';

const intrinsic = z.union([
  z.strictObject({ Ref: z.string() }).transform(({ Ref }) => Ref.toLowerCase()),
  z
    .strictObject({ 'Fn::GetAtt': z.array(z.string()) })
    .transform((got) => `arn:aws:${got['Fn::GetAtt'].join(':')}`),
  z
    .strictObject({ 'Fn::Sub': z.string() })
    .transform((sub) => sub['Fn::Sub'].replace(/\$\{([^}]*)\}/g, (_, name) => String(name).toLowerCase())),
]);
const join = z.strictObject({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) });
const variables = z.looseObject({ Variables: z.record(z.string(), z.unknown()) });

/** A value of a template as CloudFormation might fill it in: with names in place of what it alone knows. */
const filled = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const joined = join.safeParse(value);
  if (!joined.success) return intrinsic.parse(value);
  const [separator, values] = joined.data['Fn::Join'];
  return values.map(filled).join(separator);
};

/** The environment that a function of a template has in Lambda, from its property `Environment`. */
export const environmentOf = (property: unknown): Readonly<Record<string, string>> => ({
  AWS_REGION: 'us-east-1',
  ...Object.fromEntries(
    Object.entries(variables.parse(property).Variables).map(([name, value]) => [name, filled(value)]),
  ),
});
