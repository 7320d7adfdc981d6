import { fragmentsOf, type Upload } from '../contenders/contender.ts';
import type { Payload } from '../contenders/payload.ts';
import { HttpConnection } from './http.ts';

/** An upload as a client of uploadx makes it: POST with the file's facts, then one PUT for every fragment. */
export const uploadxUpload =
  (url: string, payload: Payload): Upload =>
  async (file, onAck) => {
    const connection = new HttpConnection(url);
    try {
      const created = await connection.send(
        'POST',
        '/files',
        { 'content-type': 'application/json' },
        Buffer.from(JSON.stringify({ name: file.name, size: file.fileBytes })),
      );
      const { location } = created.headers;
      if (created.status !== 201 || location === undefined)
        throw new Error(`POST was answered ${created.status}`);
      const target = new URL(location, url);
      for (const { from, end } of fragmentsOf(file)) {
        const startedMs = performance.now();
        const { status, text } = await connection.send(
          'PUT',
          `${target.pathname}${target.search}`,
          {
            'content-type': 'application/octet-stream',
            // Without one it sends S3 an empty Content-MD5, which S3 refuses.
            'content-md5': payload.md5(end - from),
            'content-range': `bytes ${from}-${end - 1}/${file.fileBytes}`,
          },
          payload.bytes(end - from),
        );
        const expected = end === file.fileBytes ? 200 : 308;
        if (status !== expected) throw new Error(`PUT at ${from} was answered ${status}: ${text}`);
        onAck(performance.now() - startedMs);
      }
    } finally {
      connection.close();
    }
  };
