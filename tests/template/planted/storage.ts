import { type PlantedDefect, remove, set } from './defect.ts';

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
    defect: 'uploads that go with the stack',
    check: 'lastingState',
    plant: remove(['UploadBucket', 'DeletionPolicy']),
    message: /UploadBucket: goes with the stack/,
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
    message: /UsersSecret: is deleted/,
  },
];
