import type { FunctionsHarness, TestRequest, TestResponse } from './functions-harness.ts';

const protocol = '{7df0354d-249b-430f-820d-3d2a9bef4931}';

export const pingPacket = (path?: string): TestRequest => packet('Ping', path, {});

export const createPacket = (path?: string): TestRequest =>
  packet('Create-Session', path, { 'BITS-Supported-Protocols': protocol });

export const closePacket = (session: string, path?: string): TestRequest =>
  packet('Close-Session', path, { 'BITS-Session-Id': session });

export const cancelPacket = (session: string, path?: string): TestRequest =>
  packet('Cancel-Session', path, { 'BITS-Session-Id': session });

/** Bytes `[first, first + body.byteLength)` of an entity of `total` bytes. */
export const fragmentPacket = (
  session: string,
  first: number,
  body: Uint8Array,
  total: number,
  path?: string,
): TestRequest => ({
  ...packet('Fragment', path, {
    'BITS-Session-Id': session,
    'Content-Range': `bytes ${first}-${first + body.byteLength - 1}/${total}`,
    'Content-Name': 'file.bin',
  }),
  body,
});

const packet = (type: string, path: string | undefined, headers: Record<string, string>): TestRequest => ({
  ...(path === undefined ? {} : { path }),
  headers: { 'BITS-Packet-Type': type, ...headers },
});

interface Sender {
  send: FunctionsHarness<never, never>['send'];
}

/** Creates a session and returns its id in braces. */
export const openSession = async (harness: Sender, path?: string): Promise<string> => {
  const response = await harness.send(createPacket(path));
  const id = response.headers['BITS-Session-Id'];
  if (response.status !== 200 || typeof id !== 'string')
    throw new Error(`CREATE was answered ${response.status}`);
  return id;
};

/** Sends a whole entity in fragments of one size; returns the last answer. */
export const sendAll = async (
  harness: Sender,
  session: string,
  entity: Uint8Array,
  fragmentBytes: number,
  path?: string,
): Promise<TestResponse> => {
  let last: TestResponse | undefined;
  for (let at = 0; at < entity.byteLength; at += fragmentBytes) {
    const body = entity.subarray(at, at + fragmentBytes);
    last = await harness.send(fragmentPacket(session, at, body, entity.byteLength, path));
    if (last.status !== 200) return last;
  }
  if (last === undefined) throw new Error('an empty entity has no fragment');
  return last;
};

/** The packet with other headers; `undefined` takes one out. */
export const withHeaders = (
  request: TestRequest,
  headers: Readonly<Record<string, string | undefined>>,
): TestRequest => ({ ...request, headers: { ...request.headers, ...headers } });

/** A fragment of a text, `[first, end)`: what most tests send. */
export const textFragment = (
  session: string,
  text: string,
  first: number,
  end: number = text.length,
  path?: string,
): TestRequest => fragmentPacket(session, first, Buffer.from(text.slice(first, end)), text.length, path);
