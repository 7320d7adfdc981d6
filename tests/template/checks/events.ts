import { z } from 'zod';
import { type Check, ofType, show, type Template } from '../template.ts';

const attribute = (id: string, name: string) =>
  z.strictObject({ 'Fn::GetAtt': z.tuple([z.literal(id), z.literal(name)]) });

const pipeSchema = z.looseObject({
  RoleArn: attribute('UploadEventsRole', 'Arn'),
  Source: attribute('SessionTable', 'StreamArn'),
  Enrichment: attribute('EventsLambdaFunction', 'Arn'),
  Target: z.strictObject({ 'Fn::Sub': z.string().regex(/:event-bus\/[\w./-]+$/) }),
  SourceParameters: z.strictObject({
    DynamoDBStreamParameters: z.strictObject({
      StartingPosition: z.literal('TRIM_HORIZON'),
      // A bus takes ten events in one call.
      BatchSize: z.int().min(1).max(10),
      OnPartialBatchItemFailure: z.literal('AUTOMATIC_BISECT'),
      MaximumRetryAttempts: z.int().min(10).max(10_000),
      // The stream forgets after a day; somebody must have time to look.
      MaximumRecordAgeInSeconds: z.int().min(3_600).max(64_800),
      DeadLetterConfig: z.strictObject({ Arn: attribute('UndeliveredEvents', 'Arn') }),
    }),
    FilterCriteria: z.strictObject({
      // A pipe takes five.
      Filters: z
        .array(z.strictObject({ Pattern: z.string() }))
        .min(1)
        .max(5),
    }),
  }),
  TargetParameters: z.strictObject({
    EventBridgeEventBusParameters: z.strictObject({
      Source: z.string().regex(/^bits-s3\.[a-z0-9-]+$/),
      DetailType: z.literal('$.type'),
      Time: z.literal('$.time'),
    }),
  }),
});

/** What a pipe cannot filter by: what its poller adds. */
const unfilterable = ['eventName', 'eventID', 'eventVersion', 'eventSource', 'eventSourceARN', 'awsRegion'];

/** The patterns of the pipe's filter, parsed. */
export const eventPatterns = (template: Template): readonly unknown[] =>
  ofType(template, 'AWS::Pipes::Pipe').flatMap(([, { Properties }]) =>
    pipeSchema
      .parse(Properties)
      .SourceParameters.FilterCriteria.Filters.map(({ Pattern }): unknown => JSON.parse(Pattern)),
  );

const queueSchema = z.looseObject({
  MessageRetentionPeriod: z.literal(1_209_600),
  SqsManagedSseEnabled: z.literal(true),
});

const trustOfThePipe =
  /"Service":"pipes\.amazonaws\.com".*"aws:SourceAccount":\{"Ref":"AWS::AccountId"\}.*"aws:SourceArn"/;

/** Everything that becomes of an upload is told; what cannot be sent is kept in mind; nobody reads the stream thrice. */
export const toldOutcomes: Check = (template) => {
  const pipes = ofType(template, 'AWS::Pipes::Pipe');
  const sources = ofType(template, 'AWS::Lambda::EventSourceMapping');
  const readers = [...pipes, ...sources].filter(([, { Properties }]) =>
    show(Properties).includes('"StreamArn"'),
  );
  const queue = queueSchema.safeParse(template.Resources['UndeliveredEvents']?.Properties);
  return [
    ...(pipes.length === 1 ? [] : [`${pipes.length} pipes`]),
    ...pipes.flatMap(([id, { Properties }]) => {
      const parsed = pipeSchema.safeParse(Properties);
      if (!parsed.success)
        return parsed.error.issues.map(({ path, message }) => `${id}: ${path.join('.')}: ${message}`);
      return parsed.data.SourceParameters.FilterCriteria.Filters.flatMap(({ Pattern }) =>
        unfilterable
          .filter((field) => Pattern.includes(`"${field}"`))
          .map((field) => `${id}: cannot filter by ${field}`),
      );
    }),
    ...(queue.success ? [] : queue.error.issues.map(({ path }) => `UndeliveredEvents: ${path.join('.')}`)),
    ...(trustOfThePipe.test(
      show(template.Resources['UploadEventsRole']?.Properties['AssumeRolePolicyDocument']),
    )
      ? []
      : ['UploadEventsRole: AssumeRolePolicyDocument: not for this pipe alone']),
    ...(readers.length <= 2 ? [] : [`${readers.length} readers of the stream, where two are the most`]),
  ];
};
