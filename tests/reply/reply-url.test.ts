import { describe, expect, it } from 'vitest';
import { checkedReplyUrl } from '../../lib/reply/application.ts';
import { notificationUrl } from '../../lib/reply/http-application.ts';
import { replyApplication } from '../functions/reply-harness.ts';

describe('a reply URL of the application', () => {
  it.each(['https://app.example.test/r/1?a=b', "http://app.example.test:8080/~x/(1)';,*+$&!@%20"])(
    '%s is sent as it stands',
    (url) => {
      expect(checkedReplyUrl(url)).toBe(url);
    },
  );

  it.each([
    '/relative',
    'ftp://app.example.test/',
    'https://app.example.test/a b',
    'https://app.example.test/ü',
    'https://app.example.test/%zz',
    'https://app.example.test/a#b',
    'https://app.example.test/a[1]',
    'https://[2001:db8::1]/a',
    `https://app.example.test/${'x'.repeat(2_200)}`,
  ])('%.40s is an invalid answer', (url) => {
    expect(() => checkedReplyUrl(url)).toThrow(expect.objectContaining({ code: 'INVALID_ANSWER' }));
  });
});

describe('a relative notification URL', () => {
  const application = { ...replyApplication, url: '../done', hosts: ['bits.example.com'] };

  it('is completed by the upload and its query', () => {
    const upload = new URL('https://bits.example.com/reports/q3.xlsx?x=1');
    expect(notificationUrl(application, upload).href).toBe('https://bits.example.com/done?x=1');
  });

  it.each([
    'https://bits.example.com:9443/reports/q3.xlsx',
    'https://other.example.com/reports/q3.xlsx',
    'http://bits.example.com/reports/q3.xlsx',
  ])('a client chose the address of the POST: %s is refused', (upload) => {
    expect(() => notificationUrl(application, new URL(upload))).toThrow(
      expect.objectContaining({ code: 'NOT_ALLOWED' }),
    );
  });
});
