import type { Destination } from '../../lib/access/destination.ts';

/** The constant that functions read their destinations from: `declare const COMPILED_DESTINATIONS: readonly Destination[]`. */
export const compiledDestinationsName = 'COMPILED_DESTINATIONS';

/**
 * Validated destinations as the JSON text that esbuild puts in the constant's place:
 * `define: { COMPILED_DESTINATIONS: compileDestinations(await loadDestinations(…)) }`. Nothing parses it again: it is
 * part of the program, checked when that was built.
 */
export const compileDestinations = (destinations: readonly Destination[]): string =>
  JSON.stringify(destinations);
