import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { ResolvedDestination } from '../../lib/access/destination.ts';
import type { HttpApplication } from '../../lib/access/reply-application.ts';
import type { Answer, Question } from '../../lib/reply/application.ts';
import { type HarnessOptions, memoryHarness } from '../support/functions-harness.ts';
import type { MemoryObjectStore } from '../support/memory-object-store.ts';
import type { MemorySessionStore } from '../support/memory-session-store.ts';
import { openSession, textFragment } from '../support/packets.ts';
import { text } from './sessions.ts';

export const replyApplication: HttpApplication = {
  kind: 'http',
  url: 'https://app.example.test/',
  mode: 'by-reference',
  hosts: [],
  privateHosts: [],
  secret: null,
  timeoutSeconds: 20,
  maximumReplyBytes: 1_000_000,
};

type Step = Answer | Error | ((question: Question, signal: AbortSignal) => Answer | Promise<Answer>);

export const bodyReply = (body: string, publish = false): Answer => ({
  status: 200,
  publish,
  reply: {
    is: 'body',
    body: (async function* () {
      yield Buffer.from(body);
    })(),
  },
});

/** A destination with an application that plays a script, and answers with the file's SHA-256 behind its end. */
export const replyHarness = (
  destination: Partial<ResolvedDestination> = {},
  options: Partial<HarnessOptions<MemorySessionStore, MemoryObjectStore>> = {},
) => {
  const asked: Question[] = [];
  const script: Step[] = [];
  const harness = memoryHarness({
    ...options,
    destination: { reply: replyApplication, ...destination },
    applications: () => async (question, signal) => {
      asked.push(question);
      const step = script.shift() ?? digest;
      if (step instanceof Error) throw step;
      return typeof step === 'function' ? step(question, signal) : step;
    },
  });
  const digest = (question: Question): Answer => {
    const held = harness.objects.object(question.upload.bucket, question.upload.key)?.body ?? '';
    return bodyReply(createHash('sha256').update(held).digest('hex'), true);
  };
  return { harness, asked, script };
};

export type ReplyHarness = ReturnType<typeof replyHarness>;

/** A session half of whose file is acknowledged, and the fragment that completes it. */
export const halfwayWith = async ({ harness }: ReplyHarness) => {
  const session = await openSession(harness);
  await harness.send(textFragment(session, text, 0, 13));
  return { session, last: textFragment(session, text, 13) };
};

/** The reply that a URL names, as it lies in staging. */
export const replyAt = ({ harness }: ReplyHarness, url: unknown): string | undefined => {
  const [, session, token] =
    /^https:\/\/bits\.example\.test\/bits-replies\/([^/]+)\/([^/]+)$/.exec(`${url}`) ?? [];
  return harness.objects.pieces.get(`replies/${session}/${token}`)?.toString();
};

/** A last fragment's answer: of the application, where it is not 200. */
export const expectAnswer = (
  response: { status: number; headers: object },
  status: number,
  error?: string,
) => {
  expect(response).toMatchObject({
    status,
    headers: { 'BITS-Received-Content-Range': '26', ...(error === undefined ? {} : { 'BITS-Error': error }) },
  });
  const context = error === undefined ? undefined : '0x7';
  expect(response.headers).toEqual(expect.objectContaining({ 'BITS-Packet-Type': 'Ack' }));
  expect(Object.entries(response.headers).find(([name]) => name === 'BITS-Error-Context')?.[1]).toBe(context);
};
