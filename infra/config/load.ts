import { readFile } from 'node:fs/promises';
import type { Destination } from '../../lib/access/destination.ts';
import { destinationDefaults } from './defaults.ts';
import { ConfigurationError } from './errors.ts';
import { compileObjectRules, encryptionProblems } from './objects-schema.ts';
import { readYaml } from './read-yaml.ts';
import { accessProblems, destinationProblems, type StackLimits } from './rules.ts';
import { type DestinationEntry, destinationSchema, fileSchema, isMapping } from './schema.ts';
import { didYouMean } from './suggest.ts';

/** What reading an entry found: a destination as far as its keys could be read, and the problems seen. */
interface EntryReading {
  readonly destination?: Destination;
  readonly problems: readonly string[];
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const formatPath = (path: readonly PropertyKey[]): string =>
  path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');

/** Looked for apart from the schema, so that a misspelt key does not hide what is wrong with the others. */
const unknownKeys = (value: unknown, known: readonly string[], at: string): string[] =>
  (isMapping(value) ? Object.keys(value) : [])
    .filter((key) => !known.includes(key))
    .map((key) => `${at}${key}: unknown key${didYouMean(key, known)}`);

/** Nobody is told apart: there is no principal whose sessions could be counted. */
const isAnonymous = ({ access }: Pick<DestinationEntry, 'access'>): boolean => access.includes('none');

const compileEntry = (entry: DestinationEntry, limits: StackLimits): Destination =>
  Object.freeze({
    prefix: entry.prefix,
    bucket: entry.bucket ?? destinationDefaults.bucket,
    keyTemplate: entry.key ?? destinationDefaults.keyTemplate,
    maximumUploadBytes: entry.maximumUploadSize,
    fragmentLimitBytes:
      entry.fragmentLimit ?? Math.min(destinationDefaults.fragmentLimitBytes, limits.maxRequestBodyBytes),
    allowOverwrites: entry.allowOverwrites ?? destinationDefaults.allowOverwrites,
    sessionsPerPrincipal:
      entry.sessionsPerPrincipal ?? (isAnonymous(entry) ? null : destinationDefaults.sessionsPerPrincipal),
    openBytesPerPrincipal: entry.openBytesPerPrincipal ?? destinationDefaults.openBytesPerPrincipal,
    fileNames: Object.freeze({
      allowedNames: entry.allowedNames ?? null,
      deniedNames: entry.deniedNames ?? null,
    }),
    sessionTimeoutSeconds: entry.sessionTimeout ?? destinationDefaults.sessionTimeoutSeconds,
    closeGraceSeconds: entry.closeGrace ?? destinationDefaults.closeGraceSeconds,
    publishOn: entry.publishOn ?? destinationDefaults.publishOn,
    enabled: entry.enabled ?? destinationDefaults.enabled,
    access: entry.access,
    principalFrom: entry.access.includes('mtls')
      ? (entry.principalFrom ?? destinationDefaults.principalFrom)
      : null,
    allow: entry.allow ?? destinationDefaults.allow,
    objects: compileObjectRules(entry),
    reply: entry.reply ?? destinationDefaults.reply,
  });

const readEntry = (value: unknown, index: number, limits: StackLimits): EntryReading => {
  const at = `destinations[${index}]`;
  const strangers = unknownKeys(value, Object.keys(destinationSchema.shape), `${at}.`);
  const parsed = destinationSchema.safeParse(value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(
      (issue: Issue) => `${at}${formatPath(issue.path)}: ${issue.message}`,
    );
    return { problems: [...strangers, ...issues] };
  }
  const destination = compileEntry(parsed.data, limits);
  const rules = [
    ...accessProblems(parsed.data),
    ...encryptionProblems(parsed.data),
    ...destinationProblems(destination, limits),
  ].map(({ key, message }) => `${at}.${key}: ${message}`);
  return { destination, problems: [...strangers, ...rules] };
};

/** Read from the raw entries, so that it is found also where another key of one of them is wrong. */
const repeatedPrefixes = (entries: readonly unknown[]): string[] => {
  const firstIndex = new Map<string, number>();
  return entries.flatMap((entry, index) => {
    const prefix = isMapping(entry) ? entry['prefix'] : undefined;
    if (typeof prefix !== 'string') return [];
    const first = firstIndex.get(prefix);
    if (first !== undefined)
      return [`destinations[${index}].prefix: ${prefix} is the prefix of destinations[${first}] too`];
    firstIndex.set(prefix, index);
    return [];
  });
};

/**
 * The destinations of a YAML text, frozen, in the order of the file. `file` is what messages call it.
 *
 * @throws ConfigurationError `CONFIGURATION_INVALID`, with every problem of the file at once.
 */
export const parseDestinations = (
  text: string,
  file: string,
  limits: StackLimits,
): readonly Destination[] => {
  const fail = (problems: readonly string[]): never => {
    throw new ConfigurationError(
      'CONFIGURATION_INVALID',
      problems.map((problem) => `${file}: ${problem}`),
    );
  };
  const yaml = readYaml(text);
  if (!('value' in yaml)) return fail(yaml.problems);
  const strangers = [...yaml.problems, ...unknownKeys(yaml.value, Object.keys(fileSchema.shape), '')];
  const parsed = fileSchema.safeParse(yaml.value);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue: Issue) =>
      [formatPath(issue.path).replace(/^\./, ''), issue.message].filter((part) => part !== '').join(': '),
    );
    return fail([...strangers, ...issues]);
  }
  const entries = parsed.data.destinations;
  const readings = entries.map((entry, index) => readEntry(entry, index, limits));
  const problems = [
    ...strangers,
    ...readings.flatMap((reading) => reading.problems),
    ...repeatedPrefixes(entries),
  ];
  if (problems.length > 0) return fail(problems);
  return Object.freeze(readings.flatMap(({ destination }) => destination ?? []));
};

const readText = async (file: string): Promise<string> => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const reason =
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'is not UTF-8 text' : `cannot be read (${code})`;
    throw new ConfigurationError('CONFIGURATION_UNREADABLE', [`${file}: ${reason}`], { cause });
  }
};

/**
 * The destinations of a YAML file (UTF-8), frozen, in the order of the file.
 *
 * @throws ConfigurationError `CONFIGURATION_UNREADABLE` or `CONFIGURATION_INVALID`, with every problem at once.
 */
export const loadDestinations = async (
  file: string,
  limits: StackLimits,
): Promise<readonly Destination[]> => {
  return parseDestinations(await readText(file), file, limits);
};
