import { describe, expect, it } from 'vitest';
import { parseDestinations } from '../../infra/config/load.ts';
import { limits, problemsOf } from './configuration-support.ts';

const fileWith = (reply: string) =>
  `destinations: [{prefix: /a/, maximumUploadSize: 1MB, access: none, reply: ${reply}}]`;

const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:line-count';

describe('a reply application', () => {
  const right: readonly (readonly [reply: string, application: object])[] = [
    [
      `{kind: lambda, function: '${arn}:live'}`,
      { kind: 'lambda', function: `${arn}:live`, timeoutSeconds: 200, maximumReplyBytes: 104_857_600 },
    ],
    [
      '{kind: http, url: "https://app.example.com/done?a=b", timeout: 2m, maximumReplySize: 5MB}',
      {
        kind: 'http',
        url: 'https://app.example.com/done?a=b',
        mode: 'by-reference',
        hosts: [],
        privateHosts: [],
        secret: null,
        timeoutSeconds: 120,
        maximumReplyBytes: 5_000_000,
      },
    ],
    [
      '{kind: http, url: done, mode: by-value, hosts: [bits.example.com], secret: "ssm:/bits/app"}',
      { mode: 'by-value', hosts: ['bits.example.com'], secret: 'ssm:/bits/app' },
    ],
    ['{kind: http, url: done, hosts: ["a.test:8443"]}', { hosts: ['a.test:8443'] }],
    ['{kind: http, url: "http://127.0.0.1:8/x", privateHosts: [127.0.0.1]}', { privateHosts: ['127.0.0.1'] }],
    [
      '{kind: http, url: "https://[fd00::1]/x", privateHosts: ["[fd00::1]"]}',
      { privateHosts: ['[fd00::1]'] },
    ],
    [
      '{kind: http, url: x, hosts: ["10.0.0.1:8443"], privateHosts: [10.0.0.1]}',
      { hosts: ['10.0.0.1:8443'] },
    ],
    ['{kind: http, url: "https://8.8.8.8/x"}', { url: 'https://8.8.8.8/x' }],
  ];
  it.each(right)('%s', (reply, application) => {
    const [destination] = parseDestinations(fileWith(reply), 'file', limits);
    expect(destination?.reply).toMatchObject(application);
  });

  const wrong: readonly (readonly [reply: string, key: string, problem: string])[] = [
    ['none', '', 'must be a mapping with kind: lambda or kind: http, not "none"'],
    ['{}', '.kind', 'required: lambda or http'],
    ['{kind: sqs}', '.kind', 'must be lambda or http, not "sqs"'],
    ['{kind: lambda}', '.function', 'required with kind: lambda'],
    ['{kind: lambda, function: line-count}', '.function', 'not the ARN of a function'],
    [`{kind: lambda, function: '${arn}', mode: by-value}`, '.mode', 'only with kind: http'],
    ['{kind: http}', '.url', 'required with kind: http'],
    [`{kind: http, url: "https://a.test/", function: '${arn}'}`, '.function', 'only with kind: lambda'],
    ['{kind: http, url: "http://app.example.com/"}', '.url', 'must begin with https://, unless privateHosts'],
    ['{kind: http, url: "ftp://app.example.com/"}', '.url', 'must begin with https://'],
    ['{kind: http, url: "//app.example.com/"}', '.url', 'a URL without a scheme'],
    ['{kind: http, url: "https://u:p@app.example.com/"}', '.url', 'credentials belong into secret'],
    ['{kind: http, url: "https://a.test/#x"}', '.url', 'no fragment identifier'],
    [`{kind: http, url: "https://a.test/${'x'.repeat(2_200)}"}`, '.url', 'longer than 2,200 characters'],
    ['{kind: http, url: done}', '.hosts', 'required with a relative url'],
    ['{kind: http, url: "https://a.test/", hosts: [a.test]}', '.hosts', 'only with a relative url'],
    ['{kind: http, url: done, hosts: ["a.test:443"]}', '.hosts[0]', 'not a host name'],
    [
      '{kind: http, url: "https://a.test/", privateHosts: ["a.test:8"]}',
      '.privateHosts[0]',
      'without a port',
    ],
    ['{kind: http, url: "https://a.test/", secret: abc}', '.secret', 'not secretsmanager:ARN'],
    [
      '{kind: http, url: "https://a.test/", secret: "secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:a"}',
      '.secret',
      'not the whole ARN of a secret',
    ],
    ['{kind: http, url: "https://a.test/", timeout: 4m}', '.timeout', 'must be from 1 to 220 seconds'],
    ['{kind: http, url: "https://a.test/", maximumReplySize: 6GB}', '.maximumReplySize', 'more than'],
    ['{kind: http, url: "https://a.test/", tiemout: 4}', '.tiemout', 'unknown key (did you mean timeout?)'],
  ];
  it.each(wrong)('%s is refused', (reply, key, problem) => {
    expect(problemsOf(fileWith(reply))).toContainEqual(
      expect.stringContaining(`destinations[0].reply${key}: `),
    );
    expect(problemsOf(fileWith(reply)).join('\n')).toContain(problem);
  });

  it.each([
    ['{kind: http, url: "https://10.0.0.1/x"}', '.url: 10.0.0.1'],
    ['{kind: http, url: "https://169.254.169.254/"}', '.url: 169.254.169.254'],
    ['{kind: http, url: "https://127.1/", privateHosts: [10.0.0.1]}', '.url: 127.0.0.1'],
    ['{kind: http, url: "https://[::1]/x"}', '.url: [::1]'],
    ['{kind: http, url: done, hosts: [a.test, "10.0.0.1:8443"]}', '.hosts[1]: 10.0.0.1'],
  ])('%s, which no upload could ever reach, was packaged', (reply, problem) => {
    expect(problemsOf(fileWith(reply))).toEqual([
      `destinations[0].reply${problem} is no address of the public internet, and is called only where privateHosts names it`,
    ]);
  });
});

it('a session shorter than an answer takes gave out a reply that was gone already', () => {
  const file = (timeout: string) =>
    fileWith(`{kind: http, url: "https://a.test/"}, sessionTimeout: ${timeout}`);
  expect(problemsOf(file('59m')).join()).toMatch(/sessionTimeout: is less than an hour: a reply is kept/);
  expect(parseDestinations(file('1h'), 'file', limits)[0]?.sessionTimeoutSeconds).toBe(3_600);
});
