import {
  appendInExpress,
  bufferInDynamoDB,
  rewriteTail,
  rewriteTailStateInS3,
  stageAndGather,
  tusS3Store,
} from './alternatives.ts';
import type { Counts, UploadShape } from './counts.ts';
import { ourCounts } from './our-calls.ts';

/** A way to make S3 objects of fragments, and what it asks of AWS for one file. */
export interface Design {
  readonly title: string;
  readonly countsOf: (shape: UploadShape) => Counts;
}

/** Ours first; every alternative behind the same load balancer and Lambda, so that only the way of the bytes differs. */
export const designs: readonly Design[] = [
  { title: 'this design', countsOf: (shape) => ourCounts(shape) },
  { title: 'this design, every fragment cold', countsOf: (shape) => ourCounts(shape, { isWarm: false }) },
  { title: 'stage every fragment, read all back', countsOf: stageAndGather },
  { title: 'rewrite a growing tail, state in DynamoDB', countsOf: rewriteTail },
  { title: 'rewrite a growing tail, state in S3', countsOf: rewriteTailStateInS3 },
  { title: '@tus/s3-store', countsOf: tusS3Store },
  { title: 'append in S3 Express One Zone, copy out', countsOf: appendInExpress },
  { title: 'buffer fragments in DynamoDB', countsOf: bufferInDynamoDB },
];
