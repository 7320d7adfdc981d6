import { crc32 } from 'node:zlib';
import { newReplyToken, replyKey } from '../upload/held.ts';
import type { Budget, UploadServices } from '../upload/services.ts';
import { ApplicationError, type Question } from './application.ts';

/**
 * Writes a reply from the application's own stream, a part at a time, under a token of its own: whoever else writes one for
 * this session writes another.
 * @returns the token
 * @throws ApplicationError INVALID_ANSWER when it is longer than it may be; what the stream and the store throw
 */
export const writeReply = async (
  services: UploadServices,
  question: Question,
  body: AsyncIterable<Uint8Array>,
  { signal }: Pick<Budget, 'signal'>,
): Promise<string> => {
  const { objects, stagingBucket, limits } = services;
  const token = newReplyToken(services);
  const key = replyKey(question.sessionId, token);
  const pieces = inPieces(body, limits.targetPartBytes, question.reply.maxBytes);
  const first = await nextPiece(pieces);
  const second = first.byteLength < limits.targetPartBytes ? new Uint8Array(0) : await nextPiece(pieces);
  if (second.byteLength === 0) {
    await objects.putPiece(key, first, signal);
    return token;
  }
  const { sessionId, principal } = question;
  const metadata = { sessionId, principal, originalName: question.upload.originalName };
  const upload = await objects.createUpload({ bucket: stagingBucket, key }, metadata, signal);
  try {
    let number = 0;
    let totalBytes = 0;
    let checksum = 0;
    for await (const piece of joined([first, second], pieces)) {
      checksum = crc32(piece, checksum);
      totalBytes += piece.byteLength;
      await objects.uploadPart(upload, ++number, piece, signal);
    }
    const parts = await objects.listParts(upload, signal);
    const completion = { parts, totalBytes, crc32: checksum, onlyIfAbsent: false };
    const answer = await objects.completeUpload(upload, completion, signal);
    if (answer !== 'completed') throw new Error(`the reply could not be completed: ${answer}`);
    return token;
  } catch (error) {
    await objects.abortUpload(upload, signal).catch(() => undefined);
    throw error;
  }
};

const nextPiece = async (pieces: AsyncIterator<Uint8Array>): Promise<Uint8Array> => {
  const { done, value } = await pieces.next();
  return done === true ? new Uint8Array(0) : value;
};

async function* joined(first: readonly Uint8Array[], rest: AsyncIterable<Uint8Array>) {
  yield* first;
  yield* rest;
}

/** The stream in pieces of exactly this length but for the last, each in memory only until the next is asked for. */
async function* inPieces(
  body: AsyncIterable<Uint8Array>,
  pieceBytes: number,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let totalBytes = 0;
  for await (const chunk of body) {
    totalBytes += chunk.byteLength;
    if (totalBytes > maxBytes) {
      throw new ApplicationError('INVALID_ANSWER', `the reply is longer than ${maxBytes} bytes`);
    }
    waiting.push(chunk);
    waitingBytes += chunk.byteLength;
    if (waitingBytes < pieceBytes) continue;
    const bytes = Buffer.concat(waiting);
    let at = 0;
    for (; bytes.byteLength - at >= pieceBytes; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    waiting = [bytes.subarray(at)];
    waitingBytes = bytes.byteLength - at;
  }
  if (waitingBytes > 0) yield Buffer.concat(waiting);
}
