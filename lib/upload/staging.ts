import type { Piece, Progress, Session } from '../session/session.ts';
import { type ObjectStore, ObjectStoreError } from './object-store.ts';
import { settleAll } from './settle-all.ts';
import { type Summed, summed } from './summed.ts';
import { pieceBytes } from './tail.ts';
import type { WarmState } from './warm.ts';

/** Everything a session stages begins with this. */
export const stagingPrefix = (sessionId: string): string => `${sessionId}/`;

/**
 * The key of a piece: used once. The attempt in it keeps two writers of one offset apart, so a late one can never
 * replace bytes that were acknowledged.
 */
export const stagingKey = (sessionId: string, piece: Pick<Piece, 'offset' | 'attempt'>): string =>
  `${stagingPrefix(sessionId)}${piece.offset}-${piece.attempt}`;

/** Keys of the pieces that a session names. */
export const stagedKeysOf = (session: Session | undefined): readonly string[] =>
  session?.state === 'receiving'
    ? (session.progress?.tail ?? []).map((piece) => stagingKey(session.sessionId, piece))
    : [];

/**
 * Some pieces of a tail, in order: from memory where this environment staged them itself, else read back, all at once.
 * @throws ObjectStoreError NO_SUCH_PIECE also where a piece does not have its length
 */
export const readPieces = async (
  objects: ObjectStore,
  warm: WarmState,
  sessionId: string,
  { tail, next }: Pick<Progress, 'tail' | 'next'>,
  pieces: readonly Piece[],
  signal: AbortSignal,
): Promise<readonly Summed[]> =>
  settleAll(
    pieces.map(async (piece) => {
      const key = stagingKey(sessionId, piece);
      const found = warm.pieces.get(key) ?? summed(await objects.getPiece(key, signal));
      const { byteLength } = found.bytes;
      if (byteLength !== pieceBytes(tail, tail.indexOf(piece), next)) {
        throw new ObjectStoreError('NO_SUCH_PIECE', `piece ${key} has ${byteLength} bytes`);
      }
      return found;
    }),
  );
