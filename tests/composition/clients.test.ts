import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from 'vitest';
import { dynamoDBClient, s3Client } from '../../lib/composition/clients.ts';
import { wholeObject } from '../../lib/upload/whole-object.ts';

const servers = new Set<Server>();

afterAll(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
});

/** A service that answers the n-th request (from 1) so, and the clients of the functions for it. */
const serve = async (
  answer: (nth: number, ...exchange: Parameters<RequestListener>) => unknown,
  onConnection: (socket: Socket) => void = () => {},
) => {
  const seen = { requests: 0, connections: 0, expectations: 0 };
  const server = createServer((request, response) => {
    request.resume().on('end', () => answer(++seen.requests, request, response));
  });
  server.on('connection', (socket) => {
    seen.connections++;
    onConnection(socket);
  });
  server.on('checkContinue', (request, response) => {
    seen.expectations++;
    response.writeContinue();
    server.emit('request', request, response);
  });
  servers.add(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const endpoint = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const environment = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  };
  return { seen, s3: s3Client(environment), dynamodb: dynamoDBClient(environment) };
};

const slowDown = '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>';
const exceeded =
  '{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow"}';
const put = new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: 'x' });
const place = { Bucket: 'b', Key: 'k', UploadId: 'u' };
const get = new GetItemCommand({ TableName: 't', Key: { id: { S: 'x' } } });

// Concurrent: they wait, for back-off and for time-outs.
describe.concurrent('the clients of the functions', () => {
  it('S3 that asks to slow down twice is asked a third time', async () => {
    const { seen, s3 } = await serve((nth, _, response) => {
      if (nth < 3) response.writeHead(503, { 'content-type': 'application/xml' }).end(slowDown);
      else response.writeHead(200, { etag: '"x"' }).end();
    });
    expect(await s3.send(put)).toMatchObject({ ETag: '"x"' });
    expect(seen.requests).toBe(3);
  });

  it('a part of a file needs no connection of its own, and no leave to be sent', async () => {
    const { seen, s3 } = await serve((_, __, response) => response.writeHead(200, { etag: '"x"' }).end());
    for (const PartNumber of [1, 2, 3]) {
      await s3.send(new UploadPartCommand({ ...place, PartNumber, Body: new Uint8Array(3 * 2 ** 20) }));
    }
    expect(seen).toEqual({ requests: 3, connections: 1, expectations: 0 });
  });

  it('DynamoDB that throttles twice is asked a third time', async () => {
    const { seen, dynamodb } = await serve((nth, _, response) => {
      const isThrottled = nth < 3;
      response
        .writeHead(isThrottled ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' })
        .end(isThrottled ? exceeded : '{"Item":{"id":{"S":"x"}}}');
    });
    expect(await dynamodb.send(get)).toMatchObject({ Item: { id: { S: 'x' } } });
    expect(seen.requests).toBe(3);
  });

  it('an answer of DynamoDB that stalls half-way is asked for again', { timeout: 30_000 }, async () => {
    const { seen, dynamodb } = await serve((nth, _, response) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': '2' });
      if (nth > 1) response.end('{}');
      else response.write('{');
    });
    await dynamodb.send(get);
    expect(seen.requests).toBe(2);
  });

  it.each(['breaks off', 'stalls'])('a body that %s is asked for again', async (trouble) => {
    const { seen, s3 } = await serve((nth, _, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      if (nth === 3) return response.end(Buffer.alloc(1000, 7));
      return response.write(Buffer.alloc(500), () => trouble === 'breaks off' && response.destroy());
    });
    const command = new GetObjectCommand({ Bucket: 'b', Key: 'k' });
    expect(Buffer.from(await wholeObject(s3, command, {}, 100)).equals(Buffer.alloc(1000, 7))).toBe(true);
    expect(seen.requests).toBe(3);
  });

  it('a body that never comes is given up with the third', async () => {
    const { seen, s3 } = await serve((_, __, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write(Buffer.alloc(500));
    });
    const command = new GetObjectCommand({ Bucket: 'b', Key: 'k' });
    await expect(wholeObject(s3, command, {}, 50)).rejects.toThrow();
    expect(seen.requests).toBe(3);
  });

  it.each([1, 1_000_000])(
    'S3 that never answers %d bytes is asked three times, and then it is told',
    async (length) => {
      const { seen, s3 } = await serve(() => undefined);
      const part = new UploadPartCommand({ ...place, PartNumber: 1, Body: new Uint8Array(length) });
      await expect(s3.send(part, { requestTimeout: 100 })).rejects.toMatchObject({ name: 'TimeoutError' });
      expect(seen.requests).toBe(3);
    },
  );

  it.each([1, 2, 3, 8])(
    '%d connections that died while nobody looked do not fail a call',
    async (connections) => {
      let isDead = false;
      const open = new Set<Socket>();
      const { s3 } = await serve(
        (_, __, response) => setTimeout(() => response.writeHead(200, { etag: '"x"' }).end(), 50),
        (socket) => {
          if (isDead) return;
          open.add(socket);
          socket.prependListener('data', () => isDead && socket.resetAndDestroy());
        },
      );
      await Promise.all(Array.from({ length: connections }, () => s3.send(put)));
      expect(open.size).toBe(connections);
      isDead = true;
      expect(await s3.send(put)).toMatchObject({ ETag: '"x"' });
    },
  );

  it('a fourth time would be longer than the client waits: it is told', async () => {
    const { seen, dynamodb } = await serve((_, __, response) => {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(exceeded);
    });
    await expect(dynamodb.send(get)).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
    });
    expect(seen.requests).toBe(3);
  });

  it('DynamoDB that does not answer is given up after three seconds and asked again', {
    timeout: 30_000,
  }, async () => {
    const { seen, dynamodb } = await serve((nth, _, response) => {
      // The first one stalls for ever.
      if (nth > 1) response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
    });
    const startedAtMs = performance.now();
    await dynamodb.send(get);
    expect(seen.requests).toBe(2);
    expect(performance.now() - startedAtMs).toBeGreaterThan(2_900);
    dynamodb.destroy();
  });
});
