import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type LocalStack, startLocalStack } from '../../infra/local/stack.ts';
import type { LocalStackOptions } from '../../infra/local/stack-options.ts';
import { type StackPlaces, UploadCheck } from '../support/upload-check.ts';

export interface RunningStack {
  readonly stack: LocalStack;
  readonly check: UploadCheck;
}

/** One local stack for a test file, on free ports and a folder of its own. */
export const useLocalStack = (options: Omit<LocalStackOptions, 'dataDir'> = {}): (() => RunningStack) => {
  let running: RunningStack | undefined;
  let dataDir = '';
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'bits-s3-e2e-'));
    const stack = await startLocalStack({ ...options, dataDir });
    running = { stack, check: new UploadCheck(placesOf(stack)) };
  });
  afterAll(async () => {
    running?.check.close();
    await running?.stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  return () => {
    if (running === undefined) throw new Error('the stack is started before the first test');
    return running;
  };
};

export const placesOf = ({ s3, dynamodb, buckets }: LocalStack): StackPlaces => ({
  s3: { endpoint: s3.endpoint, region: s3.region, ...s3.credentials },
  dynamodb,
  buckets,
});
