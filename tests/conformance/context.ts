import { basicAuthorization, type PacketFields, packetRequest } from '../support/bits-client/index.ts';
import type { Header, HttpRequest, HttpResponse } from '../support/http/message.ts';
import { headerValue } from '../support/http/message.ts';
import type { Destination } from './destination.ts';
import { created, differencesOf, type Expectation, isAllowedBare } from './expectation.ts';
import { ConformanceFailure, demand, failIf, NotRunError } from './failures.ts';
import { type ConformanceOptions, FLAGS, type Need } from './options.ts';
import { TestSession } from './test-session.ts';
import { Wire, type WireLog } from './wire.ts';

/** What a case works with: fresh destinations, wires, expectations that fail it. */
export class CaseContext {
  readonly options: ConformanceOptions;
  readonly log: WireLog = { transcript: [], violations: [], answers: 0 };
  readonly notes: string[] = [];
  #destinations = 0;
  #wire: Wire | undefined;
  readonly #wires: Wire[] = [];
  readonly #sessions: TestSession[] = [];
  readonly #caseName: string;

  /** `caseName` is part of every destination, so it must differ between cases and between runs. */
  constructor(options: ConformanceOptions, caseName: string) {
    this.options = options;
    this.#caseName = caseName;
  }

  /** A destination nobody has used, below `base` or the suite's URL. */
  destination(base: URL = this.options.url): Destination {
    const name = `${this.#caseName}-${++this.#destinations}.bin`;
    const url = new URL(base);
    url.pathname += name;
    return { url, target: `${url.pathname}${url.search}` };
  }

  /** The value of an option. Ends the case as not run when the suite was not told. */
  require<Name extends Need>(name: Name): NonNullable<ConformanceOptions[Name]> {
    const value = this.options[name];
    if (value === undefined || value === null) throw new NotRunError(`needs ${FLAGS[name]}`);
    return value;
  }

  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** The connection that packets of this case go over, one after the other. */
  get wire(): Wire {
    this.#wire ??= this.newWire();
    return this.#wire;
  }

  /** One more connection beside it. */
  newWire(): Wire {
    const wire = new Wire(this.options.url, this.log, this.options.answerTimeoutMs ?? 30_000);
    this.#wires.push(wire);
    return wire;
  }

  /** Several connected wires, for packets that have to arrive together. */
  async newWires(count: number): Promise<readonly Wire[]> {
    const wires = Array.from({ length: count }, () => this.newWire());
    await Promise.all(wires.map((wire) => wire.connect()));
    return wires;
  }

  /** The request of a packet, with the suite's credentials if it has any. */
  request(destination: Destination, fields: Omit<PacketFields, 'target' | 'host'>): HttpRequest {
    const { credentials } = this.options;
    const extraHeaders: Header[] =
      credentials === undefined ? [] : [['Authorization', basicAuthorization(credentials)]];
    return packetRequest({ extraHeaders, ...fields, target: destination.target, host: destination.url.host });
  }

  /** Sends a request and fails the case unless the answer is the expected one. */
  async expect(
    request: HttpRequest,
    expectation: Expectation,
    what = 'the answer',
    wire = this.wire,
  ): Promise<HttpResponse> {
    const response = await wire.exchange(request);
    this.check(request, response, expectation, what);
    return response;
  }

  /** Fails the case unless `response` is the expected answer to `request`. */
  check(request: HttpRequest, response: HttpResponse, expectation: Expectation, what = 'the answer'): void {
    failIf(differencesOf(expectation, request, response), what);
    if (isAllowedBare(expectation, response)) this.note(`a front end answered a bare ${response.status}`);
  }

  /** Creates a session; fails the case unless it can. The case's end cancels it. */
  async open(destination: Destination = this.destination(), wire = this.wire): Promise<TestSession> {
    const request = this.request(destination, { type: 'Create-Session' });
    const response = await this.expect(request, created, 'CREATE-SESSION', wire);
    return this.adopt(destination, headerValue(response.headers, 'BITS-Session-Id') ?? '');
  }

  /** A session that a raw exchange created; the case's end cancels it. */
  adopt(destination: Destination, id: string): TestSession {
    const session = new TestSession(this, destination, id);
    this.#sessions.push(session);
    return session;
  }

  /** Whether an object is at the destination, as CREATE tells: 403 means taken. Wants overwriting to be off. */
  async isTaken(destination: Destination): Promise<boolean> {
    const request = this.request(destination, { type: 'Create-Session' });
    const response = await this.wire.exchange(request);
    if (response.status === 403) return true;
    this.check(request, response, created, 'CREATE-SESSION to see whether the destination is free');
    const probe = new TestSession(this, destination, headerValue(response.headers, 'BITS-Session-Id') ?? '');
    await this.wire.exchange(probe.request('Cancel-Session'));
    return false;
  }

  /** Fails the case unless the object is there, with exactly these bytes where the suite can read it. */
  async expectObject(destination: Destination, bytes: Uint8Array): Promise<void> {
    demand(await this.isTaken(destination), `no object at ${destination.target}`);
    await this.expectBytes(destination, bytes);
  }

  /** Compares the object's bytes where the suite can read objects. */
  async expectBytes(destination: Destination, bytes: Uint8Array): Promise<void> {
    if (this.options.readObject === undefined) {
      this.note('content not compared: the suite cannot read objects here');
      return;
    }
    const stored = await this.options.readObject(destination.url);
    if (stored === undefined) throw new ConformanceFailure(`no object can be read at ${destination.target}`);
    demand(Buffer.from(stored).equals(bytes), `${destination.target} holds other bytes than were sent`);
  }

  async expectNoObject(destination: Destination): Promise<void> {
    demand(!(await this.isTaken(destination)), `there is an object at ${destination.target}`);
  }

  /** Cancels the sessions that the case left and closes its connections. Never fails the case. */
  async finish(): Promise<void> {
    const answers = this.log.answers;
    const transcriptLength = this.log.transcript.length;
    try {
      for (const session of this.#sessions) {
        if (!session.isEnded) await this.wire.exchange(session.request('Cancel-Session'));
      }
    } catch (error) {
      this.note(`clean-up failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    for (const wire of this.#wires) wire.close();
    // Cleaning up is no part of the proof.
    this.log.answers = answers;
    this.log.transcript.length = transcriptLength;
  }
}
