import { StartError } from './errors.ts';
import { type LocalStackOptions, TIMER_VARIABLES, type TimerVariable } from './stack-options.ts';

type Settings = Required<
  Pick<LocalStackOptions, 'host' | 'port' | 's3Port' | 'dynamoDbPort' | 'dataDir' | 'logLevel' | 'timers'>
> &
  Pick<LocalStackOptions, 'destinationsFile' | 'certificates' | 'lambdaFiles'>;

/**
 * The environment variables of `npm start`:
 *
 * | variable        | default                  | meaning                                              |
 * |-----------------|--------------------------|------------------------------------------------------|
 * | `HOST`          | `127.0.0.1`              | address of all servers; `0.0.0.0` for other machines |
 * | `PORT`          | 8080                     | BITS clients; 0 picks a free port, as below          |
 * | `S3_PORT`       | 9000                     | embedded S3                                          |
 * | `DYNAMODB_PORT` | 8000                     | embedded DynamoDB                                    |
 * | `DATA_DIR`      | `.local`                 | everything that is kept                              |
 * | `DESTINATIONS`  | `infra/destinations.yml` | the destinations file                                |
 * | `LOG_LEVEL`     | `ERROR`                  | what the functions write to the console              |
 * | `LOCAL_FUNCTIONS` | none                   | reply applications: `NAME=FILE,…`, the name as in their ARN |
 *
 * `MTLS_SUBJECT` (`CN=pc1,O=Contoso`) opens a second door for destinations with `access: mtls` at `MTLS_PORT` (8443, without
 * TLS): whoever comes through it counts as the bearer of that certificate.
 *
 * `CLOSE_GRACE_SECONDS` and `SESSION_LIFETIME_SECONDS` go to the functions (docs/operations.md).
 *
 * An empty variable counts as not set. Throws `StartError` (`BAD_SETTING`) naming the variable.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const text = (name: string) => (environment[name] === '' ? undefined : environment[name]);
  const port = (name: string, fallback: number): number => {
    const value = text(name);
    if (value === undefined) return fallback;
    if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
    throw new StartError('BAD_SETTING', `${name}=${value} is not a port: a whole number of 0 to 65535`);
  };
  const destinationsFile = text('DESTINATIONS');
  const subject = text('MTLS_SUBJECT');
  const lambdaFiles = text('LOCAL_FUNCTIONS');
  const timers: Partial<Record<TimerVariable, string>> = {};
  for (const name of TIMER_VARIABLES) {
    const value = text(name);
    if (value !== undefined) timers[name] = value;
  }
  return {
    host: text('HOST') ?? '127.0.0.1',
    port: port('PORT', 8080),
    s3Port: port('S3_PORT', 9000),
    dynamoDbPort: port('DYNAMODB_PORT', 8000),
    dataDir: text('DATA_DIR') ?? '.local',
    logLevel: text('LOG_LEVEL') ?? 'ERROR',
    timers,
    ...(destinationsFile === undefined ? {} : { destinationsFile }),
    ...(subject === undefined ? {} : { certificates: { subject, port: port('MTLS_PORT', 8443) } }),
    ...(lambdaFiles === undefined ? {} : { lambdaFiles }),
  };
}
