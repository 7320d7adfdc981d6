import { beforeEach, describe, expect, it } from 'vitest';
import { consoleLog } from '../../lib/lambda/log.ts';

const lines: { readonly stream: 'out' | 'error'; readonly text: string }[] = [];
const streams = {
  out: (text: string) => void lines.push({ stream: 'out', text }),
  error: (text: string) => void lines.push({ stream: 'error', text }),
};
const reported = (): Record<string, unknown>[] => lines.map(({ text }) => JSON.parse(text));

beforeEach(() => {
  lines.length = 0;
});

describe('the log of a function', () => {
  it('is one JSON line per packet, with what CloudWatch Logs Insights asks for', () => {
    consoleLog('bits-s3-prod-ping', 'INFO', streams).packet({ type: 'Ping', status: 200 });
    expect(lines).toEqual([{ stream: 'out', text: expect.stringMatching(/^\{[^\n]*\}\n$/) }]);
    expect(reported()).toEqual([
      {
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        level: 'INFO',
        service: 'bits-s3-prod-ping',
        message: 'packet',
        type: 'Ping',
        status: 200,
      },
    ]);
  });

  it('tells an alarm as an error, with the causes down to the first', () => {
    const missing = Object.assign(new TypeError('no such host'), { code: 'ENOTFOUND' });
    const refused = Object.assign(new Error('denied', { cause: missing }), {
      $metadata: { requestId: 'R1', httpStatusCode: 403 },
      $response: { body: 'not for a log' },
    });
    consoleLog('fragment', undefined, streams).alarm('fault', { session: 'S', error: refused });
    expect(lines[0]?.stream).toBe('error');
    expect(lines[0]?.text).not.toContain('not for a log');
    expect(reported()[0]).toMatchObject({
      level: 'ERROR',
      message: 'fault',
      session: 'S',
      error: {
        name: 'Error',
        message: 'denied',
        requestId: 'R1',
        stack: expect.arrayContaining([expect.stringMatching(/^at /)]),
        cause: { name: 'TypeError', message: 'no such host', code: 'ENOTFOUND' },
      },
    });
  });

  it('writes every line, also when it says the same as those before', () => {
    const log = consoleLog('ping', 'INFO', streams);
    for (let count = 0; count < 50; count++) log.packet({ type: 'Ping' });
    expect(lines).toHaveLength(50);
  });

  it('never throws: facts that JSON cannot hold are told as far as they can be', () => {
    const log = consoleLog('ping', 'INFO', streams);
    const ring: Record<string, unknown> = {};
    ring['itself'] = ring;
    const chain = new Error('again and again');
    chain.cause = chain;
    log.packet({ offset: 2n ** 60n });
    log.packet(ring);
    log.alarm('fault', { error: chain });
    expect(reported()).toMatchObject([
      { offset: '1152921504606846976' },
      { message: 'packet', unreportable: expect.stringContaining('circular') },
      { message: 'fault', error: { cause: { message: 'again and again' } } },
    ]);
  });

  it('does not let facts take the place of level, service or message', () => {
    consoleLog('ping', 'INFO', streams).packet({ level: 'FATAL', service: 'other', message: 'mine' });
    expect(reported()[0]).toMatchObject({ level: 'INFO', service: 'ping', message: 'packet' });
  });

  it.each([
    ['DEBUG', 2],
    ['info', 2],
    ['WARN', 1],
    ['ERROR', 1],
    ['SILENT', 0],
    ['nonsense', 2],
    [undefined, 2],
  ])('at level %s reports %i of a packet and an alarm', (level, count) => {
    const log = consoleLog('ping', level, streams);
    log.packet({});
    log.alarm('fault', {});
    expect(lines).toHaveLength(count);
  });
});
