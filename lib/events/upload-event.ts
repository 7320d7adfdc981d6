/** Version of the shape below: docs/schemas/upload-event-1.json. Fields may be added to it, never taken or changed. */
export const schemaVersion = 1;

/** What became of an upload, as `detail-type` of an EventBridge event. */
export type UploadEventType =
  | 'Upload Created'
  | 'Upload Received'
  | 'Upload Published'
  | 'Upload Cancelled'
  | 'Upload Expired'
  | 'Upload Failed';

/** Why an upload failed. */
export type FailureReason =
  /** Another object was at its destination, which may not be overwritten; the file was discarded. */
  | 'destination-taken'
  /** The client closed its session before the last byte; what was there was discarded. */
  | 'closed-early'
  /** Bytes that had been acknowledged were gone, or were not those of the file. */
  | 'bytes-lost'
  /** The reply application refused the file for good. */
  | 'application-refused'
  /** The reply application never answered as it should; the file is published all the same, and `Upload Published` follows. */
  | 'application-failed';

/** The `detail` of an event: plain JSON, texts as they are stored, times in ISO 8601 and UTC. */
export interface UploadEvent {
  readonly schemaVersion: typeof schemaVersion;
  /** The same for every delivery of one event, and for no other. */
  readonly id: string;
  readonly type: UploadEventType;
  /** When it happened, to the second. */
  readonly time: string;
  /** As in `BITS-Session-Id` without braces, and in the object's metadata. */
  readonly sessionId: string;
  /** When the session was created. */
  readonly createdAt: string;
  readonly principal: string;
  /** URL prefix of the destination. */
  readonly destination: string;
  readonly bucket: string;
  readonly key: string;
  /** Length of the whole file, as soon as the client has said it. */
  readonly sizeBytes?: number;
  /** Of an upload that ended before it was whole: the bytes that had been acknowledged. */
  readonly receivedBytes?: number;
  /** CRC32 of the whole file, in base64 as in S3's `ChecksumCRC32`. */
  readonly crc32?: string;
  /** The client's own name of the file, if it is no longer than 144 bytes. */
  readonly originalName?: string;
  readonly reason?: FailureReason;
}
