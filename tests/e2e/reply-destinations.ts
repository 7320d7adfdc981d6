import type { LocalLambda } from '../../infra/local/lambda-endpoint.ts';

/** What the function `answers` was told. */
export const events: unknown[] = [];

/** Functions of the kind `lambda`, by name. */
export const lambdas: Readonly<Record<string, LocalLambda>> = {
  answers: (event) => {
    events.push(event);
    return { reply: { text: 'Grüße' }, publish: true };
  },
  inline: () => ({ reply: { body: Buffer.alloc(4 * 2 ** 20, 'i').toString('base64') } }),
  refuses: () => ({ refuse: { status: 403 } }),
  garbage: () => 'not an answer',
  crashes: () => {
    throw new Error('crash');
  },
};

const arnOf = (name: string) => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;

/** A destination for each kind and mode, under a prefix that names it. */
export const destinationsFor = (port: number, secret: string): string => {
  const http = (prefix: string, mode: string, timeout = '20s') =>
    `  - { prefix: ${prefix}, maximumUploadSize: 1GB, access: none, reply: { kind: http, mode: ${mode}, timeout: ${timeout},
      url: 'http://127.0.0.1:${port}/app', privateHosts: [127.0.0.1], maximumReplySize: 6MB, secret: 'file:${secret}' } }`;
  const lambda = (name: string) =>
    `  - { prefix: /lambda/${name}/, maximumUploadSize: 1GB, access: none, reply: { kind: lambda, function: '${arnOf(name)}' } }`;
  return [
    'destinations:',
    http('/ref/', 'by-reference'),
    http('/value/', 'by-value'),
    http('/slow/', 'by-value', '1s'),
    `  - { prefix: /relative/, maximumUploadSize: 1GB, access: none, reply: { kind: http, url: ../app, hosts: [bits.example.com] } }`,
    `  - { prefix: /guarded/, maximumUploadSize: 1GB, access: none, reply: { kind: http, url: 'https://localhost:${port}/app' } }`,
    ...[...Object.keys(lambdas), 'nobody'].map(lambda),
  ].join('\n');
};
