import { describe, expect, it } from 'vitest';
import type { Question } from '../../lib/reply/application.ts';
import { lambdaApplication, maxInlineReplyBytes } from '../../lib/reply/lambda-application.ts';

const question: Question = {
  sessionId: '0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012',
  url: new URL('https://bits.example.test/drop/a.bin'),
  destination: '/drop/',
  principal: 'alice',
  upload: { bucket: 'staging', key: 'holding/0B5E', sizeBytes: 1, originalName: 'a.bin', crc32: 0xab },
  reply: { bucket: 'staging', key: 'replies/0B5E/00', maxBytes: 100 },
};
const application = lambdaApplication(
  {
    kind: 'lambda',
    function: 'arn:aws:lambda:eu-west-1:123456789012:function:f',
    timeoutSeconds: 1,
    maximumReplyBytes: 1,
  },
  async () => ({ payload: answer, isFunctionError: false }),
);
let answer = '';
const ask = (payload: unknown) => {
  answer = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return application(question, AbortSignal.timeout(1_000));
};

describe("a function's answer", () => {
  it.each([
    [{}, { status: 200, publish: false, reply: { is: 'none' } }],
    [{ publish: true }, { status: 200, publish: true, reply: { is: 'none' } }],
    [{ reply: { written: true } }, { reply: { is: 'written' } }],
    [{ reply: { url: 'https://a.test/r' } }, { reply: { is: 'url', url: 'https://a.test/r' } }],
    [{ reply: { text: '' } }, { reply: { is: 'body' } }],
    [{ reply: { body: 'AAEC' } }, { reply: { is: 'body' } }],
    [{ refuse: { status: 503 } }, { status: 503 }],
  ])('%j', async (payload, expected) => {
    expect(await ask(payload)).toMatchObject(expected);
  });

  it.each([
    'not JSON',
    'null',
    '[]',
    { body: 'AAEC' },
    { publish: 'yes' },
    { reply: {} },
    { reply: { written: false } },
    { reply: { text: 'a', written: true } },
    { reply: { body: 'A' } },
    { reply: { body: 'AA=C' } },
    { reply: { body: 7 } },
    { reply: { body: Buffer.alloc(maxInlineReplyBytes + 1).toString('base64') } },
    { reply: { url: 'ftp://a.test/r' } },
    { reply: { url: '/r' } },
    { reply: { url: 'https://a.test/ r' } },
    { reply: { url: 'https://a.test/%zz' } },
    { reply: { url: `https://a.test/${'r'.repeat(2_200)}` } },
    { refuse: { status: 200 } },
    { refuse: { status: '403' } },
    { refuse: { status: 403 }, publish: true },
    { refuse: 403 },
  ])('%.60j is invalid', async (payload) => {
    await expect(ask(payload)).rejects.toMatchObject({ code: 'INVALID_ANSWER' });
  });
});
