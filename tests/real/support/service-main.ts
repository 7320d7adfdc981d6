import { startService } from './service.ts';

/** The service in a process of its own, so that it can be killed: store variables and PORT in, its URL on standard output. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
);
const { url } = await startService(environment, Number(process.env['PORT'] ?? '0'));
process.stdout.write(`${url}\n`);
