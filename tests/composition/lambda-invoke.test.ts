import { createServer, type ServerResponse } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { s3Client } from '../../lib/composition/clients.ts';
import { lambdaInvoke } from '../../lib/composition/lambda-invoke.ts';

const closings: (() => void)[] = [];
afterEach(() => {
  for (const close of closings.splice(0)) close();
});

/** Lambda that does one thing after the other to whoever invokes a function. */
const lambda = async (...answers: readonly ((response: ServerResponse) => unknown)[]) => {
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => answers[Math.min(asked++, answers.length - 1)]?.(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closings.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const environment = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${port}`,
  };
  const invoke = lambdaInvoke(s3Client(environment), environment);
  const arn = 'arn:aws:lambda:us-east-1:123456789012:function:answers';
  return { invoke: () => invoke(arn, '{}', AbortSignal.timeout(20_000)), asked: () => asked };
};

const dies = (response: ServerResponse) => response.socket?.resetAndDestroy();
const answers = (status: number) => (response: ServerResponse) => response.writeHead(status).end('"done"');

it('a connection that died while the function was frozen is no failure of the application', async () => {
  const { invoke, asked } = await lambda(dies, dies, answers(200));
  expect(await invoke()).toEqual({ payload: '"done"', isFunctionError: false });
  expect(asked()).toBe(3);
});

it('Lambda that is busy is asked again', async () => {
  const { invoke } = await lambda(answers(429), answers(200));
  expect(await invoke()).toMatchObject({ payload: '"done"' });
});

it.each([
  ['cannot be reached', dies, 'UNREACHABLE', 3],
  ['does not do it', answers(503), 'UNREACHABLE', 3],
  ['does not allow it', answers(403), 'NOT_ALLOWED', 1],
] as const)('Lambda that %s', async (_, behaviour, code, times) => {
  const { invoke, asked } = await lambda(behaviour);
  await expect(invoke()).rejects.toMatchObject({ code });
  expect(asked()).toBe(times);
});
