import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startFrontDoor } from '../../infra/local/alb/front-door.ts';
import { createInvoker } from '../../infra/local/invoker.ts';
import { Random } from '../faults/random.ts';
import { BitsUpload, generatedSource } from '../support/bits-client/index.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { sha256OfSource, UploadCheck } from '../support/upload-check.ts';
import { startSeparateServers } from './separate-servers.ts';

const sizeBytes = 48 * 2 ** 20;
const outages = 8;

it.each(['s3', 'dynamodb'] as const)(
  `only %s is killed ${outages} times in one upload and comes back each time: the file arrives`,
  async (kind) => {
    const seed = Date.now() % 2 ** 31;
    console.log(`moments drawn from seed ${seed}`);
    const random = new Random(seed);
    const servers = await startSeparateServers(await tempFolder());
    const statuses = new Set<number>();
    const door = await startFrontDoor({
      host: '127.0.0.1',
      port: 0,
      rules: servers.service.rules,
      invoke: createInvoker(servers.functions),
      onAnswer: ({ status }) => statuses.add(status),
    });
    try {
      const source = generatedSource(sizeBytes, `without ${kind}`);
      const sessions = new Set<string>();
      let acknowledged = 0;
      let lowest = 0;
      let isDone = false;
      const done = new BitsUpload({
        url: `http://127.0.0.1:${door.port}/uploads/outage.bin`,
        source,
        fragmentSizeBytes: 999_983,
        retryDelayMs: 50,
        onEvent: (event) => {
          if (event.kind === 'session') sessions.add(event.sessionId);
          if (event.kind !== 'progress') return;
          lowest = Math.min(lowest, event.offsetBytes - acknowledged);
          acknowledged = event.offsetBytes;
        },
      })
        .run()
        .finally(() => {
          isDone = true;
        });
      let drawn = 0;
      for (; drawn < outages && !isDone; drawn++) {
        const until = (drawn * sizeBytes) / (outages + 1);
        while (acknowledged < until && !isDone) await delay(5);
        await delay(random.int(60));
        await servers[kind].kill();
        // Shorter than the retries inside a request, and longer.
        await delay(random.pick([0, 200, 1_500]));
        await servers[kind].start();
      }
      await done;
      expect(drawn).toBe(outages);
      expect(sessions.size, 'one session all the way').toBe(1);
      expect(lowest, 'the acknowledged offset never fell').toBe(0);
      // What could not be done was answered by us, and not by the load balancer.
      expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
      const check = new UploadCheck(servers.places);
      expect(await check.sha256Of('outage.bin')).toBe(await sha256OfSource(source));
      expect(await check.leftoversAfterKills()).toEqual([]);
      check.close();
    } finally {
      await door.close({ graceMs: 0 });
      await servers.close();
    }
  },
);
