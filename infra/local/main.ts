import { leaveWithReader } from '../command-line.ts';
import { StartError } from './errors.ts';
import { watchParent } from './parent-watch.ts';
import { eventLine, packetLine, startReport } from './report.ts';
import { readSettings } from './settings.ts';
import { startLocalStack } from './stack.ts';

/**
 * `npm start`: environment → stack → a line per packet, until SIGTERM or SIGINT (exit code 0). What the user can put right
 * is one line on standard error and exit code 1.
 */
async function main(): Promise<void> {
  // Before any client is made: who tries this on Node 20 cannot do anything about the SDK's plans for it.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  let requestStop = () => {};
  const stopRequested = new Promise<void>((resolve) => {
    requestStop = resolve;
  });
  // Repeated signals are the rule: a terminal sends Ctrl-C to npm and to us, and npm passes its own on.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, requestStop);
  if (process.env['npm_lifecycle_event'] !== undefined) watchParent(requestStop);

  let canPrint = true;
  // Whoever read our lines is gone (a closed pipe). That is no reason to drop an upload.
  process.stdout.on('error', () => {
    canPrint = false;
  });
  const print = (line: string) => {
    if (canPrint) console.log(line);
  };

  const settings = readSettings(process.env);
  const stack = await startLocalStack({
    ...settings,
    onAnswer: (record) => print(packetLine(record)),
    onEvent: (event) => print(eventLine(event)),
  });
  print(startReport(stack, settings.host));
  await stopRequested;
  print('stopping: requests under way are finished first');
  await stack.stop();
}

leaveWithReader();
try {
  await main();
  process.exit(0);
} catch (error) {
  if (error instanceof StartError) console.error(`bits-s3: ${error.message}`);
  else console.error(error);
  process.exit(1);
}
