import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spawnStack } from '../local/stack-process.ts';
import { BitsUpload, generatedSource } from '../support/bits-client/index.ts';
import { readStackFile } from '../support/stack-file.ts';
import { sha256OfSource, UploadCheck } from '../support/upload-check.ts';

const mebibyte = 2 ** 20;

describe('npm start is killed in the middle of an upload', () => {
  let dataDir = '';
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'bits-s3-kill-'));
  });
  afterEach(async () => {
    await rm(dataDir, { recursive: true, force: true });
  });

  it('kill -9, restart: the client carries on from the acknowledged offset and the object is right', async () => {
    const first = spawnStack({ DATA_DIR: dataDir });
    await first.printed('Upload from Windows');
    const places = await readStackFile(dataDir);
    const ports = {
      PORT: new URL(places.bits).port,
      S3_PORT: new URL(places.s3.endpoint).port,
      DYNAMODB_PORT: new URL(places.dynamodb.endpoint).port,
    };

    const source = generatedSource(40 * mebibyte + 7, 'killed');
    let acknowledged = 0;
    let isRestarted = false;
    const offsetsAfterRestart: number[] = [];
    const sessions = new Set<string>();
    const farEnough = new AbortController();
    const done = new BitsUpload({
      url: `${places.bits}/uploads/killed.bin`,
      source,
      fragmentSizeBytes: 999_983,
      retryDelayMs: 100,
      onEvent: (event) => {
        if (event.kind === 'session') sessions.add(event.sessionId);
        if (event.kind === 'packet' && event.packet.range !== undefined && isRestarted) {
          offsetsAfterRestart.push(event.packet.range.first);
        }
        if (event.kind === 'progress' && !isRestarted) acknowledged = event.offsetBytes;
        if (event.kind === 'progress' && event.offsetBytes > 15 * mebibyte) farEnough.abort();
      },
    }).run();
    await once(farEnough.signal, 'abort');
    first.child.kill('SIGKILL');
    await first.exited;

    const second = spawnStack({ DATA_DIR: dataDir, ...ports });
    isRestarted = true;
    await done;
    expect(offsetsAfterRestart[0]).toBe(acknowledged);
    expect(sessions.size).toBe(1);

    const check = new UploadCheck(places);
    expect(await check.sha256Of('killed.bin')).toBe(await sha256OfSource(source));
    expect(await check.leftovers()).toEqual([]);
    check.close();
    second.child.kill('SIGTERM');
    expect((await second.exited).code).toBe(0);
  });
});
