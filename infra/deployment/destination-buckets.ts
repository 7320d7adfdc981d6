import type { Destination } from '../../lib/access/destination.ts';

/** A value of a template: an ARN that CloudFormation writes out. */
interface Sub {
  readonly 'Fn::Sub': string;
}

export interface DestinationBuckets {
  /** The buckets that uploads go to, for `s3:ListBucket`. */
  readonly bucketArns: readonly Sub[];
  /** Everything in them. Not narrowed to the literal start of a key: sessions keep theirs when the template of keys changes. */
  readonly objectArns: readonly Sub[];
}

/**
 * Where the destinations of a file lead, each bucket once; disabled ones too, so that a bucket can be kept within reach
 * of the sessions that still write to it.
 */
export const destinationBuckets = (destinations: readonly Destination[]): DestinationBuckets => {
  const arns = new Set(
    destinations.map(({ bucket }) =>
      bucket === null ? `\${UploadBucket.Arn}` : `arn:\${AWS::Partition}:s3:::${bucket}`,
    ),
  );
  return {
    bucketArns: [...arns].map((arn) => ({ 'Fn::Sub': arn })),
    objectArns: [...arns].map((arn) => ({ 'Fn::Sub': `${arn}/*` })),
  };
};
