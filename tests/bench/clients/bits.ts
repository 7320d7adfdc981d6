import { fragmentsOf, type Upload } from '../contenders/contender.ts';
import type { Payload } from '../contenders/payload.ts';
import { HttpConnection } from './http.ts';

const protocol = '{7df0354d-249b-430f-820d-3d2a9bef4931}';

/** A packet of the upload protocol, its body by length: every client sends the same bytes. */
export interface Packet {
  readonly type: 'Create-Session' | 'Fragment' | 'Close-Session';
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytes: number;
}

export type SendPacket = (packet: Packet) => Promise<{ readonly status: number; readonly sessionId: string }>;

/** An upload as Windows makes it: CREATE-SESSION, one FRAGMENT after the other, CLOSE-SESSION. Any other answer than 200 ends it. */
export const bitsUpload =
  (send: SendPacket): Upload =>
  async (file, onAck) => {
    const path = `/bench/${file.name}`;
    const perform = async (type: Packet['type'], headers: Record<string, string>, bodyBytes = 0) => {
      const answer = await send({
        type,
        path,
        bodyBytes,
        headers: { 'bits-packet-type': type, ...headers },
      });
      if (answer.status !== 200) throw new Error(`${type} of ${path} was answered ${answer.status}`);
      return answer;
    };
    const { sessionId } = await perform('Create-Session', { 'bits-supported-protocols': protocol });
    for (const { from, end } of fragmentsOf(file)) {
      const startedMs = performance.now();
      await perform(
        'Fragment',
        {
          'bits-session-id': sessionId,
          'content-name': file.name,
          'content-range': `bytes ${from}-${end - 1}/${file.fileBytes}`,
        },
        end - from,
      );
      onAck(performance.now() - startedMs);
    }
    await perform('Close-Session', { 'bits-session-id': sessionId });
  };

/** The same over HTTP, on one connection that is kept. */
export const bitsUploadOverHttp =
  (url: string, payload: Payload): Upload =>
  async (file, onAck) => {
    const connection = new HttpConnection(url);
    const upload = bitsUpload(async ({ path, headers, bodyBytes }) => {
      const answer = await connection.send('BITS_POST', path, headers, payload.bytes(bodyBytes));
      return { status: answer.status, sessionId: String(answer.headers['bits-session-id'] ?? '') };
    });
    try {
      await upload(file, onAck);
    } finally {
      connection.close();
    }
  };
