import { expect, it } from 'vitest';
import { useLocalStack } from '../e2e/stack.ts';
import { BitsUpload, generatedSource } from '../support/bits-client/index.ts';
import { sha256OfSource } from '../support/upload-check.ts';

const running = useLocalStack();

it('40 MiB in fragments of 5,120 bytes: at most 4 bytes are written to S3 per byte received', async () => {
  const { stack, check } = running();
  const source = generatedSource(40 * 2 ** 20, 'small');
  stack.s3.server.resetStats();
  await new BitsUpload({ url: `${stack.url}/uploads/small.bin`, source, fragmentSizeBytes: 5_120 }).run();

  const { PutObject, UploadPart, GetObject } = stack.s3.server.stats();
  const written = (PutObject.bytesWritten + UploadPart.bytesWritten) / source.sizeBytes;
  console.log(
    `${written.toFixed(3)} bytes written per byte, ${PutObject.requests} PutObject, ${UploadPart.requests} UploadPart`,
  );
  expect(written).toBeGreaterThan(2);
  expect(written).toBeLessThanOrEqual(4);
  expect(GetObject.requests).toBe(0);
  expect(await check.sha256Of('small.bin')).toBe(await sha256OfSource(source));
  expect(await check.leftovers()).toEqual([]);
});
