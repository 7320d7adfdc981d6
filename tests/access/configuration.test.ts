import { describe, expect, it } from 'vitest';
import type { StackLimits } from '../../infra/config/rules.ts';
import { plainObjects } from '../support/functions-harness.ts';
import { limits, oneDestination, parse, problemsOf } from './configuration-support.ts';

describe('a destination', () => {
  it('gets every default where only the required keys are written', () => {
    const destinations = parse(oneDestination());
    expect(destinations).toEqual([
      {
        prefix: '/uploads/',
        bucket: null,
        keyTemplate: '{path}',
        maximumUploadBytes: 85_899_345_920,
        fragmentLimitBytes: 1_000_000,
        allowOverwrites: false,
        sessionsPerPrincipal: null,
        openBytesPerPrincipal: null,
        fileNames: { allowedNames: null, deniedNames: null },
        sessionTimeoutSeconds: 1_209_600,
        closeGraceSeconds: null,
        publishOn: 'close-session',
        enabled: true,
        access: ['none'],
        principalFrom: null,
        allow: null,
        objects: plainObjects,
        reply: null,
      },
    ]);
    expect([destinations, ...destinations].every(Object.isFrozen)).toBe(true);
  });

  it('takes every key', () => {
    const text = oneDestination({
      prefix: '"/Été 1/"',
      bucket: 'example-dumps',
      key: '"in/{yyyy}/{principal}/{path}"',
      maximumUploadSize: '5000',
      fragmentLimit: '5120',
      allowOverwrites: 'true',
      sessionsPerPrincipal: '50',
      openBytesPerPrincipal: '10TiB',
      allowedNames: '["*.zip", "log-????.txt"]',
      deniedNames: '["~*"]',
      sessionTimeout: '90d',
      closeGrace: '10m',
      storageClass: 'STANDARD_IA',
      encryption: 'kms',
      kmsKey: 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd',
      tags: '{ team: field service, cost/centre: "4711" }',
      metadata: '{ source: fleet }',
      contentTypes: '{ dmp: application/x-dmp, html: "text/html; charset=utf-8" }',
      publishOn: 'last-fragment',
      enabled: 'false',
      access: 'basic',
    });
    expect(parse(text)).toEqual([
      {
        prefix: '/Été 1/',
        bucket: 'example-dumps',
        keyTemplate: 'in/{yyyy}/{principal}/{path}',
        maximumUploadBytes: 5000,
        fragmentLimitBytes: 5120,
        allowOverwrites: true,
        sessionsPerPrincipal: 50,
        openBytesPerPrincipal: 10 * 2 ** 40,
        fileNames: { allowedNames: ['*.zip', 'log-????.txt'], deniedNames: ['~*'] },
        sessionTimeoutSeconds: 7_776_000,
        closeGraceSeconds: 600,
        publishOn: 'last-fragment',
        enabled: false,
        access: ['basic'],
        principalFrom: null,
        allow: null,
        objects: {
          storageClass: 'STANDARD_IA',
          encryption: { kind: 'kms', keyArn: 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd' },
          tags: { team: 'field service', 'cost/centre': '4711' },
          metadata: { source: 'fleet' },
          contentTypes: { dmp: 'application/x-dmp', html: 'text/html; charset=utf-8' },
        },
        reply: null,
      },
    ]);
  });

  it('is limited by default to what a smaller front end passes, and not raised by a larger one', () => {
    expect(parse(oneDestination(), { maxRequestBodyBytes: 65_536 })[0]?.fragmentLimitBytes).toBe(65_536);
    expect(parse(oneDestination(), { maxRequestBodyBytes: 13_631_488 })[0]?.fragmentLimitBytes).toBe(
      1_000_000,
    );
  });

  it('may have any prefix that is a decoded path', () => {
    for (const prefix of ['/', '/a/', '/a b/c/', '/Uploads/', '/.well-known/', '"/{x}/"']) {
      expect(problemsOf(oneDestination({ prefix }))).toEqual([]);
    }
  });
});

describe('an impossible pair names both halves', () => {
  const pairs: readonly (readonly [
    string,
    Record<string, string>,
    Partial<StackLimits>,
    readonly string[],
  ])[] = [
    [
      'a fragment that the front end does not pass',
      { fragmentLimit: '1000001' },
      {},
      ['fragmentLimit', 'maxRequestBodyBytes'],
    ],
    [
      'an upload with more parts than S3 has',
      { maximumUploadSize: '49TiB' },
      { memoryBytes: 1e15 },
      ['maximumUploadSize', '10,000 parts of 5 GiB'],
    ],
    [
      'an upload whose parts do not fit the memory',
      { maximumUploadSize: '2TiB' },
      {},
      ['maximumUploadSize', 'fragmentLimit', 'memoryBytes'],
    ],
    [
      'more open bytes than a single file may have',
      { access: 'basic', openBytesPerPrincipal: '79GiB' },
      {},
      ['openBytesPerPrincipal', 'maximumUploadSize'],
    ],
    [
      'a key that nothing uses',
      { kmsKey: 'arn:aws:kms:eu-west-1:123456789012:key/1', encryption: 's3' },
      {},
      ['kmsKey', 'encryption: kms'],
    ],
    [
      'so few sessions that those which have ended are in the way',
      { access: 'basic', sessionsPerPrincipal: '9' },
      {},
      ['sessionsPerPrincipal', '10'],
    ],
    [
      'a memory that not even the smallest part fits',
      { maximumUploadSize: '1KB' },
      { memoryBytes: 4 * (8 * 1024 ** 2 + 1_000_000) - 1 },
      ['maximumUploadSize', 'memoryBytes'],
    ],
  ];
  it.each(pairs)('%s', (_, keys, changes, names) => {
    const problems = problemsOf(oneDestination(keys), changes);
    expect(problems).toHaveLength(1);
    for (const name of names) expect(problems[0]).toContain(name);
  });

  it('only from the first byte that does not fit', () => {
    const largest = (limits.memoryBytes / 8 - 1_000_000) * 10_000;
    expect(problemsOf(oneDestination({ maximumUploadSize: String(largest) }))).toEqual([]);
    expect(problemsOf(oneDestination({ maximumUploadSize: String(largest + 1) }))).toHaveLength(1);
    const least = { memoryBytes: 8 * (8 * 1024 ** 2 + 1_000_000) };
    expect(problemsOf(oneDestination({ maximumUploadSize: '1KB' }), least)).toEqual([]);
    const most = 10_000 * 5 * 1024 ** 3;
    expect(problemsOf(oneDestination({ maximumUploadSize: String(most) }), { memoryBytes: 1e15 })).toEqual(
      [],
    );
    expect(
      problemsOf(oneDestination({ maximumUploadSize: String(most + 1) }), { memoryBytes: 1e15 }),
    ).toHaveLength(1);
    expect(problemsOf(oneDestination({ fragmentLimit: '1MB', sessionTimeout: '60' }))).toEqual([]);
  });
});

describe('an unknown key', () => {
  it.each([
    ['fragmentLmit', ' (did you mean fragmentLimit?)'],
    ['FragmentLimit', ' (did you mean fragmentLimit?)'],
    ['BITSAllowOverwrites', ' (did you mean allowOverwrites?)'],
    ['keys', ' (did you mean key?)'],
    ['colour', ''],
    ['__proto__', ''],
    ['<<', ''],
  ])('%s stops with what may have been meant', (key, suggestion) => {
    expect(problemsOf(`${oneDestination()}    ${key}: 5\n`)).toEqual([
      `destinations[0].${key}: unknown key${suggestion}`,
    ]);
  });

  it('at the top of the file, too', () => {
    expect(problemsOf(`destination: 1\n${oneDestination()}`)).toEqual([
      'destination: unknown key (did you mean destinations?)',
    ]);
    expect(problemsOf('destination: 1\n')).toEqual([
      'destination: unknown key (did you mean destinations?)',
      'destinations: required: a list of destinations',
    ]);
  });
});

describe('a file', () => {
  const entry = (prefix: string): string => `  - {prefix: ${prefix}, maximumUploadSize: 1GB, access: none}\n`;

  it('is told all its problems at once', () => {
    const text = `destinations:
  - prefix: /a/
    maximumUploadSise: 1GB
    access: none
  - prefix: /b
    maximumUploadSize: 1GB
    enabled: "on"
    access: everyone
  - text
  - prefix: /a/
    maximumUploadSize: 1GB
    fragmentLimit: 9MB
    sessionTimeout: 1s
    colour: red
    access: none
`;
    expect(problemsOf(text).map((problem) => problem.replace(/: .*/, ''))).toEqual([
      'destinations[0].maximumUploadSise',
      'destinations[0].maximumUploadSize',
      'destinations[1].prefix',
      'destinations[1].enabled',
      'destinations[1].access',
      'destinations[2]',
      'destinations[3].colour',
      'destinations[3].fragmentLimit',
      'destinations[3].sessionTimeout',
      'destinations[3].prefix',
    ]);
  });

  it('has one destination for one prefix, and prefixes differ in letter case', () => {
    expect(problemsOf(`destinations:\n${entry('/a/')}${entry('/b/')}${entry('/a/')}`)).toEqual([
      'destinations[2].prefix: /a/ is the prefix of destinations[0] too',
    ]);
    expect(
      parse(`destinations:\n${entry('/a/')}${entry('/A/')}${entry('/a/a/')}`).map(({ prefix }) => prefix),
    ).toEqual(['/a/', '/A/', '/a/a/']);
  });

  it('writes no key twice', () => {
    expect(problemsOf(`${oneDestination()}    access: none\n    prefix: /b/\n`)).toEqual([
      'destinations[0].access: written a second time in line 5',
      'destinations[0].prefix: written a second time in line 6',
    ]);
    expect(problemsOf(`${oneDestination({ enabled: 'no' })}    enabled: maybe\n`)).toHaveLength(2);
    expect(problemsOf(`${oneDestination()}${oneDestination()}`)).toEqual([
      'destinations: written a second time in line 5',
    ]);
  });

  it.each([
    [
      'nothing',
      '',
      'must be a mapping with the key destinations, not nothing (give a value, or remove the line)',
    ],
    ['a text', 'hello', 'must be a mapping with the key destinations, not "hello"'],
    ['a list', '- a', 'must be a mapping with the key destinations, not a list'],
    ['no list', 'destinations: /a/', 'destinations: must be a list of destinations, not "/a/"'],
    ['an empty list', 'destinations: []', 'destinations: must have at least one destination'],
    ['a list of texts', 'destinations: [a]', 'destinations[0]: must be a mapping, not "a"'],
    ['itself', 'destinations: &a [*a]', 'destinations[0]: must be a mapping, not a list'],
  ])('that holds %s is refused', (_, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it.each([
    ['not YAML', 'destinations: [', /^line 1, column \d+: /],
    ['two documents', 'a: 1\n---\nb: 1\n', /^line 2, column 1: /],
    ['an unknown tag', 'destinations: !secret x', /^line 1, column 15: .*!secret/],
    ['an alias to nothing', 'destinations: *nothing', /nothing/],
    [
      'aliases that multiply',
      `a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n`,
      /alias/i,
    ],
  ])('that is %s is refused with a place', (_, text, pattern) => {
    expect(problemsOf(text)[0]).toMatch(pattern);
  });
});
