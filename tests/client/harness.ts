import {
  BitsUpload,
  type BitsUploadOptions,
  bufferSource,
  type ClientEvent,
  type Clock,
  type UploadResult,
} from '../support/bits-client/index.ts';
import { headerValue } from '../support/http/message.ts';
import type { FakeAnswer, FakeRequest, FakeResponse } from './fake-http.ts';
import { type FakeServer, type FakeServerOptions, startFakeServer } from './fake-server.ts';

/** The 26 letters, in most tests the file. */
export const ALPHABET = Buffer.from('abcdefghijklmnopqrstuvwxyz');

/** A clock that never waits: sleeping moves it. */
export class TestClock implements Clock {
  ms = 1_000_000;
  readonly sleeps: number[] = [];

  nowMs(): number {
    return this.ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleeps.push(ms);
    this.ms += ms;
  }
}

/** A fake server and one job against it, with everything that the job reported. */
export class Harness {
  readonly events: ClientEvent[] = [];
  readonly clock = new TestClock();
  readonly upload: BitsUpload;
  readonly server: FakeServer;

  private constructor(server: FakeServer, options: Partial<BitsUploadOptions>, path: string) {
    this.server = server;
    this.upload = new BitsUpload({
      source: bufferSource(ALPHABET),
      fragmentSizeBytes: 13,
      retryDelayMs: 600_000,
      clock: this.clock,
      ...options,
      url: new URL(path, server.url),
      onEvent: (event) => {
        this.events.push(event);
        options.onEvent?.(event);
      },
    });
  }

  static async start(
    options: Partial<BitsUploadOptions> = {},
    server: FakeServerOptions = {},
    path = '/uploads/alpha.txt',
  ): Promise<Harness> {
    return new Harness(await startFakeServer(server), options, path);
  }

  /** Another job against the same server. */
  another(options: Partial<BitsUploadOptions>, path = '/uploads/alpha.txt'): Harness {
    return new Harness(this.server, options, path);
  }

  run(signal?: AbortSignal): Promise<UploadResult> {
    return this.upload.run(signal);
  }

  /** The error that the run ends in. */
  async failure(): Promise<unknown> {
    try {
      await this.upload.run();
    } catch (error) {
      return error;
    }
    throw new Error('the upload succeeded');
  }

  /** Packets as the server saw them: `Fragment 0-12/26`. */
  get packets(): readonly string[] {
    return this.server.requests.map(describePacket);
  }

  object(path = '/uploads/alpha.txt'): string | undefined {
    return this.server.objects.get(path)?.toString('latin1');
  }
}

/** One request on one line. */
export function describePacket(request: FakeRequest): string {
  const type = headerValue(request.headers, 'BITS-Packet-Type') ?? request.method;
  const range = headerValue(request.headers, 'Content-Range') ?? headerValue(request.headers, 'Range');
  return range === undefined ? type : `${type} ${range.replace(/^bytes[ =]/, '')}`;
}

/** An answer as it stands, for interceptors. */
export function answer(status: number, headers: Readonly<Record<string, string>> = {}): FakeResponse {
  return {
    status,
    reason: 'Scripted',
    headers: [...Object.entries(headers), ['Content-Length', '0']],
  };
}

/** An Ack as it stands. */
export const ackAnswer = (status: number, headers: Readonly<Record<string, string>> = {}): FakeResponse =>
  answer(status, { 'BITS-Packet-Type': 'Ack', ...headers });

/** Answers the packets of one type with these, one after the other, then leaves them to the server. */
export function scripted(type: string, ...answers: readonly (FakeAnswer | undefined)[]) {
  let at = 0;
  return (request: FakeRequest): FakeAnswer | undefined =>
    headerValue(request.headers, 'BITS-Packet-Type') === type && at < answers.length
      ? answers[at++]
      : undefined;
}
