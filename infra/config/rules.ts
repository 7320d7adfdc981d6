import type { Destination } from '../../lib/access/destination.ts';
import { destinationBounds } from './defaults.ts';
import { formatCount } from './quantities.ts';
import type { DestinationEntry } from './schema.ts';

/** What the stack brings, and every destination has to fit into. */
export interface StackLimits {
  /** Memory of the fragment function. */
  readonly memoryBytes: number;
  /** Largest request body that the front end passes on. */
  readonly maxRequestBodyBytes: number;
  /** Where fragments are gathered, if the name is known: never a destination. */
  readonly stagingBucket?: string | undefined;
  /** The only region that functions speak to S3 and to Secrets Manager in, if it is known. */
  readonly region?: string | undefined;
}

/** A key of the file, and what is wrong with it. */
export interface KeyProblem {
  readonly key: string;
  readonly message: string;
}

/** The largest part of an upload: at least 8 MiB and 1/10,000 of it, then up to the next fragment boundary. */
const largestPartBytes = ({ maximumUploadBytes, fragmentLimitBytes }: Destination): number =>
  Math.max(8 * 1024 ** 2, Math.ceil(maximumUploadBytes / 10_000)) + fragmentLimitBytes;

const fragmentLimitProblems = (destination: Destination, limits: StackLimits): string[] => {
  const bytes = destination.fragmentLimitBytes;
  if (bytes < destinationBounds.minFragmentLimitBytes) {
    const minimum = formatCount(destinationBounds.minFragmentLimitBytes);
    return [`${formatCount(bytes)} bytes is less than ${minimum}, below which no Windows client goes`];
  }
  if (bytes <= limits.maxRequestBodyBytes) return [];
  const passed = `${formatCount(limits.maxRequestBodyBytes)} bytes (maxRequestBodyBytes)`;
  return [`${formatCount(bytes)} bytes is more than the ${passed} that the front end passes`];
};

const uploadSizeProblems = (destination: Destination, limits: StackLimits): string[] => {
  const bytes = destination.maximumUploadBytes;
  const size = `${formatCount(bytes)} bytes`;
  if (bytes < 1) return [`${size} would refuse every file`];
  if (bytes > destinationBounds.maxUploadBytes) {
    return [`${size} is more than S3 holds in one object: 10,000 parts of 5 GiB`];
  }
  const part = largestPartBytes(destination);
  // While a part is sent it is in memory five times: as pieces, gathered, and, over TLS, in what the socket holds.
  if (part <= limits.memoryBytes / 8) return [];
  return [
    `${size} with a fragmentLimit of ${formatCount(destination.fragmentLimitBytes)} needs parts of up to ` +
      `${formatCount(part)} bytes, more than an eighth of the fragment function's ` +
      `${formatCount(limits.memoryBytes)} bytes of memory (memoryBytes)`,
  ];
};

/** An application may take minutes of it. */
const minReplyKeptSeconds = 3_600;

const sessionTimeoutProblems = ({ sessionTimeoutSeconds: seconds, reply }: Destination): string[] => {
  const { minSessionTimeoutSeconds: minimum, maxSessionTimeoutSeconds: maximum } = destinationBounds;
  if (seconds < minimum) return [`${formatCount(seconds)} seconds is less than the minimum of ${minimum}`];
  if (reply !== null && seconds < minReplyKeptSeconds)
    return [
      'is less than an hour: a reply is kept for as long, from the last byte on, and a client has to come for it',
    ];
  if (seconds <= maximum) return [];
  return [
    `${formatCount(seconds)} seconds is longer than any session lives: 90 days, ${formatCount(maximum)} seconds`,
  ];
};

/** Rules about callers that could never be met, or never matter. */
export const accessProblems = ({
  access,
  principalFrom,
  allow = [],
}: DestinationEntry): readonly KeyProblem[] => {
  const problems: KeyProblem[] = [];
  if (principalFrom !== undefined && !access.includes('mtls')) {
    problems.push({ key: 'principalFrom', message: 'names a part of a certificate: only with access: mtls' });
  }
  for (const [index, rule] of allow.entries()) {
    const key = `allow[${index}]`;
    const stranger = rule.access?.find((kind) => !access.some((own) => own === kind));
    if (stranger !== undefined)
      problems.push({ key: `${key}.access`, message: `${stranger} is no access of this destination` });
    const namesOne =
      rule.principals.some((name) => name !== '*') || rule.paths.some((path) => path.includes('{principal}'));
    if (access.includes('none') && namesOne)
      problems.push({ key, message: 'with access: none nobody is told apart by name' });
  }
  return problems;
};

const closeGraceProblems = ({ closeGraceSeconds: seconds }: Destination): string[] => {
  const minimum = destinationBounds.minCloseGraceSeconds;
  const maximum = destinationBounds.maxSessionTimeoutSeconds;
  if (seconds === null || (seconds >= minimum && seconds <= maximum)) return [];
  return [
    `${formatCount(seconds)} seconds is not between ${minimum} and ${formatCount(maximum)}, the life of a session`,
  ];
};

const openLimitProblems = (destination: Destination): KeyProblem[] => {
  const { sessionsPerPrincipal, openBytesPerPrincipal, maximumUploadBytes, access } = destination;
  const problem = (key: string, message: string): KeyProblem => ({ key, message });
  const nobody = 'access: none tells nobody apart, so there is no principal to count for';
  const minimum = destinationBounds.minSessionsPerPrincipal;
  const found: KeyProblem[] = [];
  if (sessionsPerPrincipal !== null) {
    if (access.includes('none')) found.push(problem('sessionsPerPrincipal', nobody));
    if (sessionsPerPrincipal < minimum) {
      const count = formatCount(sessionsPerPrincipal);
      found.push(
        problem(
          'sessionsPerPrincipal',
          `${count} is less than ${minimum}: clients would wait for sessions that have ended`,
        ),
      );
    }
  }
  if (openBytesPerPrincipal !== null) {
    if (access.includes('none')) found.push(problem('openBytesPerPrincipal', nobody));
    if (openBytesPerPrincipal < maximumUploadBytes) {
      const bytes = formatCount(openBytesPerPrincipal);
      const file = `a file of ${formatCount(maximumUploadBytes)} (maximumUploadSize)`;
      found.push(problem('openBytesPerPrincipal', `${bytes} bytes would keep ${file} waiting for ever`));
    }
  }
  return found;
};

const regionOf = (arn: string): string => arn.split(':')[3] ?? '';

/** Keys and secrets that nobody could use: S3 and Secrets Manager are asked in the region of the functions. */
const regionProblems = ({ objects, reply }: Destination, { region }: StackLimits): readonly KeyProblem[] => {
  const { encryption } = objects;
  const secret = reply?.kind === 'http' ? (reply.secret ?? '') : '';
  const arns = [
    ['kmsKey', encryption?.kind === 'kms' ? (encryption.keyArn ?? '') : ''],
    ['reply.secret', secret.startsWith('secretsmanager:arn:') ? secret.slice('secretsmanager:'.length) : ''],
  ] as const;
  return arns
    .filter(([, arn]) => arn !== '' && region !== undefined && regionOf(arn) !== region)
    .map(([key, arn]) => ({
      key,
      message: `is in ${regionOf(arn)}, and the deployment in ${region}, where the functions ask for it`,
    }));
};

/** What cannot be, though each key for itself is well written; the messages name the other half of the pair. */
export const destinationProblems = (destination: Destination, limits: StackLimits): readonly KeyProblem[] => {
  const stagingBucket = destination.bucket !== null && destination.bucket === limits.stagingBucket;
  return [
    ...fragmentLimitProblems(destination, limits).map((message) => ({ key: 'fragmentLimit', message })),
    ...uploadSizeProblems(destination, limits).map((message) => ({ key: 'maximumUploadSize', message })),
    ...sessionTimeoutProblems(destination).map((message) => ({ key: 'sessionTimeout', message })),
    ...closeGraceProblems(destination).map((message) => ({ key: 'closeGrace', message })),
    ...openLimitProblems(destination),
    ...regionProblems(destination, limits),
    ...(stagingBucket
      ? [
          {
            key: 'bucket',
            message: `${destination.bucket} is the staging bucket, which deletes what it holds`,
          },
        ]
      : []),
  ];
};
