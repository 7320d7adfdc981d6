import type { Piece } from './session.ts';

/** 5 bytes of offset behind the part boundary, 1 byte of level, 6 bytes of attempt. */
export const packedPieceBytes = 12;

/** The tail as one binary. Offsets are kept relative to `startOffset`, the end of the last part (parts ≤ 5 GiB). */
export const packTail = (tail: readonly Piece[], startOffset: number): Uint8Array => {
  const packed = Buffer.alloc(tail.length * packedPieceBytes);
  tail.forEach((piece, index) => {
    const at = index * packedPieceBytes;
    packed.writeUIntBE(piece.offset - startOffset, at, 5);
    packed.writeUInt8(piece.level, at + 5);
    packed.write(piece.attempt, at + 6, 6, 'hex');
  });
  return packed;
};

/** The tail of a binary made by `packTail`, or `undefined` if it is none. */
export const unpackTail = (packed: Uint8Array, startOffset: number): readonly Piece[] | undefined => {
  if (packed.byteLength % packedPieceBytes !== 0) return undefined;
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  return Array.from({ length: bytes.length / packedPieceBytes }, (_, index) => {
    const at = index * packedPieceBytes;
    return {
      offset: startOffset + bytes.readUIntBE(at, 5),
      level: bytes.readUInt8(at + 5),
      attempt: bytes.toString('hex', at + 6, at + 12),
    };
  });
};
