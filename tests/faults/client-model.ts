import type { TestResponse } from '../support/functions-harness.ts';
import { cancelPacket, closePacket, createPacket, fragmentPacket, pingPacket } from '../support/packets.ts';
import type { Job, Told } from './job.ts';
import type { Simulation, SweepTask } from './simulation.ts';
import { bareBadGateway, closeGraceSeconds, type Stage, sessionTimeoutSeconds } from './stage.ts';

const sessionNotFound = '0x8020001F';
const maxSessions = 4;
const maxTries = 60;

/**
 * A client as Windows is documented to behave, and worse: it repeats what was not answered, changes its fragment size,
 * overlaps, jumps ahead, sends duplicates while it goes on, loses answers, starts over in a new session, sleeps until the
 * sweep comes for its session, closes twice, closes early, closes instead of waiting for an application, cancels, cancels while it closes.
 */
export class ClientModel {
  readonly #simulation: Simulation;
  readonly #stage: Stage;
  readonly #job: Job;
  #tries = 0;

  constructor(simulation: Simulation, stage: Stage, job: Job) {
    this.#simulation = simulation;
    this.#stage = stage;
    this.#job = job;
  }

  async run(): Promise<void> {
    this.#job.told = await this.#upload();
    this.#simulation.note(`${this.#job.name} was told: ${this.#job.told}`);
    this.#simulation.count(`told ${this.#job.told}`);
  }

  async #upload(): Promise<Told> {
    const { random } = this.#simulation;
    let keptOffset = 0;
    while (this.#job.sessions.size < maxSessions && this.#tries < maxTries) {
      const session = await this.#create();
      if (session === 'refused' || session === 'gave-up') return session;
      if (random.chance(0.02)) return this.#cancel(session);
      if (random.chance(0.02)) return this.#close(session, true);
      const sent = await this.#send(session, random.chance(0.5) ? keptOffset : 0);
      if (sent === 'cancel') return this.#cancel(session);
      if (sent === 'close-early') return this.#close(session, true);
      if (sent === 'recreate') {
        keptOffset = this.#job.entity.byteLength > 0 ? random.int(this.#job.entity.byteLength) : 0;
        continue;
      }
      if (sent !== 'complete') return sent;
      if (random.chance(0.02)) return this.#cancel(session);
      // A CLOSE that never comes leaves the file to the sweep.
      if (random.chance(0.04)) return 'gave-up';
      if (random.chance(0.06)) await this.#sleepUntilSweep('due', closeGraceSeconds);
      if (random.chance(0.06)) return this.#closeAndCancel(session);
      return this.#close(session, false);
    }
    return 'gave-up';
  }

  async #create(): Promise<string> {
    for (;;) {
      const answer = await this.#exchange(createPacket(this.#job.path));
      if (answer === 'give-up') return 'gave-up';
      const id = answer.headers['BITS-Session-Id'];
      if (answer.status === 200 && typeof id === 'string') {
        this.#job.sessions.add(id);
        return id;
      }
      if (answer.status === 403) return 'refused';
      this.#simulation.fail(`CREATE was answered ${answer.status}`);
      return 'gave-up';
    }
  }

  async #send(
    session: string,
    start: number,
  ): Promise<'complete' | 'recreate' | 'cancel' | 'close-early' | Told> {
    const { random } = this.#simulation;
    const { entity, path } = this.#job;
    const total = entity.byteLength;
    const oneSize = random.chance(0.5)
      ? random.pick([700, 1_000, 1_024, 2_048, 4_096, 5_000, 9_000])
      : undefined;
    let offset = start;
    let isFirst = true;
    while (isFirst || offset < total) {
      isFirst = false;
      if (random.chance(0.004)) return 'cancel';
      if (random.chance(0.004)) return 'close-early';
      if (random.chance(0.004)) await this.#sleepUntilSweep('expire', sessionTimeoutSeconds);
      const from = Math.max(0, Math.min(total, offset + this.#stray()));
      const length = Math.min(oneSize ?? random.between(300, 10_000), total - from);
      if (total > 0 && length <= 0) {
        isFirst = true;
        continue;
      }
      const packet = this.#fragment(session, from, length, path);
      if (this.#simulation.random.chance(this.#simulation.plan.duplicate)) this.#stray2(packet);
      const answer = await this.#exchange(packet);
      if (answer === 'give-up') return 'gave-up';
      if (answer.status === 200 || answer.status === 416) {
        const told = Number(answer.headers['BITS-Received-Content-Range']);
        if (!Number.isSafeInteger(told) || told > total) {
          this.#simulation.fail(`a fragment was answered with offset ${told} of ${total}`);
        }
        offset = told;
        if (total === 0) return 'complete';
        continue;
      }
      if (answer.headers['BITS-Error-Code'] === sessionNotFound) return 'recreate';
      if (answer.status === 403) return 'refused';
      this.#simulation.fail(`a fragment was answered ${answer.status}`);
      return 'gave-up';
    }
    return 'complete';
  }

  #fragment(session: string, from: number, length: number, path: string) {
    const { entity } = this.#job;
    if (entity.byteLength > 0) {
      return fragmentPacket(session, from, entity.subarray(from, from + length), entity.byteLength, path);
    }
    const packet = fragmentPacket(session, 0, new Uint8Array(0), 0, path);
    return { ...packet, headers: { ...packet.headers, 'Content-Range': 'bytes 0-0/0' } };
  }

  /** How far from the acknowledged offset a fragment begins: mostly not at all. */
  #stray(): number {
    const { random } = this.#simulation;
    if (random.chance(0.05)) return -random.int(3_000);
    return random.chance(0.02) ? random.int(3_000) : 0;
  }

  /** A duplicate whose answer nobody reads. */
  #stray2(packet: Parameters<Stage['packet']>[0]): void {
    void this.#once(packet);
  }

  /** A client that does not wait for an application which is out of order, and closes what it has sent. */
  #strayClose({ headers }: Parameters<Stage['packet']>[0], answer: TestResponse | undefined): void {
    const session = headers?.['BITS-Session-Id'];
    if (answer?.headers['BITS-Error-Context'] !== '0x7' || session === undefined) return;
    if (this.#simulation.random.chance(0.1)) this.#stray2(closePacket(session, this.#job.path));
  }

  async #close(session: string, isEarly: boolean): Promise<Told> {
    const times = this.#simulation.random.chance(0.2) ? 2 : 1;
    let last: Told = 'gave-up';
    for (let time = 0; time < times; time++) {
      const packet = closePacket(session, this.#job.path);
      if (this.#simulation.random.chance(this.#simulation.plan.duplicate)) this.#stray2(packet);
      const answer = await this.#exchange(packet);
      if (answer === 'give-up') return last;
      const told = this.#closed(answer, isEarly);
      if (time > 0 && told !== last) this.#simulation.fail(`CLOSE was answered ${last}, then ${told}`);
      last = told;
    }
    return last;
  }

  #closed(answer: TestResponse, isEarly: boolean): Told {
    switch (answer.status) {
      case 200:
        return 'success';
      case 400:
        if (!isEarly && this.#job.entity.byteLength > 0)
          this.#simulation.fail('a complete file was closed with 400');
        return 'closed-early';
      case 403:
        return 'refused';
      case 404:
        return 'lost';
      default:
        // The session expired before the CLOSE came: the documented client stops here.
        if (answer.headers['BITS-Error-Code'] === sessionNotFound) return 'gave-up';
        this.#simulation.fail(`CLOSE was answered ${answer.status}`);
        return 'gave-up';
    }
  }

  async #cancel(session: string): Promise<Told> {
    const answer = await this.#exchange(cancelPacket(session, this.#job.path));
    if (answer === 'give-up') return 'gave-up';
    const isOver = answer.headers['BITS-Error-Code'] === sessionNotFound;
    if (answer.status !== 200 && !isOver) this.#simulation.fail(`CANCEL was answered ${answer.status}`);
    return 'cancelled';
  }

  /** Its user cancels while the CLOSE is under way. */
  async #closeAndCancel(session: string): Promise<Told> {
    const answers = [this.#close(session, false), this.#cancel(session)] as const;
    await Promise.all(answers);
    return 'either';
  }

  /** Sends a packet until it is answered by something that is not a fault. */
  async #exchange(packet: Parameters<Stage['packet']>[0]): Promise<TestResponse | 'give-up'> {
    for (;;) {
      const answer = await this.#once(packet);
      const isFault = answer === undefined || isTransient(answer);
      if (!isFault) return answer;
      this.#strayClose(packet, answer);
      if (++this.#tries > maxTries) return 'give-up';
      await this.#sleep(this.#simulation.random.pick([5, 500, 5_000, 40_000]));
      if (this.#simulation.random.chance(0.1)) await this.#once(pingPacket(this.#job.path));
    }
  }

  /** One try over a network that may lose the packet or its answer. */
  #once(packet: Parameters<Stage['packet']>[0]): Promise<TestResponse | undefined> {
    const simulation = this.#simulation;
    const what = `${this.#job.name} ${packet.headers?.['BITS-Packet-Type']} ${packet.headers?.['Content-Range'] ?? ''}`;
    return new Promise((resolve) => {
      simulation.deliver(`→ ${what}`, () => {
        if (simulation.fault('loseRequest')) {
          simulation.note('  lost');
          resolve(undefined);
          return;
        }
        this.#stage.packet(packet).then(
          (answer) => {
            checkHeaders(simulation, answer);
            if (simulation.fault('loseAck')) {
              simulation.note(`  Ack ${answer.status} lost`);
              resolve(undefined);
              return;
            }
            const told = answer.headers['BITS-Received-Content-Range'];
            simulation.deliver(`← ${what} ${answer.status} ${told ?? ''}`, () => resolve(answer));
          },
          (error: unknown) => simulation.fail(`a function threw: ${error}`),
        );
      });
    });
  }

  /** Comes back in the very moment at which its session is due, mostly: the sweep is on its way then. */
  async #sleepUntilSweep(task: SweepTask, seconds: number): Promise<void> {
    await this.#sleep(seconds * 1_000 + this.#simulation.random.pick([0, 1, 500]));
    this.#simulation.onSweep(task);
  }

  #sleep(durationMs: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, durationMs));
  }
}

/** A fault on the way, or an application behind the server that may do better the next time. */
const isTransient = ({ status, headers }: TestResponse): boolean =>
  status === 408 ||
  status === 502 ||
  status === 503 ||
  (status === 500 && headers['BITS-Error-Context'] === '0x7');

const checkHeaders = (simulation: Simulation, answer: TestResponse): void => {
  if (answer === bareBadGateway) return;
  const isAck = answer.headers['BITS-Packet-Type'] === 'Ack';
  const isText = Object.values(answer.headers).every((value) => typeof value === 'string');
  if (!isAck || !isText) simulation.fail(`an answer ${answer.status} without BITS headers`);
};
