import { layoutFor, s3PartLimits } from '../../lib/upload/parts.ts';
import { addUp, type Counts, fragmentsOf, invocation, type UploadShape } from './counts.ts';
import { s3CallMs, timing, workMs } from './timing.ts';

/** A fragment on its way into a part. */
interface Arrival {
  readonly bytes: number;
  /** What came before it of the same part. */
  readonly waitingBytes: number;
  readonly waitingFragments: number;
  readonly completesPart: boolean;
}

/** What a design does with it. */
interface Handling {
  readonly counts: Partial<Counts>;
  /** The bytes that each S3 call moves which waits for the one before. */
  readonly s3InSeries: readonly number[];
  readonly dynamodbCallsInSeries: number;
}

/** One unit of a write holds this much of an item. */
const writeUnitBytes = 1_024;
const readUnitBytes = 4_096;

/**
 * Every fragment is staged, the completing one too, and a part is gathered by reading all of them back. The simplest thing that
 * holds its promises.
 */
export const stageAndGather = (shape: UploadShape): Counts =>
  replay(shape, ({ bytes, waitingBytes, waitingFragments, completesPart }) => {
    const part = waitingBytes + bytes;
    return {
      counts: {
        s3Writes: completesPart ? 2 : 1,
        s3Reads: completesPart ? waitingFragments + 1 : 0,
        s3Deletes: completesPart ? 1 : 0,
        s3BytesWritten: bytes + (completesPart ? part : 0),
        s3BytesRead: completesPart ? part : 0,
        dynamodbWriteUnits: 1,
        dynamodbReadUnits: 1,
      },
      s3InSeries: completesPart ? [bytes, bytes, part] : [bytes],
      dynamodbCallsInSeries: 2,
    };
  });

/** The bytes that make no part yet are one object, read and written anew with every fragment; the session is in DynamoDB. */
export const rewriteTail = (shape: UploadShape): Counts =>
  replay(shape, ({ bytes, waitingBytes, completesPart }) => ({
    counts: {
      s3Writes: 1,
      s3Reads: waitingBytes > 0 ? 1 : 0,
      s3Deletes: completesPart ? 1 : 0,
      s3BytesWritten: waitingBytes + bytes,
      s3BytesRead: waitingBytes,
      dynamodbWriteUnits: 1,
      dynamodbReadUnits: 1,
    },
    s3InSeries: waitingBytes > 0 ? [waitingBytes, waitingBytes + bytes] : [bytes],
    dynamodbCallsInSeries: 2,
  }));

/** The same with the session in S3 too: one object read twice and listed parts looked up, one object written. */
export const rewriteTailStateInS3 = (shape: UploadShape): Counts =>
  replay(shape, ({ bytes, waitingBytes, completesPart }) => ({
    counts: {
      s3Writes: 2,
      s3Reads: (waitingBytes > 0 ? 1 : 0) + 2,
      s3Deletes: completesPart ? 1 : 0,
      s3BytesWritten: waitingBytes + bytes,
      s3BytesRead: waitingBytes,
    },
    s3InSeries: [0, 0, ...(waitingBytes > 0 ? [waitingBytes] : []), waitingBytes + bytes, 0],
    dynamodbCallsInSeries: 0,
  }));

/** Fragments wait in DynamoDB items until they make a part. */
export const bufferInDynamoDB = (shape: UploadShape): Counts =>
  replay(shape, ({ bytes, waitingBytes, completesPart }) => ({
    counts: {
      s3Writes: completesPart ? 1 : 0,
      s3BytesWritten: completesPart ? waitingBytes + bytes : 0,
      // The completing one's bytes are in memory already. What is deleted is written once more, as DynamoDB bills it.
      dynamodbWriteUnits:
        1 + (completesPart ? Math.ceil(waitingBytes / writeUnitBytes) : Math.ceil(bytes / writeUnitBytes)),
      dynamodbReadUnits: 1 + (completesPart ? Math.ceil(waitingBytes / readUnitBytes) : 0),
    },
    s3InSeries: completesPart ? [waitingBytes + bytes] : [],
    // Items hold 400 KB; they are written side by side.
    dynamodbCallsInSeries: 3,
  }));

/** Every fragment is appended to an object in S3 Express One Zone, which is copied out when it is complete. */
export const appendInExpress = (shape: UploadShape): Counts => {
  const fragments = replay(shape, ({ bytes }) => ({
    counts: {
      expressWrites: 1,
      expressBytesWritten: bytes,
      dynamodbWriteUnits: 1,
      dynamodbReadUnits: 1,
    },
    s3InSeries: [bytes],
    dynamodbCallsInSeries: 2,
  }));
  const copies = Math.max(1, Math.ceil(shape.fileBytes / largestCopyBytes));
  const copied = { s3Writes: copies, expressBytesRead: shape.fileBytes, s3BytesWritten: shape.fileBytes };
  return addUp([fragments, copied]);
};

/** UploadPartCopy takes as much in one call. */
const largestCopyBytes = 5 * 2 ** 30;

/**
 * `@tus/s3-store` behind the same load balancer, its record of the upload in memory. Every PATCH lists the parts twice, looks
 * for the incomplete part and reads it into a file, deletes it, and writes it anew with the fragment, or as a part once 5 MiB
 * have come together; `npm run bench` counts the same.
 */
export const tusS3Store = (shape: UploadShape): Counts => {
  const preferredPartBytes = Math.max(8 * 2 ** 20, Math.ceil(shape.fileBytes / 10_000));
  const leastPartBytes = 5 * 2 ** 20;
  let incomplete = 0;
  let parts = 0;
  const all: Partial<Counts>[] = [
    // Its record is written when the upload begins, and read once by the first fragment.
    { s3Writes: 2, s3Reads: 1 },
    invocation(0, 2 * s3CallMs(0) + workMs(0)),
  ];
  for (const { from, end } of fragmentsOf(shape)) {
    const pages = Math.max(1, Math.ceil(parts / 1_000));
    const read = incomplete;
    let waiting = incomplete + end - from;
    let writes = 2 * pages;
    incomplete = 0;
    const series = [...Array.from({ length: 2 * pages + 1 }, () => 0), read, ...(read > 0 ? [0] : [])];
    const written = waiting;
    while (waiting > 0) {
      const chunk = Math.min(waiting, preferredPartBytes);
      const isLast = end === shape.fileBytes && chunk === waiting;
      writes++;
      if (chunk >= leastPartBytes || isLast) parts++;
      else incomplete = chunk;
      waiting -= chunk;
    }
    series.push(written);
    all.push(
      {
        s3Writes: writes,
        s3Reads: 2,
        s3Deletes: read > 0 ? 1 : 0,
        s3BytesWritten: written,
        s3BytesRead: read,
      },
      invocation(end - from, series.reduce((sum, bytes) => sum + s3CallMs(bytes), 0) + workMs(end - from)),
    );
  }
  const pages = Math.max(1, Math.ceil(parts / 1_000));
  all.push({ s3Writes: pages + 1, billedMs: (pages + 1) * s3CallMs(0) });
  return addUp(all);
};

/** Parts as large as in our design, so that only the way to them differs; a session's beginning and end cost what ours do. */
const replay = (shape: UploadShape, handle: (arrival: Arrival) => Handling): Counts => {
  const { partBytes } = layoutFor(
    shape.fileBytes,
    Math.min(shape.fragmentBytes, shape.fileBytes),
    s3PartLimits,
  );
  let waitingBytes = 0;
  let waitingFragments = 0;
  const all: Partial<Counts>[] = [];
  for (const { from, end } of fragmentsOf(shape)) {
    const bytes = end - from;
    const completesPart = waitingBytes + bytes >= partBytes || end === shape.fileBytes;
    const { counts, s3InSeries, dynamodbCallsInSeries } = handle({
      bytes,
      waitingBytes,
      waitingFragments,
      completesPart,
    });
    const waitMs =
      s3InSeries.reduce((sum, moved) => sum + s3CallMs(moved), 0) +
      dynamodbCallsInSeries * timing.dynamodbCallMs;
    all.push(counts, invocation(bytes, waitMs + workMs(bytes)));
    waitingBytes = completesPart ? 0 : waitingBytes + bytes;
    waitingFragments = completesPart ? 0 : waitingFragments + 1;
  }
  // Begin and complete the upload, list its parts; a session made and ended.
  const once: Partial<Counts> = { s3Writes: 3, dynamodbWriteUnits: 2, dynamodbReadUnits: 1 };
  all.push(once, invocation(0, s3CallMs(0)), invocation(0, 2 * s3CallMs(0)));
  return addUp(all);
};
