/** A bug, as a change of one place in the source. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Whether it is looked for in schedules with a reply application. */
  readonly withReplies?: true;
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
    name: 'name an offset that is only remembered',
    file: 'functions/fragment.ts',
    find: "!isFresh || session === undefined || session.state === 'tombstone'",
    replace: "session === undefined || session.state === 'tombstone'",
  },
  {
    name: 'use memory again under a left-over',
    file: 'lib/upload/store-fragment.ts',
    find: 'new Uint8Array(body.subarray(rest.from - next, rest.end - next))',
    replace: 'body.subarray(rest.from - next, rest.end - next)',
  },
  {
    name: 'ask an application without the lease',
    file: 'lib/reply/notify.ts',
    find: '  if (!lease.won) return lease.current;\n',
    replace: '',
    withReplies: true,
  },
  {
    name: 'publish at CLOSE whatever the application says',
    file: 'lib/session/decide-end.ts',
    find: "notification === undefined || notification.is === 'answered' || !hasApplication",
    replace: 'notification !== null',
    withReplies: true,
  },
  {
    name: 'delete the held file before the session has ended',
    file: 'lib/upload/publish.ts',
    find: '      // A held file and its reply stay to the end.\n',
    replace: '      await deleteStaging(services, stamped, budget);\n',
    withReplies: true,
  },
  {
    name: 'forget the reply at a repeated last fragment',
    file: 'lib/reply/finish-upload.ts',
    find: "return session.notification?.is === 'answered' ?",
    replace: "return session.notification?.is === 'answered' && !isAnswered(start) ?",
    withReplies: true,
  },
  {
    name: 'orphan pass without the age rule',
    file: 'lib/upload/orphans.ts',
    find: 'const minPieceAgeMs = 3_600_000;\nconst minUploadAgeMs = 86_400_000;',
    replace: 'const minPieceAgeMs = -1;\nconst minUploadAgeMs = -1;',
  },
];
