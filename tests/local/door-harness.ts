import { onTestFinished } from 'vitest';
import {
  type AccessRecord,
  type AlbEvent,
  type FrontDoor,
  type FrontDoorOptions,
  type ListenerRule,
  startFrontDoor,
} from '../../infra/local/alb/front-door.ts';
import { RawClient } from './raw-client.ts';

/** Every BITS_POST goes to `echo`; GET and POST too, so that body and event rules can be seen with any method. */
export const ECHO_RULES: readonly ListenerRule[] = [
  { priority: 1, methods: [], headers: [], functionName: 'echo' },
];

export interface Harness {
  readonly door: FrontDoor;
  /** Every event that reached a function, in order. */
  readonly events: { readonly functionName: string; readonly event: AlbEvent }[];
  readonly records: AccessRecord[];
  open(): Promise<RawClient>;
}

/** A front door whose functions answer 200 with an empty body; all of it is closed after the test. */
export async function openDoor(options: Partial<FrontDoorOptions> = {}): Promise<Harness> {
  const events: { functionName: string; event: AlbEvent }[] = [];
  const records: AccessRecord[] = [];
  const answer = options.invoke ?? (async () => ({ statusCode: 200, headers: {}, body: '' }));
  const door = await startFrontDoor({
    host: '127.0.0.1',
    port: 0,
    rules: ECHO_RULES,
    ...options,
    onAnswer: (record) => records.push(record),
    invoke: (functionName, event) => {
      events.push({ functionName, event });
      return answer(functionName, event);
    },
  });
  onTestFinished(() => door.close({ graceMs: 0 }));
  return {
    door,
    events,
    records,
    async open() {
      const client = await RawClient.open(door.port);
      onTestFinished(() => client.close());
      return client;
    },
  };
}

/** A BITS_POST as bytes; `headers` are lines without their CRLF. */
export function bitsPost(
  headers: readonly string[],
  body: string | Buffer = '',
  target = '/u/f.bin',
): Buffer {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body, 'latin1');
  const lines = [`BITS_POST ${target} HTTP/1.1`, 'Host: bits.test', ...headers];
  return Buffer.concat([
    Buffer.from(`${lines.join('\r\n')}\r\nContent-Length: ${bytes.length}\r\n\r\n`, 'latin1'),
    bytes,
  ]);
}
