import { HOSTING_CONTENT_TYPE } from '../exchanges/index.ts';
import type { HttpRequest, HttpResponse } from '../support/http/message.ts';
import { headerValue, headerValues } from '../support/http/message.ts';

/** Whether the BITS server wrote the answer, or something in front of it did. */
export const isAck = (response: HttpResponse): boolean =>
  headerValue(response.headers, 'BITS-Packet-Type') !== undefined;

/** Session ids that are echoed: 1 to 100 visible characters. */
const ECHOED_ID = /^[\x21-\x7e]{1,100}$/;

/** The session id that an Ack must repeat, exactly as the request spelled it; undefined when there is none. */
export function echoedSessionId(request: HttpRequest): string | undefined {
  const sent = headerValues(request.headers, 'BITS-Session-Id').at(-1);
  return sent !== undefined && ECHOED_ID.test(sent) ? sent : undefined;
}

/**
 * What every Ack must be, whatever it answers: no body, a Content-Length of 0, no redirect, the type `Ack`, both
 * error headers or none with a context only beside them, no error on a success, `Pragma: no-cache`, each header once.
 * Returns what is wrong.
 */
export function brokenAckRules(response: HttpResponse): readonly string[] {
  const broken: string[] = [];
  const value = (name: string) => headerValue(response.headers, name);
  const demand = (isKept: boolean, complaint: string) => {
    if (!isKept) broken.push(complaint);
  };
  demand(response.status < 300 || response.status > 399, `status ${response.status} is a redirect`);
  if (!isAck(response)) return broken;
  demand(response.httpVersion === '1.1', `HTTP/${response.httpVersion}`);
  demand(value('BITS-Packet-Type') === 'Ack', `BITS-Packet-Type: ${value('BITS-Packet-Type')}`);
  demand(value('Content-Length') === '0', `Content-Length: ${value('Content-Length') ?? 'missing'}`);
  demand(response.body.length === 0, `${response.body.length} bytes of body`);
  demand(value('Transfer-Encoding') === undefined, 'has a Transfer-Encoding');
  const type = value('Content-Type');
  demand(type === undefined || type === HOSTING_CONTENT_TYPE, `Content-Type: ${type}`);
  demand(value('Location') === undefined, 'has a Location');
  demand(value('Pragma') === 'no-cache', `Pragma: ${value('Pragma') ?? 'missing'}`);
  const error = value('BITS-Error');
  const code = value('BITS-Error-Code');
  demand(error === code, `BITS-Error ${error} differs from BITS-Error-Code ${code}`);
  demand(
    (code === undefined) === (value('BITS-Error-Context') === undefined),
    'BITS-Error-Context without an error code, or a code without a context',
  );
  demand(code === undefined || /^0x[0-9A-F]{8}$/.test(code), `BITS-Error-Code: ${code}`);
  demand(response.status !== 200 || code === undefined, 'an error code on a success');
  const offset = value('BITS-Received-Content-Range');
  demand(offset === undefined || /^(0|[1-9]\d*)$/.test(offset), `BITS-Received-Content-Range: ${offset}`);
  demand(value('BITS-Host-Id') === undefined, 'has a BITS-Host-Id');
  for (const [name] of response.headers) {
    const isDoubled =
      name.toLowerCase().startsWith('bits-') && headerValues(response.headers, name).length > 1;
    demand(!isDoubled || broken.includes(`${name} twice`), `${name} twice`);
  }
  return broken;
}
