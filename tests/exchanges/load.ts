import { readFile } from 'node:fs/promises';
import type { Exchange } from './exchange.ts';
import { parseExchange } from './parse.ts';

/** The worked exchanges by name; each is a file beside this one. */
export const EXCHANGE_NAMES = [
  'x1-simple-upload',
  'x2-basic-authentication',
  'x3-fragment-too-large',
  'x4-lost-acks',
  'x5-gap',
  'x6-upload-reply',
  'x7-cancel',
  'x8-session-expired',
  'x9-errors',
] as const;

export type ExchangeName = (typeof EXCHANGE_NAMES)[number];

/** Path prefix of every target in the files; a replay puts its own destination in its place. */
export const EXCHANGE_PREFIX = '/drop/';
/** Host of every request in the files. */
export const EXCHANGE_HOST = 'bits.example.test';

/** Reads one exchange. Rejects with ExchangeSyntaxError when its file breaks the format. */
export async function loadExchange(name: ExchangeName): Promise<Exchange> {
  return parseExchange(await readFile(new URL(`${name}.http`, import.meta.url), 'utf8'));
}
