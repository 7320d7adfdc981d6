import type { PacketFields, PacketType } from '../support/bits-client/index.ts';
import type { HttpRequest, HttpResponse } from '../support/http/message.ts';
import type { Destination } from './destination.ts';
import type { Expectation } from './expectation.ts';
import type { Wire } from './wire.ts';

/** Byte k of every entity that the raw cases upload: `a` to `z`, again and again. */
export function entityBytes(first: number, last: number): Uint8Array {
  return Uint8Array.from({ length: last - first + 1 }, (_, at) => 0x61 + ((first + at) % 26));
}

/** First and last byte, both inclusive, and the total. */
export type Range = readonly [first: number, last: number, total: number];

/** How a session's packets get out; the case's context. */
export interface PacketChecker {
  request(destination: Destination, fields: Omit<PacketFields, 'target' | 'host'>): HttpRequest;
  /** Sends a request and fails the case unless the answer is the expected one. */
  expect(request: HttpRequest, expectation: Expectation, what?: string, wire?: Wire): Promise<HttpResponse>;
}

/** A session that a case has opened, and the packets it sends in it. */
export class TestSession {
  /** Set by the packets that end a session, so that the clean-up leaves it alone. */
  isEnded = false;
  readonly id: string;
  readonly destination: Destination;
  readonly #context: PacketChecker;

  constructor(context: PacketChecker, destination: Destination, id: string) {
    this.#context = context;
    this.destination = destination;
    this.id = id;
  }

  /** A packet of this session. */
  request(type: PacketType, fields: Partial<PacketFields> = {}): HttpRequest {
    return this.#context.request(this.destination, { type, sessionId: this.id, ...fields });
  }

  fragmentRequest([first, last, total]: Range, body = entityBytes(first, last)): HttpRequest {
    return this.request('Fragment', { range: { first, last, total }, body });
  }

  /** Sends a FRAGMENT of the entity and expects an answer. */
  fragment(range: Range, expectation: Expectation, wire?: Wire): Promise<HttpResponse> {
    const [first, last, total] = range;
    const what = `FRAGMENT ${first}-${last}/${total}`;
    return this.#context.expect(this.fragmentRequest(range), expectation, what, wire);
  }

  /** Sends a FRAGMENT with a Content-Range as it is. */
  fragmentAsIs(rangeText: string, body: Uint8Array, expectation: Expectation): Promise<HttpResponse> {
    const request = this.request('Fragment', { rangeText, body });
    return this.#context.expect(request, expectation, `FRAGMENT ${rangeText}`);
  }

  async close(expectation: Expectation, what = 'CLOSE-SESSION'): Promise<HttpResponse> {
    const response = await this.#context.expect(this.request('Close-Session'), expectation, what);
    this.isEnded = true;
    return response;
  }

  async cancel(expectation: Expectation, what = 'CANCEL-SESSION'): Promise<HttpResponse> {
    const response = await this.#context.expect(this.request('Cancel-Session'), expectation, what);
    this.isEnded = true;
    return response;
  }
}
