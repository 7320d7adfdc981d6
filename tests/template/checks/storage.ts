import { z } from 'zod';
import { type Check, ofType, referenceOf, show, statementsOf, type Template } from '../template.ts';

const bucketSchema = z.looseObject({
  PublicAccessBlockConfiguration: z.strictObject({
    BlockPublicAcls: z.literal(true),
    BlockPublicPolicy: z.literal(true),
    IgnorePublicAcls: z.literal(true),
    RestrictPublicBuckets: z.literal(true),
  }),
  BucketEncryption: z.looseObject({ ServerSideEncryptionConfiguration: z.array(z.unknown()).length(1) }),
});

const policiesOf = (template: Template, bucketId: string) =>
  ofType(template, 'AWS::S3::BucketPolicy')
    .filter(([, { Properties }]) => referenceOf(Properties['Bucket']) === bucketId)
    .flatMap(([, { Properties }]) => statementsOf(Properties['PolicyDocument']));

/** `false` is written with and without quotation marks. */
const insecureTransport = /^\{"Bool":\{"aws:SecureTransport":"?false"?\}\}$/;

/** Nobody outside the account reads or writes, nothing goes over the wire in the clear, everything is encrypted at rest. */
export const privateBuckets: Check = (template) =>
  ofType(template, 'AWS::S3::Bucket').flatMap(([id, { Properties }]) => {
    const parsed = bucketSchema.safeParse(Properties);
    const statements = policiesOf(template, id);
    const onlyTls = statements.some(
      ({ Effect, Action, Condition, Resource }) =>
        Effect === 'Deny' &&
        Action.includes('s3:*') &&
        insecureTransport.test(show(Condition)) &&
        Resource.length === 2,
    );
    return [
      ...(parsed.success
        ? []
        : parsed.error.issues.map(({ path, message }) => `${id}: ${path.join('.')}: ${message}`)),
      ...(Properties['AccessControl'] === undefined ? [] : [`${id}: AccessControl: has an ACL`]),
      ...(onlyTls ? [] : [`${id}: takes requests without TLS`]),
      ...statements
        .filter(({ Effect, Principal }) => Effect === 'Allow' && show(Principal).includes('*'))
        .map(({ Principal }) => `${id}: allows ${show(Principal)}`),
    ];
  });

/** The hard end of every session. */
const sessionLifetimeDays = 90;

const ruleSchema = z.looseObject({
  Status: z.literal('Enabled'),
  ExpirationInDays: z.number().optional(),
  AbortIncompleteMultipartUpload: z.looseObject({ DaysAfterInitiation: z.number() }).optional(),
});
const lifecycleSchema = z.looseObject({
  LifecycleConfiguration: z.looseObject({ Rules: z.array(ruleSchema) }),
});

const lifecycleOf = (template: Template, bucketId: string) => {
  const parsed = lifecycleSchema.safeParse(template.Resources[bucketId]?.Properties);
  return parsed.success ? parsed.data.LifecycleConfiguration.Rules : [];
};

/** The second net comes after the last session that could still need what it takes away. */
export const lifecycleAfterSessions: Check = (template) => {
  const expiry = lifecycleOf(template, 'StagingBucket').flatMap(
    ({ ExpirationInDays }) => ExpirationInDays ?? [],
  );
  const abort = lifecycleOf(template, 'UploadBucket').flatMap(
    ({ AbortIncompleteMultipartUpload }) => AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? [],
  );
  const expiringUploads = lifecycleOf(template, 'UploadBucket').some(
    (rule) => rule.ExpirationInDays !== undefined,
  );
  return [
    ...(expiry.length === 1 ? [] : ['StagingBucket: forgotten pieces stay for ever']),
    ...(abort.length === 1 ? [] : ['UploadBucket: forgotten uploads stay for ever']),
    ...[...expiry, ...abort]
      .filter((days) => days <= sessionLifetimeDays)
      .map((days) => `lifecycle: ${days} days, and a session lives ${sessionLifetimeDays}`),
    ...(expiringUploads ? ['UploadBucket: deletes what was uploaded'] : []),
  ];
};

const tableSchema = z.looseObject({
  BillingMode: z.literal('PAY_PER_REQUEST'),
  TimeToLiveSpecification: z.strictObject({
    AttributeName: z.literal('expiresAt'),
    Enabled: z.literal(true),
  }),
  StreamSpecification: z.strictObject({ StreamViewType: z.literal('NEW_AND_OLD_IMAGES') }),
  PointInTimeRecoverySpecification: z.strictObject({ PointInTimeRecoveryEnabled: z.literal(true) }),
  SSESpecification: z.strictObject({ SSEEnabled: z.literal(true) }),
  DeletionProtectionEnabled: z.boolean(),
  GlobalSecondaryIndexes: z.tuple([
    z.looseObject({
      IndexName: z.literal('dueAt-index'),
      Projection: z.strictObject({ ProjectionType: z.literal('KEYS_ONLY') }),
    }),
    // With anything besides its keys in it, every fragment would be written twice.
    z.looseObject({
      IndexName: z.literal('openSessions-index'),
      Projection: z.strictObject({ ProjectionType: z.literal('KEYS_ONLY') }),
    }),
  ]),
});

/** The table is paid by use, expires, streams, can be restored, and outlives the stack, as the uploads do. */
export const lastingState: Check = (template) => [
  ...ofType(template, 'AWS::DynamoDB::Table').flatMap(([id, { Properties }]) => {
    const parsed = tableSchema.safeParse(Properties);
    return parsed.success
      ? []
      : parsed.error.issues.map((issue) => `${id}: ${issue.path.join('.')}: ${issue.message}`);
  }),
  ...['SessionTable', 'UploadBucket', 'UploadBucketPolicy']
    .filter((id) => template.Resources[id]?.DeletionPolicy !== 'Retain')
    .map((id) => `${id}: goes with the stack`),
];
