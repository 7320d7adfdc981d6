import type { LookupAddress } from 'node:dns';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../lib/reply/address-guard.ts';
import { post } from '../../lib/reply/http-call.ts';

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1'],
    ...[
      '172.31.255.255',
      '192.0.0.8',
      '192.168.1.1',
      '198.18.0.1',
      '198.51.100.1',
      '203.0.113.1',
      '224.0.0.1',
    ],
    ...['255.255.255.255', '::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::7f00:1', 'fc00::1'],
    ...['fd00:ec2::254', 'fe80::1', 'ff02::1', '2002:7f00:1::', '2001::1', '2001:db8::1', 'example.com', ''],
  ])('not %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('a call', () => {
  let port = 0;
  let calls = 0;
  const server = createServer((_, response) => {
    calls++;
    response.end('reached');
  });
  beforeAll(async () => {
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  afterAll(() => {
    server.close();
  });

  const call = (host: string, addresses: readonly string[] = [], isPrivateAllowed = false) =>
    post(
      {
        url: new URL(`http://${host}:${port}/`),
        headers: {},
        body: undefined,
        isPrivateAllowed,
        resolve: (_, callback) =>
          callback(
            null,
            addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
          ),
      },
      AbortSignal.timeout(5_000),
    );

  it.each([
    ['127.0.0.1', []],
    // Other spellings of it, which a URL turns into the usual one.
    ['2130706433', []],
    ['0x7f.1', []],
    ['[::1]', []],
    ['[::ffff:127.0.0.1]', []],
    ['innocent.example.test', ['127.0.0.1']],
    ['both.example.test', ['8.8.8.8', '169.254.169.254']],
  ])('of %s with the addresses %j is refused before a connection is made', async (host, addresses) => {
    await expect(call(host, addresses)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    expect(calls).toBe(0);
  });

  it('of a name without an address does not reach anything', async () => {
    await expect(call('nowhere.example.test')).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('goes where the name led when it was checked: it is resolved once', async () => {
    let times = 0;
    const answers = post(
      {
        url: new URL(`http://rebinding.example.test:${port}/`),
        headers: {},
        body: undefined,
        isPrivateAllowed: false,
        // Public at the first look, this machine at the second.
        resolve: (_, callback) =>
          callback(null, [{ address: ++times === 1 ? '192.88.98.1' : '127.0.0.1', family: 4 }]),
      },
      AbortSignal.timeout(300),
    );
    await expect(answers).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(times).toBe(1);
    expect(calls).toBe(0);
  });

  it('of a private host that is allowed by name is made', async () => {
    const { status, body } = await call('127.0.0.1', [], true);
    body.destroy();
    expect(status).toBe(200);
  });
});
