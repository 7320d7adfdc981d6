import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { type Credentials, MAX_FRAGMENT_BYTES, MIN_FRAGMENT_BYTES } from '../bits-client/index.ts';
import type { Header } from '../http/message.ts';

/** The command line does not make sense; the message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

/**
 * A size between the bounds of current Windows clients (5,120 and 13,631,488) that a load balancer in front of
 * functions, which takes a megabyte at most, lets through without a first refusal.
 */
export const DEFAULT_FRAGMENT_BYTES = 1_000_000;

export interface UploadCommand {
  readonly file: string;
  readonly url: URL;
  readonly fragmentSizeBytes: number;
  readonly retryDelayMs: number;
  /** Without progress for so long the upload fails. */
  readonly giveUpAfterMs: number;
  readonly credentials: Credentials | undefined;
  readonly headers: readonly Header[];
  readonly isJson: boolean;
}

export const USAGE = `Usage: npm run upload -- FILE URL [options]

Uploads FILE as Windows would (BITS). A URL that ends in / names a folder: the file keeps its name there.

  --fragment-size BYTES    size of the first fragments, ${MIN_FRAGMENT_BYTES} to ${MAX_FRAGMENT_BYTES} (default: ${DEFAULT_FRAGMENT_BYTES})
  --user NAME --password P answer a Basic challenge
  --header 'NAME: VALUE'   send this header with every request; may be repeated
  --retry-delay SECONDS    wait after a failure that passes (default: 1; Windows waits 600)
  --give-up-after SECONDS  fail when nothing has moved for so long (default: 600)
  --json                   print one line of JSON

Exit code: 0 uploaded, 1 refused by the server, 2 the command line makes no sense, 3 FILE cannot be read or
changed meanwhile, 4 the server could not be reached for too long, 130 interrupted (the session is cancelled).`;

/** Reads the command line. Throws UsageError. */
export function parseUploadCommand(args: readonly string[]): UploadCommand {
  const { values, positionals } = parse(args);
  const [file, url, ...others] = positionals;
  if (file === undefined) throw new UsageError('which file, and where to?');
  if (url === undefined) throw new UsageError('where to? The URL is missing.');
  if (others.length > 0) throw new UsageError(`one file and one URL; what is ${others.join(' ')}?`);
  const { password, user } = values;
  if ((user === undefined) !== (password === undefined)) {
    throw new UsageError('--user and --password belong together');
  }
  return {
    file,
    url: destination(url, file),
    fragmentSizeBytes: fragmentSize(values['fragment-size']),
    retryDelayMs: 1000 * seconds('--retry-delay', values['retry-delay'], 1),
    giveUpAfterMs: 1000 * seconds('--give-up-after', values['give-up-after'], 600),
    credentials: user === undefined || password === undefined ? undefined : { user, password },
    headers: (values.header ?? []).map(header),
    isJson: values.json ?? false,
  };
}

const text = { type: 'string' } as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'fragment-size': text,
        user: text,
        password: text,
        header: { type: 'string', multiple: true },
        'retry-delay': text,
        'give-up-after': text,
        json: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function destination(value: string, file: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    // Without its query, where a ticket may be.
    throw new UsageError(`not an http or https URL: ${value.replace(/\?.*/s, '?…')}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('put credentials into --user and --password, not into the URL');
  }
  if (url.pathname.endsWith('/')) url.pathname += encodeURIComponent(basename(file));
  url.hash = '';
  return url;
}

function fragmentSize(value: string | undefined): number {
  if (value === undefined) return DEFAULT_FRAGMENT_BYTES;
  const bytes = Number(value.replaceAll(/[_,]/g, ''));
  if (!Number.isSafeInteger(bytes) || bytes < MIN_FRAGMENT_BYTES || bytes > MAX_FRAGMENT_BYTES) {
    throw new UsageError(
      `--fragment-size must be a number of bytes from ${MIN_FRAGMENT_BYTES} to ${MAX_FRAGMENT_BYTES}, not ${value}`,
    );
  }
  return bytes;
}

function seconds(name: string, value: string | undefined, defaultSeconds: number): number {
  if (value === undefined) return defaultSeconds;
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number) || number < 0) {
    throw new UsageError(`${name} must be a number of seconds, not ${value}`);
  }
  return number;
}

function header(value: string): Header {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e]*)$/.exec(value);
  if (match === null)
    throw new UsageError(`--header must look like 'Name: value', not ${JSON.stringify(value)}`);
  const [, name = '', content = ''] = match;
  return [name, content];
}
