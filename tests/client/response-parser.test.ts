import { describe, expect, test } from 'vitest';
import { HttpSyntaxError, isBodyUntilClose, parseResponse } from '../support/http/response-parser.ts';

const parse = (text: string, ended = false, requestMethod = 'BITS_POST') =>
  parseResponse(Buffer.from(text, 'latin1'), { requestMethod, ended });

const body = (text: string, ended = false, method?: string) => {
  const parsed = parse(text, ended, method);
  return parsed === undefined ? undefined : Buffer.from(parsed.response.body).toString();
};

describe('parseResponse', () => {
  test.each([
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcREST', 'abc', 'content-length'],
    ['without a reason', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', '', 'content-length'],
    [
      'in chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n',
      'abc',
      'chunked',
    ],
    [
      'in chunks with trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n',
      'a',
      'chunked',
    ],
    ['that has none by definition', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', '', 'none'],
    [
      'after interim answers',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz',
      'z',
      'content-length',
    ],
  ])('reads a body %s', (_, text, expected, framing) => {
    expect(body(text)).toBe(expected);
    expect(parse(text)?.response.framing).toBe(framing);
  });

  test('every prefix of an answer is incomplete', () => {
    const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX: y\r\n\r\n';
    for (let length = 0; length < text.length; length++) expect(parse(text.slice(0, length))).toBeUndefined();
    expect(parse(text)?.consumedBytes).toBe(text.length);
  });

  test('a body without length ends with the connection', () => {
    const text = 'HTTP/1.1 200 OK\r\n\r\nsome';
    expect(parse(text)).toBeUndefined();
    expect(isBodyUntilClose(Buffer.from(text), 'BITS_POST')).toBe(true);
    expect(body(text, true)).toBe('some');
    expect(body('HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n', false, 'HEAD')).toBe('');
  });

  test('bytes behind the answer are left', () => {
    expect(parse('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc')?.consumedBytes).toBe(39);
  });

  test.each([
    'SSH-2.0-x\r\n\r\n',
    'garbage',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\nSpaced : x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
  ])('%j is not HTTP', (text) => {
    expect(() => parse(text)).toThrow(HttpSyntaxError);
  });
});
