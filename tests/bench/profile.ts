import { Session } from 'node:inspector/promises';
import { runLoad } from './contenders/contender.ts';
import { entryOf } from './contenders/list.ts';
import { startServices } from './services.ts';

/**
 * `npm run bench:profile`: where the processor's time goes while a client sends fragments of 1,000,000 bytes to the fragment
 * function: V8's sampling profiler over 256 MiB, warm, the functions with the most time of their own. S3 and DynamoDB are in
 * other processes. Prints a table in Markdown.
 */
const fragmentBytes = 1_000_000;
const mebibytes = 256;
const shownLines = 14;

const services = await startServices();
const profiler = new Session();
try {
  const contender = await entryOf('ours-calls').start(services.places);
  if (contender.kind !== 'calls') throw new Error('this contender is a server');
  const upload = (name: string, sizeMebibytes: number) =>
    runLoad({ name, clients: 1, fileBytes: sizeMebibytes * 2 ** 20, fragmentBytes }, contender.upload);
  await upload('warm-up', 48);
  profiler.connect();
  await profiler.post('Profiler.enable');
  await profiler.post('Profiler.start');
  await upload('profiled', mebibytes);
  const { profile } = await profiler.post('Profiler.stop');

  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const ownMicroseconds = new Map<string, number>();
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)') continue;
    const file = frame.url.replace(/^.*\/(node_modules\/|(?=(?:lib|functions|infra|tests)\/))/, '');
    const name = `${frame.functionName || '(anonymous)'}${file === '' ? '' : `, ${file}`}`;
    ownMicroseconds.set(name, (ownMicroseconds.get(name) ?? 0) + (profile.timeDeltas?.[index] ?? 0));
  }
  const total = [...ownMicroseconds.values()].reduce((sum, time) => sum + time, 0);
  console.log(`| ${(total / 1000 / mebibytes).toFixed(2)} ms of the main thread per MiB, of it | share |`);
  console.log('| --- | ---: |');
  for (const [name, time] of [...ownMicroseconds].toSorted(([, a], [, b]) => b - a).slice(0, shownLines))
    console.log(`| ${name} | ${((100 * time) / total).toFixed(1)} % |`);
} finally {
  profiler.disconnect();
  await services.stop();
}
process.exit(0);
