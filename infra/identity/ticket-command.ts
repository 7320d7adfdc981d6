import { generateKeyPairSync } from 'node:crypto';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { characterFault } from '../../lib/access/path-rules.ts';
import { parseTicketKeys } from '../../lib/access/ticket/keys.ts';
import { mintTicket, type SigningKey, TicketError, ticketUrl } from '../../lib/access/ticket/mint.ts';
import { parseRequestUrl } from '../../lib/access/url.ts';
import { parseByteCount, parseSeconds } from '../config/quantities.ts';
import { CommandError, readDocument, writeDocument } from './documents.ts';

export interface TicketCommandOptions {
  /** The public keys, as the service has them. */
  readonly keysFile: string;
  /** The private key that new tickets are signed with. */
  readonly signingKeyFile: string;
  nowMs(): number;
}

const usage = [
  'npm run ticket -- --path /uploads/a.zip --expires 2d [options]      prints the URL for a client',
  '  --prefix /uploads/17/   in place of --path: everything below',
  '  --url https://HOST      where the service is; default http://127.0.0.1:8080',
  '  --max-size 5GiB  --principal NAME (default: ticket)  --overwrite  --once',
  'npm run ticket -- --new-key NAME       signs with a new key from now on; the old ones stay good',
  'npm run ticket -- --retire-key NAME    takes a key out: all tickets that it signed are over',
].join('\n');

const signingKeySchema = z.object({
  kid: z.string().min(1),
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  d: z.string(),
});

const keySetSchema = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });

const readArguments = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        path: { type: 'string' },
        prefix: { type: 'string' },
        url: { type: 'string', default: 'http://127.0.0.1:8080' },
        expires: { type: 'string' },
        'max-size': { type: 'string' },
        principal: { type: 'string', default: 'ticket' },
        overwrite: { type: 'boolean', default: false },
        once: { type: 'boolean', default: false },
        'new-key': { type: 'string' },
        'retire-key': { type: 'string' },
      },
    }).values;
  } catch (cause) {
    throw new CommandError('USAGE', `${cause instanceof Error ? cause.message : String(cause)}\n${usage}`);
  }
};

/**
 * `npm run ticket`: makes keys and signs tickets. Returns what to print.
 * @throws CommandError, DocumentError
 */
export const ticketCommand = async (
  args: readonly string[],
  options: TicketCommandOptions,
): Promise<string> => {
  const given = readArguments(args);
  if (given['new-key'] !== undefined) return addKey(given['new-key'], options);
  if (given['retire-key'] !== undefined) return retireKey(given['retire-key'], options);
  if (given.expires === undefined) throw new CommandError('USAGE', usage);
  const expiresInSeconds = parseSeconds(given.expires);
  if (expiresInSeconds === undefined)
    throw new CommandError('USAGE', `--expires ${given.expires}: write 36h or 2d`);
  if (expiresInSeconds === 0)
    throw new CommandError('USAGE', `--expires ${given.expires}: nobody could begin an upload with it`);
  const size = given['max-size'];
  const maximumUploadBytes = size === undefined ? undefined : parseByteCount(size);
  if (size !== undefined && maximumUploadBytes === undefined) {
    throw new CommandError('USAGE', `--max-size ${size}: write 500MB or 5GiB`);
  }
  const url = clientUrl(given);
  const signingKey = await readSigningKey(options);
  try {
    const ticket = await mintTicket(signingKey, {
      path: given.path,
      prefix: given.prefix,
      principal: given.principal,
      expiresInSeconds,
      maximumUploadBytes,
      overwrite: given.overwrite,
      singleUse: given.once,
      nowMs: options.nowMs(),
    });
    return ticketUrl(url, ticket);
  } catch (cause) {
    if (!(cause instanceof TicketError)) throw cause;
    throw new CommandError('NOT_POSSIBLE', `no ticket: ${cause.message}`);
  }
};

type Given = ReturnType<typeof readArguments>;

/** Where the client uploads: the URL of the ticket's path, which the service reads as that very path, or refuses. */
const clientUrl = (given: Given): URL => {
  const option = given.path === undefined ? '--prefix' : '--path';
  const path = given.path ?? given.prefix;
  if (path === undefined || !URL.canParse(given.url)) throw new CommandError('USAGE', usage);
  const base = new URL(given.url);
  const fault = (why: string) => new CommandError('NOT_POSSIBLE', `no ticket: ${option} ${path}: ${why}`);
  if (characterFault(path) !== undefined) throw fault('has a character that no URL may have');
  // An empty fragment, too: what comes after it is no part of the URL that a client asks for.
  if (given.url.includes('#'))
    throw new CommandError('NOT_POSSIBLE', `no ticket: --url ${given.url}: the ticket would be behind the #`);
  const target = path.split('/').map(encodeURIComponent).join('/');
  const parsed = parseRequestUrl({ scheme: base.protocol.slice(0, -1), host: base.host, target });
  if (!parsed.ok) {
    const isOrigin = parsed.reason === 'scheme' || parsed.reason === 'host';
    if (isOrigin)
      throw new CommandError('NOT_POSSIBLE', `no ticket: --url ${given.url}: nobody uploads there`);
    throw fault(`the service would refuse the URL (${parsed.reason.replaceAll('-', ' ')})`);
  }
  if (parsed.directory && option === '--path')
    throw fault('names a folder; --prefix is for what lies below one');
  base.pathname = target;
  return base;
};

/** @throws CommandError where there is no key, or one whose tickets the service would refuse */
const readSigningKey = async ({ signingKeyFile, keysFile }: TicketCommandOptions): Promise<SigningKey> => {
  const text = await readDocument(signingKeyFile);
  if (text === undefined) {
    throw new CommandError(
      'NOT_POSSIBLE',
      `no key to sign with: npm run ticket -- --new-key ${new Date().toISOString().slice(0, 7)}`,
    );
  }
  const parsed = signingKeySchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new CommandError('NOT_POSSIBLE', `${signingKeyFile} holds no Ed25519 key with a kid`);
  const { kid, x } = parsed.data;
  const publicHalf = (await readKeySet(keysFile)).keys.find((key) => key.kid === kid);
  if (publicHalf?.['x'] === x) return parsed.data;
  throw new CommandError(
    'NOT_POSSIBLE',
    publicHalf === undefined
      ? `the key in ${signingKeyFile}, ${kid}, is not in ${keysFile}: it was retired, and nothing that it signs is good. npm run ticket -- --new-key NAME`
      : `${signingKeyFile} and ${keysFile} have different keys of the name ${kid}: nothing that the one signs is good for the other`,
  );
};

const readKeySet = async (file: string) => {
  const text = (await readDocument(file)) ?? '{"keys":[]}';
  parseTicketKeys(text);
  return keySetSchema.parse(JSON.parse(text));
};

const addKey = async (kid: string, { keysFile, signingKeyFile }: TicketCommandOptions): Promise<string> => {
  const { keys } = await readKeySet(keysFile);
  if (keys.some((key) => key.kid === kid))
    throw new CommandError('NOT_POSSIBLE', `there is a key ${kid} already`);
  const { kty, crv, x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  // The public half first: no ticket is signed that nobody could check.
  await writeDocument(keysFile, { keys: [...keys, { kid, kty, crv, x }] });
  await writeDocument(signingKeyFile, { kid, kty, crv, x, d });
  return [
    `tickets are signed with ${kid} from now on: the private key is in ${signingKeyFile}, keep it out of the service`,
    ...deployLines(keysFile),
  ].join('\n');
};

const retireKey = async (kid: string, { keysFile }: TicketCommandOptions): Promise<string> => {
  const { keys } = await readKeySet(keysFile);
  const left = keys.filter((key) => key.kid !== kid);
  if (left.length === keys.length) throw new CommandError('NOT_POSSIBLE', `${keysFile} has no key ${kid}`);
  await writeDocument(keysFile, { keys: left });
  return [`tickets of ${kid} are over`, ...deployLines(keysFile)].join('\n');
};

const deployLines = (keysFile: string): readonly string[] => [
  'The local stack takes it up within five minutes. A deployment reads the public keys from its parameter:',
  `  aws ssm put-parameter --overwrite --type String --name /bits-s3/STAGE/ticket-keys --value file://${keysFile}`,
];
