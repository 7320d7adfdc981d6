/** Reason → titles of the tests that this reason makes fail. */
export type DeviationsByReason = readonly (readonly [reason: string, titles: readonly string[]])[];
