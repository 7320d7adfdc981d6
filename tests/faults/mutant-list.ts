/** A bug, as a change of one place in the source. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const write = 'const commit = await services.sessions.write(next, clauses, budget.signal);';

/** Each of these would lose a file some day. */
export const mutants: readonly Mutant[] = [
  {
    name: 'acknowledge before the DynamoDB write',
    file: 'lib/upload/receive.ts',
    find: write,
    replace: `services.sessions.write(next, clauses, budget.signal).catch(() => undefined);
  const commit: Awaited<ReturnType<typeof services.sessions.write>> = { won: true };`,
  },
  {
    name: 'delete staging before the commit',
    file: 'lib/upload/receive.ts',
    find: write,
    replace: `await services.objects.deletePieces(stored.replacedKeys, budget.signal);
  ${write}`,
  },
  {
    name: 'drop the version condition',
    file: 'lib/upload/receive.ts',
    find: 'const clauses = [versionIs(session.version), isNotExpired(moment.nowMs)];',
    replace: 'const clauses = [isNotExpired(moment.nowMs)];',
  },
  {
    name: 'reuse a staging key per offset',
    file: 'lib/upload/staging.ts',
    find: '-$' + '{piece.attempt}',
    replace: '',
  },
  {
    name: 'take 412 for a refusal without looking',
    file: 'lib/upload/complete-entity.ts',
    find: "      case 'taken':\n      case 'unknown':",
    replace: "      case 'taken':\n        return taken;\n      case 'unknown':",
  },
  {
    name: 'abort after an unanswered commit',
    file: 'lib/upload/receive.ts',
    find: write,
    replace: `const commit = await services.sessions.write(next, clauses, budget.signal).catch(async (error) => {
    await forsake(services, stored, undefined, budget);
    throw error;
  });`,
  },
  {
    name: 'answer every tombstone 200',
    file: 'lib/session/decide-end.ts',
    find: "  refused: 'ACCESS_DENIED',\n  early: 'INVALID_REQUEST',\n  lost: 'UPLOAD_LOST',",
    replace: '  refused: undefined,\n  early: undefined,\n  lost: undefined,',
  },
  {
    name: 'forget the last part',
    file: 'lib/upload/parts.ts',
    find: 'end === layout.totalBytes ? partCountOf(layout) : Math.floor(end / layout.partBytes)',
    replace: 'Math.floor(end / layout.partBytes)',
  },
  {
    name: 'refuse from a stale cache',
    file: 'functions/fragment.ts',
    find: 'if (!saysYes && !isFresh) {',
    replace: "if (!saysYes && !isFresh && decision.do === 'finish') {",
  },
  {
    name: 'orphan pass without the age rule',
    file: 'lib/upload/orphans.ts',
    find: 'const minPieceAgeMs = 3_600_000;\nconst minUploadAgeMs = 86_400_000;',
    replace: 'const minPieceAgeMs = -1;\nconst minUploadAgeMs = -1;',
  },
];
