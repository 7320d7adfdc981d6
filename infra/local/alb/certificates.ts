import { RequestRefused } from './errors.ts';
import { type EventOptions, type MultiValueAlbEvent, toMultiValueEvent } from './lambda-event.ts';
import type { RequestHead } from './request-head.ts';

/**
 * A listener that verifies client certificates, without the TLS: every client counts as the bearer of one certificate.
 * Its target groups have multi-value headers on and names of their own.
 */
export interface CertificateListener {
  /** Of every client's certificate: `CN=pc1,O=Contoso`. */
  readonly subject: string;
  /** What becomes of headers of the load balancer's own names that a client sends. Nobody documents it; default `replaced`. */
  readonly clientCopies?: 'replaced' | 'kept-before' | 'kept-behind';
  /** What the names of its target groups begin with; the function's name follows. */
  readonly targetGroups: string;
  readonly invoke: (functionName: string, event: MultiValueAlbEvent) => Promise<unknown>;
}

const subjectHeader = 'x-amzn-mtls-clientcert-subject';

/** A request through such a listener; the response comes in the form without multi-value headers. Throws `RequestRefused`. */
export function prepareWithCertificate(
  { subject, clientCopies = 'replaced', targetGroups, invoke }: CertificateListener,
  head: RequestHead,
  body: Buffer,
  options: EventOptions,
): () => Promise<unknown> {
  const { functionName } = options;
  const event = toMultiValueEvent(head, body, { ...options, functionName: `${targetGroups}${functionName}` });
  const sent = event.multiValueHeaders[subjectHeader] ?? [];
  const subjects = {
    replaced: [subject],
    'kept-before': [...sent, subject],
    'kept-behind': [subject, ...sent],
  }[clientCopies];
  const multiValueHeaders = { ...event.multiValueHeaders, [subjectHeader]: subjects };
  return async () => singleValued(await invoke(functionName, { ...event, multiValueHeaders }));
}

/** With multi-value headers on, a response must have them too: the plain field is ignored. */
function singleValued(result: unknown): unknown {
  const response: Readonly<Record<string, unknown>> = Object(result);
  const { multiValueHeaders, ...rest } = response;
  if ('headers' in response || typeof multiValueHeaders !== 'object' || multiValueHeaders === null) {
    throw new RequestRefused(
      502,
      'LambdaInvalidResponse',
      'multi-value headers are on, and the response has none',
    );
  }
  const headers = Object.entries(multiValueHeaders).map(([name, values]) => {
    if (Array.isArray(values) && values.length === 1) return [name, values[0]];
    throw new RequestRefused(502, 'LambdaInvalidResponse', `${name} is not a list of one value`);
  });
  return { ...rest, headers: Object.fromEntries(headers) };
}
