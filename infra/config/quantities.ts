const bytesPerUnit: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

const parseQuantity = (value: unknown, units: Readonly<Record<string, number>>): number | undefined => {
  const match = /^(\d+) ?([A-Za-z]*)$/.exec(String(value));
  if (match === null || (typeof value !== 'number' && typeof value !== 'string')) return undefined;
  const [, digits, unit] = match;
  const factor = unit === '' ? 1 : Object.entries(units).find(([name]) => name === unit)?.[1];
  const amount = Number(digits) * (factor ?? Number.NaN);
  return Number.isSafeInteger(amount) ? amount : undefined;
};

/**
 * Bytes from a whole number, or a whole number and a unit: B, KB, MB, GB, TB (powers of 1,000), KiB, MiB, GiB, TiB
 * (powers of 1,024), in this spelling. Anything else, also what a number cannot hold exactly, is `undefined`.
 */
export const parseByteCount = (value: unknown): number | undefined => parseQuantity(value, bytesPerUnit);

/** Seconds from a whole number, or a whole number and a unit: s, m, h, d. Anything else is `undefined`. */
export const parseSeconds = (value: unknown): number | undefined => parseQuantity(value, secondsPerUnit);

/** `1,000,000`: for messages. */
export const formatCount = (count: number): string => count.toLocaleString('en-US');
