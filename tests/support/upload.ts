import { leaveWithReader } from '../../infra/command-line.ts';
import { parseUploadCommand, USAGE, UsageError } from './upload-cli/arguments.ts';
import { formatBytes, formatDuration, ProgressDisplay } from './upload-cli/progress.ts';
import { runUpload, type UploadSuccess } from './upload-cli/run-upload.ts';

/** `npm run upload -- FILE URL [options]`: uploads a file as Windows would, with a progress bar. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const command = parseUploadCommand(args);
  const abort = new AbortController();
  process.once('SIGINT', () => {
    abort.abort();
    // Whoever asks twice does not want to wait for the server.
    process.once('SIGINT', () => process.exit(130));
  });
  let display: ProgressDisplay | undefined;
  const outcome = await runUpload(command, {
    signal: abort.signal,
    onStart: (sizeBytes) => {
      display = new ProgressDisplay(process.stderr, sizeBytes);
      display.start();
    },
    onEvent: (event) => display?.onEvent(event),
  });
  display?.stop();
  if (command.isJson) process.stdout.write(`${JSON.stringify({ file: command.file, ...outcome })}\n`);
  else if (outcome.isUploaded) process.stdout.write(describe(outcome));
  else process.stderr.write(`${command.file}: ${outcome.message}\n`);
  return outcome.isUploaded ? 0 : outcome.exitCode;
}

function describe(result: UploadSuccess): string {
  const rate = (result.sizeBytes * 1000) / Math.max(1, result.durationMs);
  const took = `${formatDuration(result.durationMs)} (${formatBytes(rate)}/s)`;
  return [
    `Uploaded ${result.url}`,
    `  size   ${result.sizeBytes} bytes`,
    `  CRC32  ${result.crc32} (as S3 shows it: ${result.crc32Base64})`,
    `  took   ${took}, ${result.packets} packets, ${result.retries} interruptions`,
    '',
  ].join('\n');
}

leaveWithReader();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${USAGE}\n`);
  process.exitCode = 2;
}
