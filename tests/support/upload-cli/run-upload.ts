import { takeTickets } from '../../../lib/access/ticket/query.ts';
import {
  BitsJobError,
  BitsSuspendedError,
  BitsUpload,
  type ClientEvent,
  fileSource,
} from '../bits-client/index.ts';
import type { UploadCommand } from './arguments.ts';
import { Crc32Source } from './crc32-source.ts';

export interface UploadSuccess {
  readonly isUploaded: true;
  /** Without a ticket: whoever reads it in a log shall not upload with it. */
  readonly url: string;
  readonly sizeBytes: number;
  /** CRC32 of the file as S3 shows it for a whole object: four bytes, big-endian, in base64. */
  readonly crc32Base64: string;
  /** The same as eight hexadecimal digits. */
  readonly crc32: string;
  readonly durationMs: number;
  readonly packets: number;
  readonly retries: number;
  readonly sessions: number;
}

export interface UploadFailure {
  readonly isUploaded: false;
  readonly exitCode: 1 | 3 | 4 | 130;
  readonly code: string;
  readonly message: string;
  /** HTTP status of the refusal, when there was one. */
  readonly status: number | undefined;
}

export interface UploadWatch {
  readonly onStart?: (sizeBytes: number) => void;
  readonly onEvent?: (event: ClientEvent) => void;
  readonly signal?: AbortSignal;
}

/** Carries out an upload command. Never rejects for what a person can understand: that is an UploadFailure. */
export async function runUpload(
  command: UploadCommand,
  watch: UploadWatch = {},
): Promise<UploadSuccess | UploadFailure> {
  let source: Crc32Source;
  try {
    source = new Crc32Source(await fileSource(command.file));
  } catch (error) {
    return { ...describe(error), exitCode: 3 };
  }
  const startMs = performance.now();
  const upload = new BitsUpload({
    url: command.url,
    source,
    fragmentSizeBytes: command.fragmentSizeBytes,
    retryDelayMs: command.retryDelayMs,
    noProgressTimeoutMs: command.giveUpAfterMs,
    // A cancel is tried for as long as a person waits for it.
    cancelTimeoutMs: 5_000,
    customHeaders: command.headers,
    ...(command.credentials === undefined ? {} : { credentials: command.credentials }),
    ...(watch.onEvent === undefined ? {} : { onEvent: watch.onEvent }),
  });
  try {
    watch.onStart?.(source.sizeBytes);
    const result = await upload.run(watch.signal);
    const crc = Buffer.alloc(4);
    crc.writeUInt32BE(await source.finish());
    return {
      isUploaded: true,
      url: withoutTicket(result.url),
      sizeBytes: result.totalBytes,
      crc32Base64: crc.toString('base64'),
      crc32: crc.toString('hex'),
      durationMs: Math.round(performance.now() - startMs),
      packets: result.packets,
      retries: result.retries,
      sessions: result.sessions,
    };
  } catch (error) {
    if (error instanceof BitsSuspendedError) await upload.cancel();
    return describe(error);
  } finally {
    await source.close();
  }
}

function withoutTicket(href: string): string {
  const url = new URL(href);
  url.search = takeTickets(url.search.slice(1)).query;
  return url.href;
}

function describe(error: unknown): UploadFailure {
  if (error instanceof BitsSuspendedError) {
    const message = 'interrupted; the session was cancelled';
    return { isUploaded: false, exitCode: 130, code: error.code, message, status: undefined };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof BitsJobError)) {
    const isSystem = error instanceof Error && 'code' in error && typeof error.code === 'string';
    if (!isSystem) throw error;
    return { isUploaded: false, exitCode: 3, code: String(error.code), message, status: undefined };
  }
  const { code, status } = error;
  const exitCode = error.context === 'local-file' ? 3 : error.context === 'transport' ? 4 : 1;
  return { isUploaded: false, exitCode, code, message: `${message}${hint(code, status)}`, status };
}

/** What a person can do about the refusals that are not about the server's health. */
function hint(code: string, status: number | undefined): string {
  switch (code) {
    case 'E_ACCESSDENIED':
      return status === 501
        ? '. There is no destination at this URL that takes uploads.'
        : '. The name is taken and may not be overwritten, or you may not upload here.';
    case 'BG_E_HTTP_ERROR_401':
      return '. Give --user and --password.';
    case 'BG_E_TOO_LARGE':
      return '. The file is larger than the server accepts.';
    case 'E_INVALIDARG':
      return '. The server does not accept this URL as the name of an upload.';
    default:
      return '';
  }
}
