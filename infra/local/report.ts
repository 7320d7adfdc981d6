import { networkInterfaces } from 'node:os';
import type { AccessRecord } from './alb/front-door.ts';
import { valuesOf } from './alb/request-head.ts';
import { type DeliveredEvent, EVENT_LOG_FILE } from './event-log.ts';
import type { LocalStack } from './stack.ts';

/** What runs where, and the exact lines that upload a file to it from Windows. */
export function startReport(stack: LocalStack, host: string): string {
  const { s3, dynamodb, buckets } = stack;
  const destination = stack.destinations.find(({ enabled }) => enabled);
  const url = `${reachableUrl(stack.url, host)}${destination?.prefix ?? '/'}report.pdf`;
  return [
    `bits-s3 is running, data in ${stack.dataDir}`,
    '',
    `  BITS      ${stack.url}`,
    ...(stack.certificateUrl === undefined ? [] : [`  mtls      ${stack.certificateUrl}`]),
    `  S3        ${s3.endpoint}  region ${s3.region}`,
    `            access key ${s3.credentials.accessKeyId}  secret ${s3.credentials.secretAccessKey}`,
    `  DynamoDB  ${dynamodb.endpoint}  table ${dynamodb.table}`,
    '',
    ...stack.destinations.map(
      ({ prefix, bucket, enabled }) => `  ${prefix} → s3://${bucket}/${enabled ? '' : '  (not enabled)'}`,
    ),
    `  fragments wait in s3://${buckets.staging}/`,
    `  events are written to ${stack.dataDir}/${EVENT_LOG_FILE}`,
    '',
    'Upload from Windows, in PowerShell:',
    `  Start-BitsTransfer -TransferType Upload -Source C:\\report.pdf -Destination ${url}`,
    'or in any console:',
    `  bitsadmin /transfer report /upload /priority foreground ${url} C:\\report.pdf`,
    '',
  ].join('\n');
}

/** Where the stack listens to other machines, the line to copy names this machine's address in the network. */
function reachableUrl(url: string, host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return url;
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const outside = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  return outside === undefined ? url : url.replace(/\/\/(127\.0\.0\.1|\[::1\])/, `//${outside.address}`);
}

/** One line per request: packet type, path, range, status, next offset, duration, and why where the door knows. */
export function packetLine(record: AccessRecord): string {
  const { head, status, durationMs, errorReason, cause } = record;
  const header = (name: string) => (head === undefined ? undefined : valuesOf(head, name)[0]);
  const next = record.answerHeaders.find(
    ([name]) => name.toLowerCase() === 'bits-received-content-range',
  )?.[1];
  const why = [errorReason, cause instanceof Error ? cause.message : undefined].filter(
    (part) => part !== undefined,
  );
  const columns = [
    new Date(record.atEpochMs).toTimeString().slice(0, 8),
    (header('bits-packet-type') ?? head?.method ?? '-').padEnd(14),
    head?.path ?? '-',
    header('content-range'),
    next === undefined ? `${status}` : `${status} next ${next}`,
    `${durationMs.toFixed(0)} ms`,
    why.length > 0 ? `(${why.join(': ')})` : undefined,
  ];
  return lineOf(columns);
}

/** One line per event: what became of which upload, how large it is, and why where it failed. */
export function eventLine({ detail }: DeliveredEvent): string {
  const { time, type, bucket, key, sizeBytes, receivedBytes, reason } = detail;
  const bytes = [receivedBytes, sizeBytes].filter((count) => count !== undefined).join(' of ');
  return lineOf([
    new Date(time).toTimeString().slice(0, 8),
    type.padEnd(16),
    `s3://${bucket}/${key}`,
    bytes === '' ? undefined : `${bytes} bytes`,
    reason === undefined ? undefined : `(${reason})`,
  ]);
}

/** Paths, headers and keys come from anyone: nothing in them may command the terminal. */
function lineOf(columns: readonly (string | undefined)[]): string {
  return columns
    .filter((column) => column !== undefined)
    .join('  ')
    .replace(/\p{C}/gu, '?');
}
