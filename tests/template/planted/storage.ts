import { add, type PlantedDefect, remove, set } from './defect.ts';

const uploadBucket = ['UploadBucket', 'Properties'] as const;

/** Mistakes in what is kept: buckets, table, secrets. */
export const storage: readonly PlantedDefect[] = [
  {
    defect: 'a bucket that may be made public',
    check: 'privateBuckets',
    plant: set([...uploadBucket, 'PublicAccessBlockConfiguration', 'BlockPublicPolicy'], false),
    message: /UploadBucket: PublicAccessBlockConfiguration.BlockPublicPolicy/,
  },
  {
    defect: 'a bucket that everybody may read',
    check: 'privateBuckets',
    plant: set(['UploadBucketPolicy', 'Properties', 'PolicyDocument', 'Statement', 0, 'Effect'], 'Allow'),
    message: /UploadBucket: allows "\*"/,
  },
  {
    defect: 'a bucket that takes plain HTTP',
    check: 'privateBuckets',
    plant: remove(['StagingBucketPolicy']),
    message: /StagingBucket: takes requests without TLS/,
  },
  {
    defect: 'a bucket without encryption',
    check: 'privateBuckets',
    plant: remove([...uploadBucket, 'BucketEncryption']),
    message: /UploadBucket: BucketEncryption/,
  },
  {
    defect: 'staged bytes that expire before their session',
    check: 'lifecycleAfterSessions',
    plant: set(['StagingBucket', 'Properties', 'LifecycleConfiguration', 'Rules', 0, 'ExpirationInDays'], 30),
    message: /lifecycle: 30 days/,
  },
  {
    defect: 'uploads that expire once they are whole',
    check: 'lifecycleAfterSessions',
    plant: set([...uploadBucket, 'LifecycleConfiguration', 'Rules', 0], {
      Status: 'Enabled',
      ExpirationInDays: 365,
    }),
    message: /UploadBucket: deletes what was uploaded/,
  },
  {
    defect: 'a table without its stream',
    check: 'lastingState',
    plant: remove(['SessionTable', 'Properties', 'StreamSpecification']),
    message: /SessionTable: StreamSpecification/,
  },
  {
    defect: 'a table that cannot be restored',
    check: 'lastingState',
    plant: set(
      ['SessionTable', 'Properties', 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled'],
      false,
    ),
    message: /SessionTable: PointInTimeRecoverySpecification/,
  },
  {
    defect: 'a table that pays KMS for what DynamoDB does for nothing',
    check: 'lastingState',
    plant: add(['SessionTable', 'Properties', 'SSESpecification'], { SSEEnabled: true }),
    message: /SessionTable: SSESpecification/,
  },
  {
    defect: 'uploads that go with the stack',
    check: 'lastingState',
    plant: remove(['UploadBucket', 'DeletionPolicy']),
    message: /UploadBucket: DeletionPolicy: Delete, not RetainExceptOnCreate/,
  },
  {
    defect: 'an empty bucket of uploads that stays of a deployment that failed',
    check: 'lastingState',
    plant: set(['UploadBucket', 'DeletionPolicy'], 'Retain'),
    message: /UploadBucket: DeletionPolicy: Retain, not RetainExceptOnCreate/,
  },
  {
    defect: 'sessions that go when another table takes their place',
    check: 'lastingState',
    plant: remove(['SessionTable', 'UpdateReplacePolicy']),
    message: /SessionTable: goes when another takes its place/,
  },
  {
    defect: 'logs of the load balancer that go with the stack',
    check: 'lastingState',
    plant: remove(['AccessLogBucket', 'DeletionPolicy']),
    message: /AccessLogBucket: DeletionPolicy: Delete, not Retain/,
  },
  {
    defect: 'logs of the load balancer that end before the session they tell of',
    check: 'lifecycleAfterSessions',
    plant: set(
      ['AccessLogBucket', 'Properties', 'LifecycleConfiguration', 'Rules', 0, 'ExpirationInDays'],
      7,
    ),
    message: /lifecycle: 7 days/,
  },
  {
    defect: 'logs of the load balancer that nobody ever deletes',
    check: 'lifecycleAfterSessions',
    plant: remove(['AccessLogBucket', 'Properties', 'LifecycleConfiguration']),
    message: /AccessLogBucket: logs stay for ever/,
  },
  {
    defect: 'a kept bucket with a name that the next deployment wants',
    check: 'nothingInTheWay',
    plant: add(['UploadBucket', 'Properties', 'BucketName'], 'bits-uploads'),
    message: /UploadBucket: BucketName: stays, and is in the way/,
  },
  {
    defect: 'a kept secret with a name that the next deployment wants',
    check: 'nothingInTheWay',
    plant: add(['UsersSecret', 'Properties', 'Name'], 'bits-s3/prod/users'),
    message: /UsersSecret: Name: stays, and is in the way/,
  },
  {
    defect: 'users that a deployment writes over',
    check: 'lastingSecrets',
    plant: set(['UsersSecret', 'Properties'], { SecretString: '{}' }),
    message: /UsersSecret: SecretString/,
  },
  {
    defect: 'users that go with the stack',
    check: 'lastingSecrets',
    plant: set(['UsersSecret', 'DeletionPolicy'], 'Delete'),
    message: /UsersSecret: DeletionPolicy: Delete: is deleted/,
  },
  {
    defect: 'a secret that stays of a deployment that failed',
    check: 'lastingSecrets',
    plant: set(['UsersSecret', 'DeletionPolicy'], 'Retain'),
    message: /UsersSecret: DeletionPolicy: Retain: .*stays of a deployment that failed/,
  },
  {
    defect: 'users that are lost when another secret takes their place',
    check: 'lastingSecrets',
    plant: set(['UsersSecret', 'UpdateReplacePolicy'], 'Delete'),
    message: /UsersSecret: is lost/,
  },
];
