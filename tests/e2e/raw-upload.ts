import { request } from 'node:http';
import { expect } from 'vitest';

const protocol = '{7df0354d-249b-430f-820d-3d2a9bef4931}';
const fragmentBytes = 1_000_000;

export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string;
}

const packet = (
  url: string,
  type: string,
  headers: Record<string, string>,
  body: Uint8Array = new Uint8Array(0),
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: 'BITS_POST',
      headers: { 'BITS-Packet-Type': type, 'Content-Length': body.byteLength, ...headers },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      incoming.resume();
      resolve({
        status: incoming.statusCode ?? 0,
        header: (name) => `${incoming.headers[name.toLowerCase()] ?? ''}`,
      });
    });
    outgoing.end(body);
  });

export const createSession = (url: string): Promise<Answer> =>
  packet(url, 'Create-Session', { 'BITS-Supported-Protocols': protocol });

/** Uploads all but the end of a file; `last` sends the rest, as often as it is called. */
export const beginUpload = async (url: string, file: Uint8Array) => {
  const created = await createSession(url);
  const session = created.header('BITS-Session-Id');
  const fragment = (first: number) => {
    const body = file.subarray(first, first + fragmentBytes);
    const range = `bytes ${first}-${first + body.byteLength - 1}/${file.byteLength}`;
    return packet(url, 'Fragment', { 'BITS-Session-Id': session, 'Content-Range': range }, body);
  };
  const lastFirst = Math.floor((file.byteLength - 1) / fragmentBytes) * fragmentBytes;
  for (let first = 0; first < lastFirst; first += fragmentBytes) {
    expect((await fragment(first)).status).toBe(200);
  }
  return {
    session: session.slice(1, -1),
    last: () => fragment(lastFirst),
    end: (type: 'Close-Session' | 'Cancel-Session' = 'Close-Session') =>
      packet(url, type, { 'BITS-Session-Id': session }),
  };
};
