/** The server did something else than the case demands. */
export class ConformanceFailure extends Error {
  override readonly name = 'ConformanceFailure';
  readonly code = 'CONFORMANCE';
}

/** The case cannot run with what the suite was told. */
export class NotRunError extends Error {
  override readonly name = 'NotRunError';
  readonly code = 'NOT_RUN';
}

/** Fails the case when there are differences. */
export function failIf(differences: readonly string[], what: string): void {
  if (differences.length > 0) throw new ConformanceFailure(`${what}: ${differences.join('; ')}`);
}

/** Fails the case unless `condition` holds. */
export function demand(condition: boolean, complaint: string): asserts condition {
  if (!condition) throw new ConformanceFailure(complaint);
}
