import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Answer, ApplicationError } from '../../lib/reply/application.ts';
import { closePacket, createPacket, withHeaders } from '../support/packets.ts';
import {
  bodyReply,
  expectAnswer,
  halfwayWith,
  replyApplication,
  replyAt,
  replyHarness,
} from './reply-harness.ts';
import { text } from './sessions.ts';
import { expectNothingLeft, objectText, sessionStates } from './state.ts';

const digest = createHash('sha256').update(text).digest('hex');

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
    // A refusal is the application's word on the upload. A path that was wrong raised no alarm either: 404 says so.
    const isWord = status === 403;
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
