import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../lib/reply/application.ts';
import { cancelPacket, closePacket, openSession, textFragment } from '../support/packets.ts';
import { bodyReply, expectAnswer, halfwayWith, replyAt, replyHarness } from './reply-harness.ts';
import { text } from './sessions.ts';
import { expectNothingLeft, objectText, sessionStates } from './state.ts';

const digest = createHash('sha256').update(text).digest('hex');
const written: Answer = { status: 200, publish: false, reply: { is: 'written' } };

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
