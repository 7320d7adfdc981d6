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

/** The second net comes after the last session that could still need what it takes away, and so does the end of its log. */
export const lifecycleAfterSessions: Check = (template) => {
  const expiry = lifecycleOf(template, 'StagingBucket').flatMap(
    ({ ExpirationInDays }) => ExpirationInDays ?? [],
  );
  const abort = lifecycleOf(template, 'UploadBucket').flatMap(
    ({ AbortIncompleteMultipartUpload }) => AbortIncompleteMultipartUpload?.DaysAfterInitiation ?? [],
  );
  const logs = lifecycleOf(template, 'AccessLogBucket').flatMap(
    ({ ExpirationInDays }) => ExpirationInDays ?? [],
  );
  const keepsLogs = 'AccessLogBucket' in template.Resources && logs.length !== 1;
  const expiringUploads = lifecycleOf(template, 'UploadBucket').some(
    (rule) => rule.ExpirationInDays !== undefined,
  );
  return [
    ...(expiry.length === 1 ? [] : ['StagingBucket: forgotten pieces stay for ever']),
    ...(abort.length === 1 ? [] : ['UploadBucket: forgotten uploads stay for ever']),
    ...(keepsLogs ? ['AccessLogBucket: logs stay for ever'] : []),
    ...[...expiry, ...abort, ...logs]
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
  // DynamoDB encrypts with a key of its own at no cost; with the account's, KMS charges by the request.
  SSESpecification: z.undefined().optional(),
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

/**
 * What outlives the stack. The bucket of uploads and its policy go back with a deployment that made them and failed: they are
 * empty. The table is protected then and the log bucket has the load balancer's test in it, so that neither could go.
 */
const kept: Readonly<Record<string, 'Retain' | 'RetainExceptOnCreate'>> = {
  SessionTable: 'Retain',
  UploadBucket: 'RetainExceptOnCreate',
  UploadBucketPolicy: 'RetainExceptOnCreate',
  AccessLogBucket: 'Retain',
  AccessLogBucketPolicy: 'Retain',
};

/** The table is paid by use, expires, streams and can be restored; it outlives the stack, as uploads and logs do. */
export const lastingState: Check = (template) => [
  ...ofType(template, 'AWS::DynamoDB::Table').flatMap(([id, { Properties }]) => {
    const parsed = tableSchema.safeParse(Properties);
    return parsed.success
      ? []
      : parsed.error.issues.map((issue) => `${id}: ${issue.path.join('.')}: ${issue.message}`);
  }),
  ...Object.entries(kept)
    // The log bucket is part of our own load balancer.
    .filter(([id]) => id in template.Resources || !id.startsWith('AccessLog'))
    .flatMap(([id, policy]) => {
      const { DeletionPolicy, UpdateReplacePolicy } = template.Resources[id] ?? {};
      return [
        ...(DeletionPolicy === policy
          ? []
          : [`${id}: DeletionPolicy: ${DeletionPolicy ?? 'Delete'}, not ${policy}`]),
        ...(UpdateReplacePolicy === 'Retain' ? [] : [`${id}: goes when another takes its place`]),
      ];
    }),
];

/** Properties that give a resource a name of its own, in place of one that CloudFormation makes up. */
const fixedNames = ['Name', 'BucketName', 'TableName', 'LogGroupName', 'QueueName', 'ManagedPolicyName'];

/** What stays behind has a name that is never used again: otherwise the stack could not be deployed a second time. */
export const nothingInTheWay: Check = (template) =>
  Object.entries(template.Resources)
    .filter(([, { DeletionPolicy = 'Delete' }]) => DeletionPolicy !== 'Delete')
    .flatMap(([id, { Properties }]) =>
      fixedNames
        .filter((name) => name in Properties)
        .map((name) => `${id}: ${name}: stays, and is in the way`),
    );
