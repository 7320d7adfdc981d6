import { describe, expect, it } from 'vitest';
import { oneDestination, problemsOf } from './configuration-support.ts';

describe('a wrong value stops with its file, destination and key', () => {
  const wrong: readonly (readonly [key: string, value: string | undefined, problem: string])[] = [
    ['prefix', undefined, 'required: a URL path such as /uploads/'],
    ['prefix', '5', 'must be a URL path such as /uploads/, not 5'],
    ['prefix', 'uploads/', '"uploads/": a prefix starts and ends with /'],
    ['prefix', '/uploads', '"/uploads": a prefix starts and ends with /'],
    ['prefix', '//', '"//": a prefix has no empty segment'],
    ['prefix', '/a//b/', '"/a//b/": a prefix has no empty segment'],
    ['prefix', '/a/../b/', '"/a/../b/": a prefix has no dot segment'],
    ['prefix', '/a/%20b/', '"/a/%20b/": a prefix is written decoded, without percent escapes'],
    ['prefix', '/a/?b=/', '"/a/?b=/": a prefix is a path, without ? and #'],
    ['prefix', '/a\\b/', '"/a\\\\b/": a prefix has no backslash'],
    ['prefix', '"/a\\tb/"', '"/a\\tb/": a prefix has no control character'],
    ['prefix', '/bits-replies/', '"/bits-replies/": /bits-replies/ is where replies are fetched'],
    ['prefix', '/bits-replies/a/', '"/bits-replies/a/": /bits-replies/ is where replies are fetched'],
    [
      'bucket',
      'My-Bucket',
      '"My-Bucket": a bucket name has lower-case letters, digits, dots and hyphens only',
    ],
    [
      'bucket',
      '',
      "must be the name of a bucket (leave the key out for the stack's own), not nothing (give a value, or remove the line)",
    ],
    ['bucket', 'my-staging', 'my-staging is the staging bucket, which deletes what it holds'],
    ['key', '""', '"": is empty'],
    [
      'key',
      '"{yyyy}/{principal}"',
      '"{yyyy}/{principal}": cannot tell files apart: it needs {path}, {filename} or {sessionId}',
    ],
    ['key', '"{Path}/{filename}"', '"{Path}/{filename}": {Path} is not a placeholder (did you mean path?)'],
    ['key', '"{path"', '"{path": holds a brace without its partner'],
    ['key', '"/{path}"', '"/{path}": holds an empty segment: no / at either end, and never two in a row'],
    [
      'key',
      `${'k'.repeat(1023)}/{path}`,
      `"${'k'.repeat(76)}...: leaves no room for a file: a key has at most 1024 bytes`,
    ],
    ['key', '"a/../{path}"', '"a/../{path}": holds a . or .. segment'],
    ['key', '{path}', 'must be a key template such as "{path}", not a mapping'],
    [
      'maximumUploadSize',
      undefined,
      'required: a whole number of bytes, or one with B, KB, MB, GB, TB, KiB, MiB, GiB or TiB',
    ],
    [
      'maximumUploadSize',
      '80gb',
      'must be a whole number of bytes, or one with B, KB, MB, GB, TB, KiB, MiB, GiB or TiB, not "80gb"',
    ],
    [
      'maximumUploadSize',
      '1.5',
      'must be a whole number of bytes, or one with B, KB, MB, GB, TB, KiB, MiB, GiB or TiB, not 1.5',
    ],
    [
      'maximumUploadSize',
      '[1]',
      'must be a whole number of bytes, or one with B, KB, MB, GB, TB, KiB, MiB, GiB or TiB, not a list',
    ],
    ['maximumUploadSize', '0', '0 bytes would refuse every file'],
    ['fragmentLimit', '5119', '5,119 bytes is less than 5,120, below which no Windows client goes'],
    ['allowOverwrites', 'yes', 'must be true or false, not "yes"'],
    ['sessionsPerPrincipal', '"7"', 'must be a whole number, not "7"'],
    ['sessionsPerPrincipal', '1.5', 'must be a whole number, not 1.5'],
    ['sessionsPerPrincipal', '50', 'access: none tells nobody apart, so there is no principal to count for'],
    [
      'openBytesPerPrincipal',
      '100GiB',
      'access: none tells nobody apart, so there is no principal to count for',
    ],
    ['allowedNames', '"*.zip"', 'must be a list of file names such as ["*.zip", "*.log"], not "*.zip"'],
    ['deniedNames', '[]', 'must have at least one name'],
    ['closeGrace', '59', '59 seconds is not between 60 and 7,776,000, the life of a session'],
    [
      'storageClass',
      'standard',
      'must be STANDARD, INTELLIGENT_TIERING, STANDARD_IA, ONEZONE_IA, GLACIER_IR, GLACIER, DEEP_ARCHIVE, not "standard"',
    ],
    ['encryption', 'AES256', 'must be s3 or kms, not "AES256"'],
    [
      'kmsKey',
      'alias/uploads',
      '"alias/uploads": is no ARN of a KMS key (of the key itself: an alias may come to stand for another)',
    ],
    ['metadata', `{ a: ${'x'.repeat(512)} }`, 'has more than 512 bytes of names and values'],
    [
      'tags',
      `{ ${Array.from({ length: 11 }, (_, at) => `t${at}: a`).join(', ')} }`,
      'has more than the 10 tags of S3',
    ],
    ['sessionTimeout', '2w', 'must be a whole number of seconds, or one with s, m, h or d, not "2w"'],
    ['sessionTimeout', '59', '59 seconds is less than the minimum of 60'],
    [
      'sessionTimeout',
      '91d',
      '7,862,400 seconds is longer than any session lives: 90 days, 7,776,000 seconds',
    ],
    ['publishOn', 'close', 'must be close-session or last-fragment, not "close"'],
    ['enabled', '1', 'must be true or false, not 1'],
    [
      'access',
      undefined,
      'required: access: none lets everyone who reaches the URL upload, so it is asked for by name',
    ],
    ['access', 'password', 'must be none, mtls, ticket or basic, or a list of them, not "password"'],
    ['access', '[]', 'must have at least one kind; access: none for everyone'],
    ['access', '[basic, basic]', 'names a kind twice'],
    [
      'access',
      '[mtls, basic]',
      'mtls is a property of a listener, so it cannot be mixed with other kinds: give them a destination of their own',
    ],
    ['principalFrom', 'CN', 'names a part of a certificate: only with access: mtls'],
    ['principalFrom', '"C N"', '"C N": not the type of an attribute'],
    ['allow', '[]', 'must have at least one rule; leave it out to let everybody in who is known'],
    ['access', '[basic, none]', 'none lets everyone in, so it cannot be mixed with other kinds'],
  ];
  it.each(wrong)('%s: %s', (key, value, problem) => {
    expect(problemsOf(oneDestination({ [key]: value }))).toEqual([`destinations[0].${key}: ${problem}`]);
  });
});

describe('what is in one region', () => {
  it.each([
    ['kmsKey', { encryption: 'kms', kmsKey: 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd' }],
    [
      'reply.secret',
      {
        reply:
          '{ kind: http, url: "https://a.example/", secret: "secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf" }',
      },
    ],
  ])('%s: is refused for a deployment in another', (key, keys) => {
    const text = oneDestination(keys);
    expect(problemsOf(text, { region: 'us-east-1' })).toEqual([
      `destinations[0].${key}: is in eu-west-1, and the deployment in us-east-1, where the functions ask for it`,
    ]);
    // Nobody knows which region it is on a machine of one's own.
    for (const region of ['eu-west-1', undefined]) expect(problemsOf(text, { region })).toEqual([]);
  });
});

describe('the rules of allow', () => {
  it.each([
    ['{}', 'none', []],
    ['{principal: [alice]}', 'basic', ['allow[0].principal: unknown key (did you mean principals?)']],
    ['{principals: []}', 'basic', ['allow[0].principals: must not be empty: leave it out for any']],
    [
      '{paths: [/a]}',
      'basic',
      ['allow[0].paths[0]: "/a": a path is relative to the prefix, without / in front'],
    ],
    ['{paths: [a/]}', 'basic', ['allow[0].paths[0]: "a/": a path has no empty segment']],
    ['{paths: [a/../b]}', 'basic', ['allow[0].paths[0]: "a/../b": a path has no dot segment']],
    ['{paths: [a**]}', 'basic', ['allow[0].paths[0]: "a**": ** stands for whole segments: a/**, **/a.zip']],
    [
      '{paths: ["{user}/**"]}',
      'basic',
      ['allow[0].paths[0]: "{user}/**": the only placeholder of a path is {principal}'],
    ],
    ['{access: [ticket]}', 'basic', ['allow[0].access: ticket is no access of this destination']],
    ['{principals: [alice]}', 'none', ['allow[0]: with access: none nobody is told apart by name']],
    [
      '{principals: [alice, "k-*"], access: [basic], paths: ["{principal}/**", "*.zip"]}',
      '[basic, ticket]',
      [],
    ],
  ])('%s, access %s', (rule, access, problems) => {
    const text = oneDestination({ access, allow: `[${rule}]` });
    expect(problemsOf(text)).toEqual(problems.map((problem) => `destinations[0].${problem}`));
  });
});
