import { parseArgs } from 'node:util';
import type { ConformanceOptions } from './options.ts';

/** The command line does not make sense; the message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

export interface Command {
  readonly options: ConformanceOptions;
  readonly isJson: boolean;
  readonly isList: boolean;
}

export const USAGE = `Usage: npm run conformance -- URL [options]

URL is the prefix of a destination where uploads are allowed and overwriting is off, for instance
http://127.0.0.1:8080/uploads/ . Objects named conformance-… stay there: BITS cannot delete.

What the server is like, each of which lets more cases run:
  --overwrite-url URL       a prefix where overwriting is allowed
  --disabled-url URL        a prefix where uploads are disabled
  --auth-url URL            a prefix that asks for --user and --password (default: URL itself)
  --user NAME --password P  credentials; without --auth-url every packet carries them
  --realm TEXT              realm of the challenge (default: uploads)
  --forbidden-url URL       a prefix where these credentials may not upload
  --last-fragment-url URL   a prefix that publishes on the last fragment
  --reply-url URL           a prefix whose uploads get a reply
  --fragment-limit BYTES    largest fragment accepted at URL
  --max-size BYTES          largest file accepted at URL
  --session-quota N         sessions that one principal may have at URL
  --session-timeout SECONDS idle life of a session at URL, if short enough to wait for

The run:
  --only TEXT               only cases whose id contains TEXT; may be repeated
  --quick                   leave out the cases that send megabytes
  --timeout SECONDS         longest wait for one answer (default: 30)
  --any-header-case         header names of answers may have any letter case (some proxies change it)
  --json                    one JSON document on standard output
  --list                    list the cases and stop

Exit code: 0 everything that ran passed, 1 something failed or nobody listens at URL, 2 the command line makes no
sense.`;

/** Reads the command line. Throws UsageError. */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  const isList = values.list ?? false;
  if (positionals.length > 1) throw new UsageError(`one URL, not ${positionals.length}`);
  const [url] = positionals;
  if (url === undefined && !isList) throw new UsageError('which URL?');
  if ((values.user === undefined) !== (values.password === undefined)) {
    throw new UsageError('--user and --password belong together');
  }
  const seconds = whole('--session-timeout', values['session-timeout']);
  const timeout = whole('--timeout', values.timeout);
  const options: ConformanceOptions = {
    url: prefix('URL', url ?? 'http://127.0.0.1/') ?? new URL('http://127.0.0.1/'),
    overwriteUrl: prefix('--overwrite-url', values['overwrite-url']),
    disabledUrl: prefix('--disabled-url', values['disabled-url']),
    authUrl: prefix('--auth-url', values['auth-url']),
    forbiddenUrl: prefix('--forbidden-url', values['forbidden-url']),
    lastFragmentUrl: prefix('--last-fragment-url', values['last-fragment-url']),
    replyUrl: prefix('--reply-url', values['reply-url']),
    credentials:
      values.user === undefined || values.password === undefined
        ? undefined
        : { user: values.user, password: values.password },
    realm: values.realm,
    fragmentLimitBytes: whole('--fragment-limit', values['fragment-limit']),
    maxUploadSizeBytes: whole('--max-size', values['max-size']),
    sessionQuota: whole('--session-quota', values['session-quota']),
    sessionTimeoutMs: seconds === undefined ? undefined : seconds * 1000,
    answerTimeoutMs: timeout === undefined ? undefined : timeout * 1000,
    only: values.only,
    isQuick: values.quick,
    isHeaderCaseExact: values['any-header-case'] !== true,
  };
  return { options, isJson: values.json ?? false, isList };
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'overwrite-url': text,
        'disabled-url': text,
        'auth-url': text,
        'forbidden-url': text,
        'last-fragment-url': text,
        'reply-url': text,
        user: text,
        password: text,
        realm: text,
        'fragment-limit': text,
        'max-size': text,
        'session-quota': text,
        'session-timeout': text,
        timeout: text,
        only: { type: 'string', multiple: true },
        quick: flag,
        'any-header-case': flag,
        json: flag,
        list: flag,
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function prefix(name: string, value: string | undefined): URL | undefined {
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(`${name}: not a URL: ${value}`);
  if (!url.pathname.endsWith('/') || url.search !== '') {
    throw new UsageError(`${name} must be a prefix that ends in /: ${value}`);
  }
  return url;
}

function whole(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < 1) {
    throw new UsageError(`${name} must be a whole number above 0, not ${value}`);
  }
  return number;
}
