import { fragmentsOf, type Upload } from '../contenders/contender.ts';
import type { Payload } from '../contenders/payload.ts';
import { HttpConnection } from './http.ts';

const version = { 'tus-resumable': '1.0.0' };

/** An upload as a client of tus makes it: POST, then one PATCH for every fragment. */
export const tusUpload =
  (url: string, payload: Payload): Upload =>
  async (file, onAck) => {
    const connection = new HttpConnection(url);
    try {
      const filename = Buffer.from(file.name).toString('base64');
      const created = await connection.send(
        'POST',
        '/files',
        { ...version, 'upload-length': `${file.fileBytes}`, 'upload-metadata': `filename ${filename}` },
        payload.bytes(0),
      );
      const { location } = created.headers;
      if (created.status !== 201 || location === undefined)
        throw new Error(`POST was answered ${created.status}`);
      const path = new URL(location, url).pathname;
      for (const { from, end } of fragmentsOf(file)) {
        const startedMs = performance.now();
        const { status, text } = await connection.send(
          'PATCH',
          path,
          { ...version, 'upload-offset': `${from}`, 'content-type': 'application/offset+octet-stream' },
          payload.bytes(end - from),
        );
        if (status !== 204) throw new Error(`PATCH at ${from} was answered ${status}: ${text}`);
        onAck(performance.now() - startedMs);
      }
    } finally {
      connection.close();
    }
  };
