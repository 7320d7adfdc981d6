import { randomUUID } from 'node:crypto';
import { IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** The record of the table's stream for one change of an item, as far as a function reads it. */
export type StreamRecord = Readonly<Record<string, unknown>>;

type Fields = Record<string, unknown>;

/**
 * dynalite has no streams: this is what stands in for one. Every write of one item that the server carried out is told, with
 * the item as it was and as it is, before its answer leaves; a write whose condition failed is not. The old item is the
 * server's own word (`ReturnValues: ALL_OLD`, taken out of answers that did not ask for it), so two writers are told in the
 * order in which they were. UpdateItem and the batch calls pass unseen: the product makes none.
 * @param tell must not reject
 */
export function watchTable(
  server: Server,
  tableName: string,
  tell: (record: StreamRecord) => Promise<void>,
): void {
  const listeners = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const operation = /\.(PutItem|DeleteItem)$/.exec(String(request.headers['x-amz-target']))?.[1];
    if (operation === undefined) {
      for (const listener of listeners) listener.call(server, request, response);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('error', () => response.destroy());
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const call = parse(body);
      const isWatched = call?.['TableName'] === tableName;
      if (isWatched) tellBeforeAnswering(response, call, tell);
      const passedOn = isWatched ? Buffer.from(JSON.stringify({ ...call, ReturnValues: 'ALL_OLD' })) : body;
      const copy = copyOf(request, passedOn);
      for (const listener of listeners) listener.call(server, copy, response);
    });
  });
}

function tellBeforeAnswering(
  response: ServerResponse,
  call: Fields,
  tell: (record: StreamRecord) => Promise<void>,
): void {
  const end = response.end.bind(response);
  const answer = async (body: string) => {
    const result = response.statusCode === 200 ? parse(Buffer.from(body)) : undefined;
    if (result === undefined) {
      end(body);
      return;
    }
    const { Attributes: before, ...rest } = result;
    const record = recordOf(before, call['Item']);
    if (record !== undefined) await tell(record);
    const wanted = call['ReturnValues'] === 'ALL_OLD' ? result : rest;
    const text = JSON.stringify(wanted);
    response.removeHeader('x-amz-crc32');
    response.setHeader('Content-Length', Buffer.byteLength(text));
    end(text);
  };
  Object.defineProperty(response, 'end', {
    value: (body: unknown = '') => {
      void answer(String(body));
      return response;
    },
  });
}

/** `undefined` for a deletion of nothing. Images are in the API's own JSON, which spells bytes in base64 as a stream does. */
function recordOf(before: unknown, after: unknown): StreamRecord | undefined {
  if (before === undefined && after === undefined) return undefined;
  return {
    eventID: randomUUID(),
    eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
    eventSource: 'aws:dynamodb',
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
      ...(before === undefined ? {} : { OldImage: before }),
      ...(after === undefined ? {} : { NewImage: after }),
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  };
}

function parse(body: Buffer): Fields | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** The request once more, with another body. */
function copyOf(request: IncomingMessage, body: Buffer): IncomingMessage {
  const copy = new IncomingMessage(request.socket);
  copy.method = request.method ?? 'POST';
  copy.url = request.url ?? '/';
  copy.headers = { ...request.headers, 'content-length': String(body.length) };
  // Otherwise its end counts as one that broke off, and takes the connection with it.
  copy.complete = true;
  copy.push(body);
  copy.push(null);
  return copy;
}
