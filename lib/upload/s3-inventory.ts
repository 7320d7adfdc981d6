import { ListMultipartUploadsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { ListedPiece, ListedUpload, ObjectInventory } from './object-inventory.ts';

/** The listings of S3, page by page. */
export class S3Inventory implements ObjectInventory {
  readonly #client: S3Client;
  readonly #staging: string;

  constructor(client: S3Client, stagingBucket: string) {
    this.#client = client;
    this.#staging = stagingBucket;
  }

  async *allPieces(signal?: AbortSignal): AsyncGenerator<ListedPiece> {
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#staging,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
        signal === undefined ? {} : { abortSignal: signal },
      );
      for (const { Key, LastModified } of page.Contents ?? []) {
        if (Key !== undefined && LastModified !== undefined) {
          yield { key: Key, modifiedAtMs: LastModified.getTime() };
        }
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async *openUploads(bucket: string, signal?: AbortSignal): AsyncGenerator<ListedUpload> {
    let KeyMarker: string | undefined;
    let UploadIdMarker: string | undefined;
    do {
      const page = await this.#client.send(
        new ListMultipartUploadsCommand({
          Bucket: bucket,
          ...(KeyMarker === undefined ? {} : { KeyMarker }),
          ...(UploadIdMarker === undefined ? {} : { UploadIdMarker }),
        }),
        signal === undefined ? {} : { abortSignal: signal },
      );
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Key !== undefined && UploadId !== undefined && Initiated !== undefined) {
          yield { bucket, key: Key, uploadId: UploadId, initiatedAtMs: Initiated.getTime() };
        }
      }
      const isMore = page.IsTruncated === true;
      KeyMarker = isMore ? page.NextKeyMarker : undefined;
      UploadIdMarker = isMore ? page.NextUploadIdMarker : undefined;
    } while (KeyMarker !== undefined);
  }
}
