import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Random } from '../faults/random.ts';
import { type StackProcess, spawnStack } from '../local/stack-process.ts';
import { BitsUpload, generatedSource } from '../support/bits-client/index.ts';
import { readStackFile } from '../support/stack-file.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { sha256OfSource, UploadCheck } from '../support/upload-check.ts';

const kills = 50;
const sizeBytes = 200 * 2 ** 20;

it(`npm start is killed ${kills} times in one upload of 200 MiB: the file arrives`, async () => {
  const seed = Date.now() % 2 ** 31;
  console.log(`moments drawn from seed ${seed}`);
  const random = new Random(seed);
  const dataDir = await tempFolder();
  let stack: StackProcess = spawnStack({ DATA_DIR: dataDir });
  await stack.printed('Upload from Windows');
  const places = await readStackFile(dataDir);
  const environment = {
    DATA_DIR: dataDir,
    PORT: new URL(places.bits).port,
    S3_PORT: new URL(places.s3.endpoint).port,
    DYNAMODB_PORT: new URL(places.dynamodb.endpoint).port,
  };

  const source = generatedSource(sizeBytes, 'killed often');
  const sessions = new Set<string>();
  let acknowledged = 0;
  let lowest = 0;
  let wake = () => {};
  const upload = new BitsUpload({
    url: `${places.bits}/uploads/killed.bin`,
    source,
    fragmentSizeBytes: 999_983,
    retryDelayMs: 50,
    onEvent: (event) => {
      if (event.kind === 'session') sessions.add(event.sessionId);
      if (event.kind !== 'progress') return;
      if (event.offsetBytes < acknowledged) lowest = Math.min(lowest, event.offsetBytes - acknowledged);
      acknowledged = event.offsetBytes;
      wake();
    },
  }).run();
  let isDone = false;
  const done = upload.finally(() => {
    isDone = true;
    wake();
  });

  let killed = 0;
  for (; killed < kills && !isDone; killed++) {
    // Far enough for the file to last for all the kills, then at any moment of the next fragments.
    const until = Math.min(sizeBytes - 1, (killed * sizeBytes) / (kills + 2));
    while (acknowledged < until && !isDone) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    await delay(random.int(60));
    stack.child.kill('SIGKILL');
    await stack.exited;
    stack = spawnStack(environment);
    await stack.printed('Upload from Windows');
  }
  await done;

  expect(killed).toBe(kills);
  expect(sessions.size, 'one session all the way').toBe(1);
  expect(lowest, 'the acknowledged offset never fell').toBe(0);
  const check = new UploadCheck(places);
  expect(await check.sha256Of('killed.bin')).toBe(await sha256OfSource(source));
  // Pieces of attempts that were killed before their commit went with the CLOSE.
  expect(await check.leftoversAfterKills()).toEqual([]);
  check.close();
});
