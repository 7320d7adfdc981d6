import { type BitsRequest, RequestHeaders } from '../protocol/request.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The request of an ALB event. Reads every field with suspicion and never throws: a field of the wrong type counts as
 * missing, and the checks of the protocol then name what is missing. Names of headers arrive in lower case, query values
 * not decoded, the body in base64 when the flag says so [ELB User Guide, "Lambda functions as targets"].
 */
export const requestFromEvent = (event: unknown): BitsRequest => {
  const fields = asFields(event);
  const headers = withRestoredLength(headerEntries(fields), fields);
  let body: Uint8Array | undefined;
  return {
    method: asText(fields['httpMethod']),
    scheme: headers.get('X-Forwarded-Proto') ?? 'http',
    host: headers.get('Host') ?? '',
    path: asText(fields['path']),
    query: queryOf(fields),
    headers,
    targetGroup: asText(asFields(asFields(fields['requestContext'])['elb'])['targetGroupArn']),
    body: (memory = Buffer.allocUnsafeSlow) => {
      body ??= decode(asText(fields['body']), fields['isBase64Encoded'] === true ? 'base64' : 'utf8', memory);
      return body;
    },
  };
};

const decode = (
  text: string,
  encoding: 'base64' | 'utf8',
  memory: (lengthBytes: number) => Uint8Array,
): Uint8Array => {
  const target = memory(Buffer.byteLength(text, encoding));
  const written = Buffer.from(target.buffer, target.byteOffset, target.byteLength).write(text, encoding);
  // What is no digit of base64 is passed over.
  return written === target.byteLength ? target : target.subarray(0, written);
};

/** Whether the target group sends every value of a header, and so expects the answer in that form. */
export const usesMultiValueHeaders = (event: unknown): boolean => {
  const fields = asFields(event);
  return isFields(fields['multiValueHeaders']) && !isFields(fields['headers']);
};

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const asFields = (value: unknown): Fields => (isFields(value) ? value : {});

const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');

const headerEntries = (fields: Fields): [string, string][] => {
  const source = usesMultiValueHeaders(fields) ? fields['multiValueHeaders'] : fields['headers'];
  return Object.entries(asFields(source)).flatMap(([name, value]) =>
    textsOf(value).map((text): [string, string] => [name, text]),
  );
};

/**
 * A proxy in front of the load balancer may drop `Content-Length: 0`, which says nothing in HTTP [RFC 9110 8.6], and much to
 * check C6. So where one has been (it left its name, or the address that it saw), a body of no bytes gets its length back.
 * What comes straight from a client stays as the client wrote it.
 */
const withRestoredLength = (entries: [string, string][], fields: Fields): RequestHeaders => {
  const headers = new RequestHeaders(entries);
  const isUnannounced =
    headers.get('Content-Length') === undefined && headers.get('Transfer-Encoding') === undefined;
  return isUnannounced && asText(fields['body']) === '' && cameThroughProxy(headers)
    ? new RequestHeaders([...entries, ['Content-Length', '0']])
    : headers;
};

/** The load balancer adds one address to what the request brought along. */
const cameThroughProxy = (headers: RequestHeaders): boolean =>
  headers.get('Via') !== undefined || (headers.get('X-Forwarded-For') ?? '').includes(',');

/** The query as it was written, as far as the event tells. */
const queryOf = (fields: Fields): string => {
  const multi = fields['multiValueQueryStringParameters'];
  const source = isFields(multi) ? multi : asFields(fields['queryStringParameters']);
  return Object.entries(source)
    .flatMap(([name, value]) => textsOf(value).map((text) => `${name}=${text}`))
    .join('&');
};
