import { describe, expect, it } from 'vitest';
import { contentTypeOf } from '../../lib/access/content-type.ts';
import { acceptsName } from '../../lib/access/file-names.ts';
import { memoryHarness } from '../support/functions-harness.ts';
import { closePacket, createPacket, openSession, textFragment } from '../support/packets.ts';

describe('names that a destination takes', () => {
  it.each([
    ['report.zip', ['*.zip'], null, true],
    ['report.ZIP', ['*.zip'], null, true],
    ['a/b/report.zip', ['report.*'], null, true],
    ['zip/report.exe', ['*.zip', 'zip*'], null, false],
    ['report.zip.exe', ['*.zip'], null, false],
    ['report.exe', null, ['*.exe'], false],
    ['REPORT.eXe', null, ['*.EXE'], false],
    ['report.exe.zip', null, ['*.exe'], true],
    ['report.zip', ['*.zip'], ['report*'], false],
    ['log-2026.txt', ['log-????.txt'], null, true],
    ['log-20267.txt', ['log-????.txt'], null, false],
    ['ÄÖ.txt', ['äö.*'], null, true],
    ['a[1].txt', ['a[1].txt'], null, true],
    ['a1.txt', ['a[1].txt'], null, false],
    ['💾.txt', ['?.txt'], null, true],
    ['.htaccess', null, ['.*'], false],
  ])('%s, allowed %j, denied %j: %s', (path, allowedNames, deniedNames, taken) => {
    expect(acceptsName({ allowedNames, deniedNames }, path)).toBe(taken);
  });

  it('another name is 403 at CREATE, before anything is looked up', async () => {
    const harness = memoryHarness({
      destination: { fileNames: { allowedNames: null, deniedNames: ['*.exe'] } },
    });
    const refused = await harness.send(createPacket('/drop/a/Setup.EXE'));
    expect(refused).toMatchObject({ status: 403, headers: { 'BITS-Error-Code': '0x80070005' } });
    expect({ ...harness.sessions.hooks.made(), ...harness.objects.hooks.made() }).toEqual({});
  });

  it('a session that is there is not ended by a rule that came later', async () => {
    const harness = memoryHarness();
    const session = await openSession(harness);
    harness.destinations = harness.destinations.map((one) => ({
      ...one,
      fileNames: { allowedNames: ['nothing'], deniedNames: null },
    }));
    expect((await harness.send(textFragment(session, 'text', 0))).status).toBe(200);
    expect((await harness.send(closePacket(session))).status).toBe(200);
  });
});

describe('content types', () => {
  it.each([
    ['q3.XLSX', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
    ['app.2026.log', 'text/plain'],
    ['page.html', 'application/octet-stream'],
    ['memory.dmp', 'application/x-dmp'],
    ['.txt', 'application/octet-stream'],
    ['README', 'application/octet-stream'],
    ['x.constructor', 'application/octet-stream'],
    ['', 'application/octet-stream'],
  ])('%s is %s', (name, type) => {
    expect(contentTypeOf(name, { dmp: 'application/x-dmp' })).toBe(type);
  });

  it('XML, in which a browser runs scripts of XHTML, had a type that a browser opens', () => {
    expect(contentTypeOf('feed.xml', {})).toBe('application/octet-stream');
  });

  it("a destination's word comes before the table's", () => {
    expect(contentTypeOf('a.log', { log: 'application/x-log' })).toBe('application/x-log');
  });
});

describe('how an object is kept', () => {
  const objects = {
    storageClass: 'STANDARD_IA',
    encryption: { kind: 's3' },
    tags: { team: 'field' },
    metadata: { source: 'fleet' },
    contentTypes: { bin: 'application/x-bin' },
  } as const;
  const { contentTypes: _, ...kept } = objects;

  it('is what its destination says when the upload begins, for a file and for an empty one', async () => {
    const harness = memoryHarness({ destination: { objects } });
    const session = await openSession(harness);
    await harness.send(textFragment(session, 'text', 0));
    const empty = await openSession(harness, '/drop/empty.bin');
    await harness.send(closePacket(empty, '/drop/empty.bin'));
    const terms = { ...kept, contentType: 'application/x-bin' };
    expect(harness.objects.object('destination', 'empty.bin')?.metadata?.terms).toEqual(terms);
    await harness.send(closePacket(session));
    expect(harness.objects.object('destination', 'file.bin')?.metadata?.terms).toEqual(terms);
  });

  it('is left to the bucket where the destination is gone meanwhile', async () => {
    const harness = memoryHarness({ destination: { objects } });
    expect(harness.services.objectTerms('/gone/', 'a.txt')).toEqual({
      storageClass: null,
      encryption: null,
      tags: {},
      metadata: {},
      contentType: 'text/plain',
    });
  });
});

describe('closeGrace', () => {
  it('is fixed when the last byte is stored', async () => {
    const harness = memoryHarness({ destination: { closeGraceSeconds: 600 } });
    const session = await openSession(harness);
    await harness.send(textFragment(session, 'text', 0));
    const stored = await harness.sessions.read(session.slice(1, -1));
    expect(stored).toMatchObject({ state: 'stored', dueAtSeconds: Math.floor(harness.nowMs / 1000) + 600 });
  });
});
