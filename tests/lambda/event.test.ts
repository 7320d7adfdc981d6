import { describe, expect, it } from 'vitest';
import { requestFromEvent } from '../../lib/lambda/event.ts';

const throughProxy = { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' };

describe('Content-Length: 0, which a proxy in front of the load balancer may have dropped', () => {
  it.each<[what: string, event: object, length: string | undefined]>([
    ['from a proxy that left an address', { headers: throughProxy, body: '' }, '0'],
    ['from a proxy that left its name', { headers: { via: '1.1 edge' }, body: '' }, '0'],
    ['with an event that has no body at all', { headers: throughProxy, body: null }, '0'],
    ['straight from a client', { headers: { 'x-forwarded-for': '203.0.113.9' }, body: '' }, undefined],
    ['with a body', { headers: throughProxy, body: 'aGVsbG8=', isBase64Encoded: true }, undefined],
    [
      'with a body of chunks that held nothing',
      { headers: { ...throughProxy, 'transfer-encoding': 'chunked' }, body: '' },
      undefined,
    ],
    ['with a length of its own', { headers: { ...throughProxy, 'content-length': '12' }, body: '' }, '12'],
    ['with an empty length', { headers: { ...throughProxy, 'content-length': '' }, body: '' }, ''],
  ])('%s', (_, event, length) => {
    expect(requestFromEvent(event).headers.get('Content-Length')).toBe(length);
  });
});
