import { request } from 'node:http';

export interface Ack {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Sends one packet with Node's own client; `headers` go on top of what every packet has. Host is always the same name:
 * a session belongs to a URL, and a stack that starts again has other ports.
 */
export function sendPacket(
  url: string,
  type: string,
  headers: Readonly<Record<string, string>> = {},
  body: Buffer = Buffer.alloc(0),
): Promise<Ack> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'BITS_POST',
        agent: false,
        headers: {
          Host: 'bits.test',
          'BITS-Packet-Type': type,
          'Content-Length': String(body.length),
          ...headers,
        },
      },
      (response) => {
        response.resume();
        response.on('end', () => {
          const pairs = Object.entries(response.headers).map(
            ([name, value]) => [name, String(value)] as const,
          );
          resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(pairs) });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const PROTOCOL = '{7df0354d-249b-430f-820d-3d2a9bef4931}';

/** CREATE-SESSION; the new session's id. */
export async function createSession(url: string): Promise<string> {
  const ack = await sendPacket(url, 'Create-Session', { 'BITS-Supported-Protocols': PROTOCOL });
  const id = ack.headers['bits-session-id'];
  if (ack.status !== 200 || id === undefined) throw new Error(`no session: ${JSON.stringify(ack)}`);
  return id;
}

/** FRAGMENT with the bytes `first` … of `file`, `length` of them. */
export function sendFragment(
  url: string,
  session: string,
  file: Buffer,
  first: number,
  length: number,
): Promise<Ack> {
  const bytes = file.subarray(first, first + length);
  const range = `bytes ${first}-${first + bytes.length - 1}/${file.length}`;
  return sendPacket(url, 'Fragment', { 'BITS-Session-Id': session, 'Content-Range': range }, bytes);
}
