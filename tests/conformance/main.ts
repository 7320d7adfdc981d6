import { leaveWithReader } from '../../infra/command-line.ts';
import { ConnectionError } from '../support/http/raw-connection.ts';
import { parseCommand, USAGE, UsageError } from './arguments.ts';
import { formatResult, formatSummary } from './report.ts';
import { runConformance, selectCases } from './run.ts';

/** `npm run conformance -- URL [options]`: proves a BITS server from outside. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const { options, isJson, isList } = parseCommand(args);
  if (isList) {
    for (const { id, section, title } of selectCases(options)) {
      process.stdout.write(`${id}  [${section}] ${title}\n`);
    }
    return 0;
  }
  const report = await runConformance(options, {
    onResult: (result) => {
      if (!isJson) process.stdout.write(`${formatResult(result)}\n`);
    },
  });
  process.stdout.write(isJson ? `${JSON.stringify(report)}\n` : `\n${formatSummary(report)}\n`);
  return report.failed === 0 && report.passed > 0 ? 0 : 1;
}

leaveWithReader();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof ConnectionError) {
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    process.stderr.write(`${error.message}${cause}\n`);
    process.exitCode = 1;
  } else if (error instanceof UsageError || error instanceof RangeError) {
    process.stderr.write(`${error.message}\n\n${USAGE}\n`);
    process.exitCode = 2;
  } else {
    throw error;
  }
}
