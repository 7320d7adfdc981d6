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

const ownArn = `\${UploadBucket.Arn}`;

/**
 * The stack's own bucket and where the destinations of a file lead, each bucket once; disabled ones too. A session writes to
 * the bucket that it began with: the stack's own is always within reach, and another one as long as any destination names it.
 */
export const destinationBuckets = (
  destinations: readonly Pick<Destination, 'bucket'>[],
): DestinationBuckets => {
  const others = destinations.flatMap(({ bucket }) =>
    bucket === null ? [] : `arn:\${AWS::Partition}:s3:::${bucket}`,
  );
  const arns = new Set([ownArn, ...others]);
  return {
    bucketArns: [...arns].map((arn) => ({ 'Fn::Sub': arn })),
    objectArns: [...arns].map((arn) => ({ 'Fn::Sub': `${arn}/*` })),
  };
};
