import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** scrypt's costs [RFC 7914]: N (a power of two), r and p. */
export interface ScryptCosts {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

/** A password as it is kept: salted and stretched. */
export interface PasswordHash extends ScryptCosts {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/**
 * One of OWASP's equivalent settings, the one with the least memory (16 MB), so that it fits beside everything else in
 * the smallest function. Paid once for each user and warm environment.
 */
export const standardCosts: ScryptCosts = { cost: 2 ** 14, blockSize: 8, parallelization: 5 };

const hashBytes = 32;
const saltBytes = 16;
/** A document with a slip of the pen in it must not stall or exhaust a function. */
const maxMemoryBytes = 64 * 2 ** 20;
const maxWork = 2 ** 20;

const derive = (password: string, { cost, blockSize, parallelization, salt }: Omit<PasswordHash, 'hash'>) =>
  new Promise<Buffer>((resolve, reject) => {
    const options = { cost, blockSize, parallelization, maxmem: 2 * maxMemoryBytes };
    // One way to write a letter with an accent, whatever keyboard it came from.
    scrypt(password.normalize('NFC'), salt, hashBytes, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });

/** `scrypt$N$r$p$salt$hash`, the last two in base64url. */
export const hashPassword = async (password: string, costs: ScryptCosts = standardCosts): Promise<string> => {
  const salt = randomBytes(saltBytes);
  const hash = await derive(password, { ...costs, salt });
  const { cost, blockSize, parallelization } = costs;
  return [
    'scrypt',
    cost,
    blockSize,
    parallelization,
    salt.toString('base64url'),
    hash.toString('base64url'),
  ].join('$');
};

/** Reads what `hashPassword` writes; `undefined` for anything else, and for costs that a function could not bear. */
export const parsePasswordHash = (text: string): PasswordHash | undefined => {
  const pattern = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{22,})\$([\w-]{43})$/;
  const [, n, r, p, salt, hash] = pattern.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  const [cost, blockSize, parallelization] = [Number(n), Number(r), Number(p)];
  const isPowerOfTwo = cost > 1 && Number.isInteger(Math.log2(cost));
  const isBearable =
    128 * cost * blockSize <= maxMemoryBytes &&
    cost * blockSize * parallelization <= maxWork &&
    blockSize > 0;
  if (!isPowerOfTwo || !isBearable || parallelization < 1) return undefined;
  return {
    cost,
    blockSize,
    parallelization,
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  };
};

/** Whether the password is the one; takes as long whether it is or not. */
export const isPassword = async (password: string, kept: PasswordHash): Promise<boolean> =>
  timingSafeEqual(await derive(password, kept), kept.hash);
