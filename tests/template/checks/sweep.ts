import { z } from 'zod';
import { type Check, ofType, show } from '../template.ts';

const sourceSchema = z.looseObject({
  EventSourceArn: z.strictObject({
    'Fn::GetAtt': z.tuple([z.literal('SessionTable'), z.literal('StreamArn')]),
  }),
  FunctionName: z.strictObject({
    'Fn::GetAtt': z.tuple([z.literal('SweepLambdaFunction'), z.literal('Arn')]),
  }),
  StartingPosition: z.literal('TRIM_HORIZON'),
  BisectBatchOnFunctionError: z.literal(true),
  MaximumRetryAttempts: z.int().min(1).max(10),
  FilterCriteria: z.strictObject({ Filters: z.tuple([z.strictObject({ Pattern: z.string() })]) }),
});

/** What DynamoDB's time to live deletes, and nothing else [DynamoDB Developer Guide, "Streams and TTL"]. */
const expiredOnly = {
  eventName: ['REMOVE'],
  userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] },
};

/** Expired items reach the sweep, one that fails does not hold up the others, and both its schedules are on. */
export const tirelessSweep: Check = (template) => {
  const sources = ofType(template, 'AWS::Lambda::EventSourceMapping');
  const problems = sources.flatMap(([id, { Properties }]) => {
    const parsed = sourceSchema.safeParse(Properties);
    if (!parsed.success) {
      return parsed.error.issues.map(({ path, message }) => `${id}: ${path.join('.')}: ${message}`);
    }
    const { Pattern } = parsed.data.FilterCriteria.Filters[0];
    return Pattern === JSON.stringify(expiredOnly) ? [] : [`${id}: FilterCriteria: ${Pattern}`];
  });
  const schedules = ofType(template, 'AWS::Events::Rule').filter(
    ([, { Properties }]) =>
      Properties['State'] === 'ENABLED' && show(Properties).includes('"SweepLambdaFunction"'),
  );
  const missing = ['{"task":"due"}', '{"task":"orphans"}'].filter(
    (input) => !schedules.some(([, { Properties }]) => show(Properties).includes(show(input))),
  );
  return [
    ...(sources.length === 1 ? [] : [`${sources.length} event sources`]),
    ...problems,
    ...missing.map((input) => `nothing runs ${input}`),
  ];
};
