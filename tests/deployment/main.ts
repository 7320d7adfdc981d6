import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runCommandLine } from '../../infra/command-line.ts';
import type { Subject } from './check.ts';
import { removeUploads } from './remove-uploads.ts';
import { resultText, summaryText } from './report.ts';
import { allChecks, runChecks } from './run.ts';
import { deployedService, localService, NoServiceError } from './subject.ts';

const usage = `npm run check -- --stage STAGE [--region REGION] [options]
npm run check -- --local               the stack of npm start, in DATA_DIR

Looks whether a deployed stage does what this project believes of AWS: what an account can prove of docs/unproven.md. It
uploads some 60 MiB, reads objects, sessions and logs with your own credentials, and deletes what it has uploaded.

  --prefix PATH           a destination where uploads are allowed and overwriting is off (default: /uploads/)
  --url URL               where the service is reached, if not at the stack's Url
  --user NAME --password P  credentials for that destination
  --only TEXT             only checks whose id contains TEXT
  --keep                  leave what was uploaded
  --json                  one JSON document on standard output

Exit code: 0 whatever could be looked at holds, 1 something does not, 2 it did not come to that.`;

const options = {
  stage: { type: 'string' },
  region: { type: 'string' },
  local: { type: 'boolean', default: false },
  prefix: { type: 'string', default: '/uploads/' },
  url: { type: 'string' },
  user: { type: 'string' },
  password: { type: 'string' },
  only: { type: 'string', default: '' },
  keep: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** Read once, and refused with a sentence. */
const readOptions = () => {
  const { values } = parseArgs({ options });
  const { local, password, prefix, stage, user } = values;
  if (!values.help && (stage === undefined) !== local)
    throw new RangeError('which stage? One of --stage and --local');
  if (!/^\/([^?#]*\/)?$/.test(prefix))
    throw new RangeError(`--prefix begins and ends with a slash, not ${prefix}`);
  if ((user === undefined) !== (password === undefined))
    throw new RangeError('--user and --password belong together');
  const checks = allChecks.filter(({ id }) => id.includes(values.only));
  if (checks.length === 0) throw new RangeError(`no check has ${values.only} in its name`);
  const credentials = user === undefined || password === undefined ? undefined : { user, password };
  return { ...values, checks, credentials };
};

const main = async (): Promise<number> => {
  const { checks, credentials, help, json, keep, prefix, region, stage, url } = readOptions();
  if (help) {
    console.log(usage);
    return 0;
  }
  const service = await (stage === undefined
    ? localService(process.env['DATA_DIR'] ?? '.local')
    : deployedService(stage, region === undefined ? {} : { region })
  ).catch((error: unknown) => {
    throw error instanceof NoServiceError ? new RangeError(error.message, { cause: error }) : error;
  });
  const subject: Subject = {
    url: new URL(prefix, url ?? service.baseUrl),
    credentials,
    stores: service.stores,
    logs: service.logs,
    runId: randomBytes(4).toString('hex'),
    startedAtMs: Date.now(),
  };
  const progress = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text}`);
  try {
    const results = await runChecks(subject, checks, {
      onStart: ({ id }) => progress(id),
      onResult: (result) => {
        progress('');
        if (!json) console.log(resultText(result));
      },
    });
    if (json) console.log(JSON.stringify({ url: subject.url.href, results }));
    else console.log(`\n${subject.url}: ${summaryText(results)}`);
    const left = keep ? undefined : await removeUploads(subject);
    if (left !== undefined) process.stderr.write(`${left}\n`);
    return results.some(({ verdict }) => verdict === 'fails') ? 1 : 0;
  } finally {
    service.stores.close();
    service.logs?.close();
  }
};

await runCommandLine(usage, main);
