import { type BitsRequest, RequestHeaders } from '../protocol/request.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The request of an ALB event. Reads every field with suspicion and never throws: a field of the wrong type counts as
 * missing, and the checks of the protocol then name what is missing. Names of headers arrive in lower case, query values
 * not decoded, the body in base64 when the flag says so [ELB User Guide, "Lambda functions as targets"].
 */
export const requestFromEvent = (event: unknown): BitsRequest => {
  const fields = asFields(event);
  const headers = new RequestHeaders(headerEntries(fields));
  let body: Uint8Array | undefined;
  return {
    method: asText(fields['httpMethod']),
    scheme: headers.get('X-Forwarded-Proto') ?? 'http',
    host: headers.get('Host') ?? '',
    path: asText(fields['path']),
    query: queryOf(fields),
    headers,
    body: () => {
      body ??= Buffer.from(asText(fields['body']), fields['isBase64Encoded'] === true ? 'base64' : 'utf8');
      return body;
    },
  };
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

/** The query as it was written, as far as the event tells. */
const queryOf = (fields: Fields): string => {
  const multi = fields['multiValueQueryStringParameters'];
  const source = isFields(multi) ? multi : asFields(fields['queryStringParameters']);
  return Object.entries(source)
    .flatMap(([name, value]) => textsOf(value).map((text) => `${name}=${text}`))
    .join('&');
};
