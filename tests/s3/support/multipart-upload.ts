import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { patternedBytes } from './bytes.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** S3's least size of every part but the last. */
export const leastPartBytes = 5 * 1024 ** 2;
export const bigPart = patternedBytes(leastPartBytes, 1);
export const otherBigPart = patternedBytes(leastPartBytes, 2);
export const tail = patternedBytes(1234, 3);
export const noUploadId = 'bm8gc3VjaCB1cGxvYWQ';

interface ListedPart {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
}

/** A multipart upload to the server's bucket. */
export class Upload {
  readonly #s3: ServerUnderTest;
  readonly Key: string;
  readonly UploadId: string;

  constructor(s3: ServerUnderTest, Key: string, UploadId: string) {
    this.#s3 = s3;
    this.Key = Key;
    this.UploadId = UploadId;
  }

  static async create(
    s3: ServerUnderTest,
    Key: string,
    more: Partial<CreateMultipartUploadCommandInput> = {},
  ): Promise<Upload> {
    const { UploadId } = await s3.client.send(
      new CreateMultipartUploadCommand({ Bucket: s3.bucket, Key, ...more }),
    );
    return new Upload(s3, Key, UploadId ?? '');
  }

  get id() {
    return { Bucket: this.#s3.bucket, Key: this.Key, UploadId: this.UploadId };
  }

  async part(PartNumber: number, Body: Uint8Array): Promise<ListedPart> {
    const { ETag } = await this.#s3.client.send(new UploadPartCommand({ ...this.id, PartNumber, Body }));
    return { PartNumber, ETag };
  }

  complete(parts: readonly ListedPart[], more: Partial<CompleteMultipartUploadCommandInput> = {}) {
    return this.#s3.client.send(
      new CompleteMultipartUploadCommand({ ...this.id, MultipartUpload: { Parts: [...parts] }, ...more }),
    );
  }

  list(more: object = {}) {
    return this.#s3.client.send(new ListPartsCommand({ ...this.id, ...more }));
  }

  abort() {
    return this.#s3.client.send(new AbortMultipartUploadCommand(this.id));
  }
}
