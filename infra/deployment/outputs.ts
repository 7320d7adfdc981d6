import { z } from 'zod';

/** What the deployment tool has gathered about a stack, as far as it is read here. */
const gatheredSchema = z.looseObject({
  outputs: z.array(z.looseObject({ OutputKey: z.string(), OutputValue: z.string() })),
});

/** The deployment tool's own: the bucket of packages. */
const ofTheTool = /^Serverless/;

/** The outputs of a stack, `Url: https://…`, in the order of the alphabet; none of what is no stack's. */
export const outputLines = (gathered: unknown): readonly string[] => {
  const parsed = gatheredSchema.safeParse(gathered);
  if (!parsed.success) return [];
  return parsed.data.outputs
    .filter(({ OutputKey }) => !ofTheTool.test(OutputKey))
    .map(({ OutputKey, OutputValue }) => `${OutputKey}: ${OutputValue}`)
    .toSorted();
};
