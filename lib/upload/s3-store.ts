import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { metadataHeaders, originalNameOf, sessionIdOf } from './object-metadata.ts';
import type {
  Completion,
  CompletionAnswer,
  FoundObject,
  ListedPart,
  ObjectMetadata,
  ObjectStore,
  ObjectTerms,
  Target,
  UploadRef,
} from './object-store.ts';
import type { Span } from './parts.ts';
import { asStoreError, completionAnswerOf, saysMissing } from './s3-errors.ts';
import { type CallOptions, callTimeMs, wholeObject } from './whole-object.ts';

export interface S3StoreOptions {
  readonly client: S3Client;
  readonly stagingBucket: string;
  /** Off only for servers that know no object checksums; on S3 they are what makes a wrong object impossible. */
  readonly objectChecksums: boolean;
}

/** S3 deletes at most this many objects in one call. */
const maxDeletesPerCall = 1000;
/** Complete of a large upload may take minutes [API_CompleteMultipartUpload]. */
const completeTimeoutMs = 220_000;

/** What CreateMultipartUpload is told of the object to come; Complete and the parts are told nothing of it. */
const termsInput = ({ contentType, storageClass, encryption, tags }: ObjectTerms) => ({
  ContentType: contentType,
  ...(storageClass === null ? {} : { StorageClass: storageClass }),
  ...(encryption?.kind === 's3' ? { ServerSideEncryption: 'AES256' as const } : {}),
  ...(encryption?.kind === 'kms'
    ? {
        ServerSideEncryption: 'aws:kms' as const,
        ...(encryption.keyArn === null ? {} : { SSEKMSKeyId: encryption.keyArn }),
        // One call to KMS for many objects.
        BucketKeyEnabled: true,
      }
    : {}),
  ...(Object.keys(tags).length === 0 ? {} : { Tagging: new URLSearchParams(tags).toString() }),
});

/** Pieces and multipart uploads in S3, through the SDK. Bodies go as buffers: a stream would be sent in chunks. */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #staging: string;
  readonly #checksums: boolean;

  constructor(options: S3StoreOptions) {
    this.#client = options.client;
    this.#staging = options.stagingBucket;
    this.#checksums = options.objectChecksums;
  }

  async putPiece(key: string, body: Uint8Array, signal?: AbortSignal, sum?: number): Promise<void> {
    const command = new PutObjectCommand({
      Bucket: this.#staging,
      Key: key,
      Body: body,
      ...this.#checksumOf(body, sum),
    });
    await this.#client.send(command, call(signal, body.byteLength)).catch(asStoreError('PutObject'));
  }

  async getPiece(key: string, signal?: AbortSignal): Promise<Uint8Array> {
    const command = new GetObjectCommand({ Bucket: this.#staging, Key: key });
    try {
      return await wholeObject(this.#client, command, call(signal));
    } catch (error) {
      return asStoreError('GetObject', 'NO_SUCH_PIECE')(error);
    }
  }

  async deletePieces(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    for (let at = 0; at < keys.length; at += maxDeletesPerCall) {
      const Objects = keys.slice(at, at + maxDeletesPerCall).map((Key) => ({ Key }));
      const command = new DeleteObjectsCommand({ Bucket: this.#staging, Delete: { Objects, Quiet: true } });
      const { Errors } = await this.#client.send(command, call(signal)).catch(asStoreError('DeleteObjects'));
      const failed = Errors?.[0];
      if (failed !== undefined) asStoreError('DeleteObjects')(new Error(`${failed.Code}: ${failed.Message}`));
    }
  }

  async listPieces(prefix: string, signal?: AbortSignal): Promise<readonly string[]> {
    const keys: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.#staging,
        Prefix: prefix,
        ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
      });
      const page = await this.#client.send(command, call(signal)).catch(asStoreError('ListObjectsV2'));
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key);
      ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
    return keys;
  }

  async createUpload(target: Target, metadata: ObjectMetadata, signal?: AbortSignal): Promise<UploadRef> {
    const command = new CreateMultipartUploadCommand({
      ...at(target),
      Metadata: metadataHeaders(metadata),
      ...(metadata.terms === undefined ? {} : termsInput(metadata.terms)),
      // Algorithm and type must agree from here to Complete, or S3 refuses the parts at the very end.
      ...(this.#checksums ? { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } : {}),
    });
    const created = await this.#client
      .send(command, call(signal))
      .catch(asStoreError('CreateMultipartUpload'));
    if (created.UploadId === undefined) {
      return asStoreError('CreateMultipartUpload')(new Error('an answer without an upload id'));
    }
    return { bucket: target.bucket, key: target.key, uploadId: created.UploadId };
  }

  async uploadPart(
    upload: UploadRef,
    number: number,
    body: Uint8Array,
    signal?: AbortSignal,
    sum?: number,
  ): Promise<void> {
    const command = new UploadPartCommand({
      ...at(upload),
      UploadId: upload.uploadId,
      PartNumber: number,
      Body: body,
      ...this.#checksumOf(body, sum),
    });
    await this.#client
      .send(command, call(signal, body.byteLength))
      .catch(asStoreError('UploadPart', 'NO_SUCH_UPLOAD'));
  }

  async copyPart(
    upload: UploadRef,
    number: number,
    source: Target,
    span: Span | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    const command = new UploadPartCopyCommand({
      ...at(upload),
      UploadId: upload.uploadId,
      PartNumber: number,
      CopySource: [source.bucket, ...source.key.split('/')].map(encodeURIComponent).join('/'),
      ...(span === undefined ? {} : { CopySourceRange: `bytes=${span.from}-${span.end - 1}` }),
    });
    // A copy inside S3 is as slow as the most that one part may have.
    await this.#client
      .send(command, { ...call(signal), requestTimeout: completeTimeoutMs })
      .catch(asStoreError('UploadPartCopy', 'NO_SUCH_UPLOAD'));
  }

  async listParts(upload: UploadRef, signal?: AbortSignal): Promise<readonly ListedPart[]> {
    const parts: ListedPart[] = [];
    let PartNumberMarker: string | undefined;
    do {
      const command = new ListPartsCommand({
        ...at(upload),
        UploadId: upload.uploadId,
        ...(PartNumberMarker === undefined ? {} : { PartNumberMarker }),
      });
      const page = await this.#client
        .send(command, call(signal))
        .catch(asStoreError('ListParts', 'NO_SUCH_UPLOAD'));
      for (const { PartNumber, Size, ETag } of page.Parts ?? []) {
        if (PartNumber !== undefined && ETag !== undefined) {
          parts.push({ number: PartNumber, sizeBytes: Size ?? 0, etag: ETag });
        }
      }
      PartNumberMarker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    } while (PartNumberMarker !== undefined);
    return parts;
  }

  async completeUpload(
    upload: UploadRef,
    completion: Completion,
    signal?: AbortSignal,
  ): Promise<CompletionAnswer> {
    const Parts = completion.parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
    const command = new CompleteMultipartUploadCommand({
      ...at(upload),
      UploadId: upload.uploadId,
      MultipartUpload: { Parts },
      MpuObjectSize: completion.totalBytes,
      ...(this.#checksums
        ? { ChecksumCRC32: encodeCrc32(completion.crc32), ChecksumType: 'FULL_OBJECT' }
        : {}),
      ...(completion.onlyIfAbsent ? { IfNoneMatch: '*' } : {}),
    });
    try {
      await this.#client.send(command, { ...call(signal), requestTimeout: completeTimeoutMs });
      return 'completed';
    } catch (error) {
      return completionAnswerOf(error) ?? asStoreError('CompleteMultipartUpload')(error);
    }
  }

  async abortUpload(upload: UploadRef, signal?: AbortSignal): Promise<void> {
    const command = new AbortMultipartUploadCommand({ ...at(upload), UploadId: upload.uploadId });
    try {
      await this.#client.send(command, call(signal));
    } catch (error) {
      if (!saysMissing(error)) asStoreError('AbortMultipartUpload')(error);
    }
  }

  async head(target: Target, signal?: AbortSignal): Promise<FoundObject | undefined> {
    try {
      const found = await this.#client.send(new HeadObjectCommand(at(target)), call(signal));
      return {
        sizeBytes: found.ContentLength ?? 0,
        sessionId: sessionIdOf(found.Metadata),
        originalName: originalNameOf(found.Metadata),
      };
    } catch (error) {
      return saysMissing(error) ? undefined : asStoreError('HeadObject')(error);
    }
  }

  async readRange(target: Target, { from, end }: Span, signal?: AbortSignal): Promise<Uint8Array> {
    const command = new GetObjectCommand({ ...at(target), Range: `bytes=${from}-${end - 1}` });
    try {
      return await wholeObject(this.#client, command, call(signal, end - from));
    } catch (error) {
      return asStoreError('GetObject', 'NO_SUCH_PIECE')(error);
    }
  }

  #checksumOf(body: Uint8Array, sum?: number): { ChecksumCRC32?: string; ChecksumAlgorithm?: 'CRC32' } {
    // Ours is native and handed over; the SDK would compute one in JavaScript.
    return this.#checksums
      ? { ChecksumAlgorithm: 'CRC32', ChecksumCRC32: encodeCrc32(sum ?? crc32(body)) }
      : {};
  }
}

const at = ({ bucket, key }: Target): { Bucket: string; Key: string } => ({ Bucket: bucket, Key: key });

const call = (signal: AbortSignal | undefined, bodyBytes = 0): CallOptions => ({
  ...(signal === undefined ? {} : { abortSignal: signal }),
  requestTimeout: callTimeMs(bodyBytes),
});

/** S3 writes a CRC32 as the base64 of its four bytes, most significant first. */
const encodeCrc32 = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString('base64');
};
