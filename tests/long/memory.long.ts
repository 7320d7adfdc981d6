import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { eventOf, type TestRequest } from '../support/functions-harness.ts';
import { closePacket, createPacket, fragmentPacket } from '../support/packets.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { startSeparateServers } from './separate-servers.ts';

const sessions = 1_000;
const fragmentBytes = 128 * 1024;
/** An eighth of it is for staged pieces: four megabytes, which 32 abandoned sessions fill. */
const memoryMegabytes = 32;
const maxGrowthBytes = 4 * 2 ** 20;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** What is reachable, in the heap and beside it. */
const usedBytes = (): number => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

it(`${sessions} sessions, one after the other in one warm environment of each function: memory stays flat`, async () => {
  const servers = await startSeparateServers(await tempFolder(), memoryMegabytes);
  try {
    const handlers = new Map(servers.functions.map(({ name, compose }) => [name, compose()]));
    const send = async (name: string, packet: TestRequest): Promise<Record<string, unknown>> => {
      const context = { awsRequestId: 'x', functionName: name, memoryLimitInMB: `${memoryMegabytes}` };
      const result = await handlers.get(name)?.(eventOf(packet), {
        ...context,
        getRemainingTimeInMillis: () => 20_000,
      });
      expect(result).toMatchObject({ statusCode: 200 });
      return Object(result).headers;
    };
    const bytes = Buffer.alloc(2 * fragmentBytes, 'bits');
    const measured: number[] = [];
    for (let number = 1; number <= sessions; number++) {
      const path = `/uploads/memory-${number}.bin`;
      const session = `${(await send('createSession', createPacket(path)))['BITS-Session-Id']}`;
      const isAbandoned = number % 4 === 0;
      for (const from of isAbandoned ? [0] : [0, fragmentBytes]) {
        const piece = bytes.subarray(from, from + fragmentBytes);
        await send('fragment', fragmentPacket(session, from, piece, bytes.byteLength, path));
      }
      if (!isAbandoned) await send('closeSession', closePacket(session, path));
      if (number % 100 === 0) measured.push(usedBytes());
    }
    console.log(
      `MB in use, every 100 sessions: ${measured.map((used) => (used / 2 ** 20).toFixed(1)).join(' ')}`,
    );
    // The caches are full after some of them; without bounds the abandoned pieces alone would be 25 MB more.
    const [, full = 0] = measured;
    const last = Math.min(...measured.slice(-3));
    expect(last - full).toBeLessThan(maxGrowthBytes);
  } finally {
    await servers.close();
  }
});
