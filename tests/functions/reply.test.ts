import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Answer, ApplicationError } from '../../lib/reply/application.ts';
import {
  cancelPacket,
  closePacket,
  createPacket,
  openSession,
  textFragment,
  withHeaders,
} from '../support/packets.ts';
import { SweepHarness } from '../support/sweep-harness.ts';
import { bodyReply, halfwayWith, replyApplication, replyAt, replyHarness } from './reply-harness.ts';
import { text } from './sessions.ts';
import { expectNothingLeft, objectText, sessionStates } from './state.ts';

const digest = createHash('sha256').update(text).digest('hex');
const written: Answer = { status: 200, publish: false, reply: { is: 'written' } };
const expectAnswer = (response: { status: number; headers: object }, status: number, error?: string) => {
  expect(response).toMatchObject({
    status,
    headers: { 'BITS-Received-Content-Range': '26', ...(error === undefined ? {} : { 'BITS-Error': error }) },
  });
  const context = error === undefined ? undefined : '0x7';
  expect(response.headers).toEqual(expect.objectContaining({ 'BITS-Packet-Type': 'Ack' }));
  expect(Object.entries(response.headers).find(([name]) => name === 'BITS-Error-Context')?.[1]).toBe(context);
};

describe('a destination with a reply application', () => {
  it('asks at the last fragment, of the whole file in holding, and names the reply in the Ack', async () => {
    const under = replyHarness();
    const { session, last } = await halfwayWith(under);
    expect(under.asked).toEqual([]);
    const ack = await under.harness.send(last);
    expectAnswer(ack, 200);
    expect(replyAt(under, ack.headers['BITS-Reply-URL'])).toBe(digest);
    expect(under.asked).toMatchObject([
      {
        sessionId: session.slice(1, -1),
        url: new URL('https://bits.example.test/drop/file.bin'),
        destination: '/drop/',
        principal: 'anonymous',
        upload: {
          bucket: 'staging',
          key: `holding/${session.slice(1, -1)}`,
          sizeBytes: 26,
          originalName: 'file.bin',
        },
        reply: { bucket: 'staging', maxBytes: 1_000_000 },
      },
    ]);
    expect(objectText(under.harness)).toBeUndefined();
  });

  it('names the same reply at every repetition, and asks no more', async () => {
    const under = replyHarness();
    const { session, last } = await halfwayWith(under);
    const first = await under.harness.send(last);
    const again = [await under.harness.send(last), await under.harness.anotherEnvironment().send(last)];
    for (const { headers } of again) expect(headers).toEqual(first.headers);
    expect(under.asked).toHaveLength(1);
    expect((await under.harness.send(closePacket(session))).status).toBe(200);
  });

  it.each([
    ['close-session', undefined],
    ['last-fragment', text],
  ] as const)('publishes a copy when it is asked to, at %s, and leaves nothing', async (publishOn, early) => {
    const under = replyHarness({ publishOn });
    const { session, last } = await halfwayWith(under);
    const ack = await under.harness.send(last);
    expect(objectText(under.harness)).toBe(early);
    expect(await under.harness.send(last)).toEqual(ack);
    expect(replyAt(under, ack.headers['BITS-Reply-URL'])).toBe(digest);
    expect((await under.harness.send(closePacket(session))).status).toBe(200);
    expect(objectText(under.harness)).toBe(text);
    expect(under.harness.objects.object('destination', 'file.bin')?.metadata).toMatchObject({
      sessionId: session.slice(1, -1),
      originalName: 'file.bin',
    });
    expectNothingLeft(under.harness);
    expect((await under.harness.send(closePacket(session))).status).toBe(200);
    expect(sessionStates(under.harness)).toEqual(['published']);
  });

  it.each(['close-session', 'last-fragment'] as const)(
    'publishes nothing without being asked to, at %s',
    async (publishOn) => {
      const under = replyHarness({ publishOn });
      under.script.push(bodyReply('kept'));
      const { session, last } = await halfwayWith(under);
      const ack = await under.harness.send(last);
      expect(replyAt(under, ack.headers['BITS-Reply-URL'])).toBe('kept');
      expect((await under.harness.send(closePacket(session))).status).toBe(200);
      expect(objectText(under.harness)).toBeUndefined();
      expectNothingLeft(under.harness);
      expect(sessionStates(under.harness)).toEqual(['answered']);
      expect((await under.harness.send(closePacket(session))).status).toBe(200);
      expect((await under.harness.send(last)).status).toBe(500);
    },
  );

  it('a CANCEL discards file and reply', async () => {
    const under = replyHarness();
    const { session, last } = await halfwayWith(under);
    await under.harness.send(last);
    expect((await under.harness.send(cancelPacket(session))).status).toBe(200);
    expect(objectText(under.harness)).toBeUndefined();
    expectNothingLeft(under.harness);
  });

  it('a CLOSE before any fragment is a bad request: the application would never hear of it', async () => {
    const under = replyHarness();
    const session = await openSession(under.harness);
    expect((await under.harness.send(closePacket(session))).status).toBe(400);
    expect(objectText(under.harness)).toBeUndefined();
    expectNothingLeft(under.harness);
  });

  it('an empty file is asked about too', async () => {
    const under = replyHarness();
    const session = await openSession(under.harness);
    const empty = textFragment(session, '', 0);
    const ack = await under.harness.send({
      ...empty,
      headers: { ...empty.headers, 'Content-Range': 'bytes 0-0/0' },
    });
    expect(replyAt(under, ack.headers['BITS-Reply-URL'])).toBe(createHash('sha256').update('').digest('hex'));
    expect((await under.harness.send(closePacket(session))).status).toBe(200);
    expect(objectText(under.harness)).toBe('');
    expectNothingLeft(under.harness);
  });

  it('a destination that lost its application meanwhile publishes as any other', async () => {
    const under = replyHarness();
    const { session, last } = await halfwayWith(under);
    under.harness.destinations = under.harness.destinations.map((one) => ({ ...one, reply: null }));
    const ack = await under.harness.send(last);
    expect(ack).toMatchObject({ status: 200 });
    expect(ack.headers).not.toHaveProperty('BITS-Reply-URL');
    expect((await under.harness.send(closePacket(session))).status).toBe(200);
    expect(objectText(under.harness)).toBe(text);
    expectNothingLeft(under.harness);
  });

  it('an application taken out of the configuration made a 500 of the file that it published at once', async () => {
    const under = replyHarness({ publishOn: 'last-fragment' });
    under.script.push({ status: 503 });
    const { session, last } = await halfwayWith(under);
    expect((await under.harness.send(last)).status).toBe(503);
    under.harness.destinations = under.harness.destinations.map((one) => ({ ...one, reply: null }));
    for (const ack of [await under.harness.send(last), await under.harness.send(last)]) {
      expect(ack).toMatchObject({ status: 200 });
      expect(ack.headers).not.toHaveProperty('BITS-Reply-URL');
    }
    expect(objectText(under.harness)).toBe(text);
    expect(sessionStates(under.harness)).toEqual(['complete']);
    expect((await under.harness.send(closePacket(session))).status).toBe(200);
    expectNothingLeft(under.harness);
    expect(sessionStates(under.harness)).toEqual(['published']);
  });
});

describe('where the reply is', () => {
  const put = (reply: string) => async (under: ReturnType<typeof replyHarness>) => {
    under.script.push(async (question) => {
      await under.harness.objects.putPiece(question.reply.key, Buffer.from(reply));
      return written;
    });
  };

  it('at the place that was offered', async () => {
    const under = replyHarness();
    await put('by reference')(under);
    const { last } = await halfwayWith(under);
    expect(replyAt(under, (await under.harness.send(last)).headers['BITS-Reply-URL'])).toBe('by reference');
  });

  it.each([
    ['wrote nothing', written],
    ['has none', { status: 200, publish: false, reply: { is: 'none' } } as const],
  ])('an empty one, where the application %s', async (_, answer) => {
    const under = replyHarness();
    under.script.push(answer);
    const { last } = await halfwayWith(under);
    expect(replyAt(under, (await under.harness.send(last)).headers['BITS-Reply-URL'])).toBe('');
  });

  it('at a URL of its own', async () => {
    const under = replyHarness();
    const url = 'https://app.example.test/r/1?a=b';
    under.script.push({ status: 200, publish: false, reply: { is: 'url', url } });
    const { last } = await halfwayWith(under);
    expect((await under.harness.send(last)).headers['BITS-Reply-URL']).toBe(url);
    expect((await under.harness.send(last)).headers['BITS-Reply-URL']).toBe(url);
  });

  it('in several parts, where it is long; too long a one is an invalid answer and is not kept', async () => {
    const under = replyHarness({}, { limits: { targetPartBytes: 5 * 2 ** 20 } });
    const long = 'x'.repeat(11 * 2 ** 20);
    const session = await openSession(under.harness);
    under.harness.destinations = under.harness.destinations.map((one) => ({
      ...one,
      reply: one.reply && { ...one.reply, maximumReplyBytes: long.length },
    }));
    under.script.push(bodyReply(long));
    const ack = await under.harness.send(textFragment(session, text, 0));
    expect(replyAt(under, ack.headers['BITS-Reply-URL'])).toHaveLength(long.length);

    const other = await openSession(under.harness, '/drop/other.bin');
    under.script.push(bodyReply(`${long}x`));
    expectAnswer(
      await under.harness.send(textFragment(other, text, 0, 26, '/drop/other.bin')),
      411,
      '0x80070057',
    );
    expect([...under.harness.objects.uploads.keys()]).toEqual([]);
  });
});

describe('an application that fails', () => {
  const wrong: [string, Answer | ApplicationError, number, string, boolean][] = [
    ['refuses', { status: 403 }, 403, '0x80190193', true],
    ['does not know the way', { status: 404 }, 404, '0x80190194', true],
    ['implements nothing', { status: 501 }, 501, '0x801901F5', true],
    ['is busy', { status: 503 }, 503, '0x801901F7', false],
    ['fails', { status: 500 }, 500, '0x801901F4', false],
    ['conflicts', { status: 409 }, 409, '0x80190199', false],
    ['redirects', { status: 302 }, 411, '0x80070057', true],
    ['answers with another success', { status: 204 }, 411, '0x80070057', true],
    ['asks the client for credentials', { status: 401 }, 411, '0x80070057', true],
    ['asks for smaller fragments', { status: 413 }, 411, '0x80070057', true],
    ['answers garbage', new ApplicationError('INVALID_ANSWER', 'x'), 411, '0x80070057', true],
    ['is not there', new ApplicationError('UNREACHABLE', 'x'), 503, '0x801901F7', false],
    ['may not be called', new ApplicationError('NOT_ALLOWED', 'x'), 503, '0x801901F7', false],
  ];
  it.each(wrong)('%s: the client is told, and it is asked again unless that is final', async (...row) => {
    const [, step, status, error, isFinal] = row;
    const under = replyHarness();
    under.script.push(step);
    const { session, last } = await halfwayWith(under);
    expectAnswer(await under.harness.send(last), status, error);
    // What is the application's word on the upload is nothing for a person to look at.
    const isWord = [403, 404, 409].includes(status);
    const alarms = under.harness.alarms.filter(({ what }) => what === 'a reply application failed');
    expect(alarms).toHaveLength(isWord ? 0 : 1);
    const again = await under.harness.send(last);
    if (isFinal) expectAnswer(again, status, error);
    else expect(replyAt(under, again.headers['BITS-Reply-URL'])).toBe(digest);
    expect(under.asked).toHaveLength(isFinal ? 1 : 2);
    expect(new Set(under.asked.map(({ reply }) => reply.key)).size).toBe(1);
    expect((await under.harness.send(closePacket(session))).status).toBe(isFinal ? status : 200);
    expect(objectText(under.harness)).toBe(isFinal ? undefined : text);
    // The session of a refusal is over; what else may be a mistake leaves the file to the session's end.
    if (!isFinal || status === 403) expectNothingLeft(under.harness);
    else expect(sessionStates(under.harness)).toEqual(['stored']);
  });

  it('why its secret could not be read was nowhere to be found: the alarm has the causes', async () => {
    const under = replyHarness();
    const cause = new Error('AccessDeniedException');
    under.script.push(new ApplicationError('NOT_ALLOWED', 'the secret cannot be read', { cause }));
    const { session, last } = await halfwayWith(under);
    await under.harness.send(last);
    expect(under.harness.alarms).toMatchObject([
      {
        what: 'a reply application failed',
        facts: { session: session.slice(1, -1), destination: '/drop/', error: { cause: { cause } } },
      },
    ]);
  });

  it('is out of time: 408, and a later answer comes to nothing', async () => {
    const under = replyHarness({}, { remainingMs: 8_050 });
    let late: (() => void) | undefined;
    under.script.push(async (_, signal) => {
      await new Promise<void>((resolve, reject) => {
        late = resolve;
        signal.addEventListener('abort', () => reject(signal.reason));
      });
      return bodyReply('late');
    });
    const { last } = await halfwayWith(under);
    expectAnswer(await under.harness.send(last), 408, '0x80070112');
    late?.();
    const again = await under.harness.send(last);
    expect(replyAt(under, again.headers['BITS-Reply-URL'])).toBe(digest);
  });
});

describe('a client that gets past its application', () => {
  const expectTransient = (answer: { status: number; headers: object }) =>
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'BITS-Error-Code': '0x801901F7', 'BITS-Error-Context': '0x7' },
    });

  it.each([
    ['is busy', { status: 503 } as const],
    ['is not there', new ApplicationError('UNREACHABLE', 'x')],
  ])('a CLOSE after an application that %s published the file: it is asked first', async (_, failure) => {
    const under = replyHarness();
    under.script.push(failure, { status: 403 });
    const { session, last } = await halfwayWith(under);
    expect((await under.harness.send(last)).status).toBe(503);
    expectTransient(await under.harness.send(closePacket(session)));
    expect(objectText(under.harness)).toBeUndefined();
    expect((await under.harness.send(last)).status).toBe(403);
    expect((await under.harness.send(closePacket(session))).status).toBe(403);
    expect(objectText(under.harness)).toBeUndefined();
    expectNothingLeft(under.harness);
  });

  it('a CLOSE beside the last fragment published what the application refuses', async () => {
    for (let ticks = 0; ticks < 40; ticks++) {
      const under = replyHarness();
      under.script.push({ status: 403 });
      const { session, last } = await halfwayWith(under);
      const answered = under.harness.send(last);
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
      await Promise.all([answered, under.harness.send(closePacket(session))]);
      expect(objectText(under.harness)).toBeUndefined();
    }
  });

  it.each([
    ['no-such-host.example', 403],
    ['bits.example.test:9443', 403],
    ['bits.example.test', 200],
    ['bits.example.test:8443', 200],
  ])('a CREATE for the host %s, which completes a relative URL, is answered %i', async (Host, status) => {
    const hosts = ['bits.example.test', 'bits.example.test:8443'];
    const under = replyHarness({ reply: { ...replyApplication, url: 'done', hosts } });
    expect((await under.harness.send(withHeaders(createPacket(), { Host }))).status).toBe(status);
  });
});

describe('the last fragment three times in parallel', () => {
  it('is one notification, and three times the same answer', async () => {
    const under = replyHarness();
    const environments = [
      under.harness,
      under.harness.anotherEnvironment(),
      under.harness.anotherEnvironment(),
    ];
    let answer: (() => void) | undefined;
    under.script.push(async () => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return bodyReply('once', true);
    });
    const { session, last } = await halfwayWith(under);
    // Waiting is what makes time pass here: it ends the lease only if nobody answers meanwhile.
    under.harness.services.wait = async () => {
      answer?.();
      await new Promise((resolve) => setImmediate(resolve));
    };
    for (const other of environments.slice(1)) other.services.wait = under.harness.services.wait;
    const acks = await Promise.all(environments.map((environment) => environment.send(last)));
    expect(acks.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(acks.map(({ headers }) => headers['BITS-Reply-URL'])).size).toBe(1);
    expect(under.asked).toHaveLength(1);
    expect((await under.harness.send(closePacket(session))).status).toBe(200);
    expectNothingLeft(under.harness);
  });
});

describe('the sweep', () => {
  const timeoutMs = 1_209_600_000;

  it('publishes after the grace what was answered so, keeps the reply, and drops it at the end', async () => {
    const under = replyHarness();
    const sweep = new SweepHarness(under.harness);
    const { last } = await halfwayWith(under);
    const url = (await under.harness.send(last)).headers['BITS-Reply-URL'];
    under.harness.nowMs += 3_601_000;
    await sweep.due();
    expect(objectText(under.harness)).toBe(text);
    expect(replyAt(under, url)).toBe(digest);
    expect((await under.harness.send(last)).headers['BITS-Reply-URL']).toBe(url);
    under.harness.nowMs += timeoutMs;
    await sweep.due();
    expectNothingLeft(under.harness);
    expect(sessionStates(under.harness)).toEqual(['published']);
  });

  it.each([
    ['keeps it', bodyReply('kept'), 'answered', undefined],
    ['refused it', { status: 403 } as const, 'refused', undefined],
    ['never answered', { status: 503 } as const, 'published', text],
    ['is not there', { status: 404 } as const, 'published', text],
  ])('ends at its end a session whose application %s', async (_, answer, outcome, object) => {
    const under = replyHarness();
    const sweep = new SweepHarness(under.harness);
    under.script.push(answer);
    const { last } = await halfwayWith(under);
    await under.harness.send(last);
    under.harness.nowMs += timeoutMs - 1_000;
    await sweep.due();
    expect(objectText(under.harness)).toBeUndefined();
    under.harness.nowMs += 2_000;
    await sweep.due();
    expect(sessionStates(under.harness)).toEqual([outcome]);
    expect(objectText(under.harness)).toBe(object);
    expectNothingLeft(under.harness);
    const alarms = under.harness.alarms.filter(({ what }) => what.startsWith('a file was published without'));
    expect(alarms).toHaveLength(object === undefined ? 0 : 1);
  });

  it('published at the very end what the application refused just then', async () => {
    const under = replyHarness();
    const { harness } = under;
    const sweep = new SweepHarness(harness);
    under.script.push({ status: 503 }, { status: 403 });
    const { last } = await halfwayWith(under);
    await harness.send(last);
    harness.nowMs += timeoutMs + 1_000;
    let told: number | undefined;
    harness.objects.hooks.before = async () => {
      harness.objects.hooks.before = undefined;
      told = (await harness.anotherEnvironment().send(last)).status;
    };
    await sweep.due();
    await sweep.due();
    expect(told).toBe(403);
    expect(sessionStates(harness)).toEqual(['refused']);
    expect(objectText(harness)).toBeUndefined();
    expectNothingLeft(harness);
  });

  it('takes no held file and no named reply for an orphan, and every other one', async () => {
    const under = replyHarness();
    const sweep = new SweepHarness(under.harness);
    const { last } = await halfwayWith(under);
    const url = (await under.harness.send(last)).headers['BITS-Reply-URL'];
    const [held] = under.asked;
    await under.harness.objects.putPiece(`${held?.reply.key}0`, Buffer.from('of a lost notification'));
    sweep.inventory.stamp(under.harness.nowMs);
    under.harness.nowMs += 3_601_000;
    await sweep.orphans();
    expect([...under.harness.objects.pieces.keys()].sort()).toEqual([
      held?.upload.key,
      `${url}`.replace(/^.*bits-replies/, 'replies'),
    ]);
  });
});

describe('what it costs', () => {
  it('while fragments come in: nothing; then a fixed number of calls', async () => {
    const under = replyHarness();
    const { sessions, objects } = under.harness;
    const callsOf = async (packet: Parameters<typeof under.harness.send>[0]) => {
      objects.hooks.reset();
      sessions.hooks.reset();
      expect((await under.harness.send(packet)).status).toBe(200);
      return { ...objects.hooks.made(), ...sessions.hooks.made() };
    };
    const session = await openSession(under.harness);
    await under.harness.send(textFragment(session, text, 0, 5));
    expect(await callsOf(textFragment(session, text, 5, 13))).toEqual({ putPiece: 1, write: 1 });
    const last = textFragment(session, text, 13);
    expect(await callsOf(last)).toEqual({
      // The last part, as ever, and the end of receiving.
      createUpload: 1,
      uploadPart: 1,
      // The lease and the result; the file complete in holding; the reply.
      write: 3,
      listParts: 1,
      completeUpload: 1,
      head: 3,
      putPiece: 1,
    });
    expect(await callsOf(last)).toEqual({ read: 1 });
    expect(await callsOf(closePacket(session))).toEqual({
      read: 1,
      // The copy's upload, the stamp, the end, and the end of the clean-up.
      write: 4,
      createUpload: 1,
      copyPart: 1,
      listParts: 4,
      completeUpload: 1,
      head: 4,
      listPieces: 2,
      deletePieces: 1,
    });
  });
});
