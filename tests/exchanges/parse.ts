import type { Header } from '../support/http/message.ts';
import type {
  Exchange,
  ExchangeRequest,
  ExchangeResponse,
  Outcome,
  StageDirection,
  Step,
} from './exchange.ts';
import { ExchangeSyntaxError } from './exchange.ts';

/**
 * Reads an exchange file. The format, line by line:
 *
 *     X4 Lost Acks …            first line: id and title
 *     # …                       a remark (only outside messages)
 *     @ fragment-limit 16       a stage direction or an outcome; what stands after the first step belongs before the next
 *     === X4.1 CREATE-SESSION   a step
 *     --> client                its request follows
 *     <-- server                its response follows; any other name is an alternative
 *
 * A message is a head, an empty line and a body. On the wire every line of the head ends in CR LF; the body is what
 * stands there without the line end after it. The empty line may be missing at the end of a message without body.
 */
export function parseExchange(text: string): Exchange {
  const [firstLine = '', ...rest] = text.replaceAll('\r\n', '\n').split(/^(?==== )/m);
  const [title = '', ...introduction] = firstLine.split('\n');
  const heading = /^(X\d+) (.+)$/.exec(title);
  if (heading === null) throw new ExchangeSyntaxError(`no heading: ${JSON.stringify(title)}`);
  const opening = readDirections(introduction);
  const outcomes = [...opening.outcomes];
  const steps: Step[] = [];
  let before: readonly StageDirection[] = [];
  for (const block of rest) {
    const { step, after } = parseStep(block, before);
    steps.push(step);
    before = after.directions;
    outcomes.push(...after.outcomes);
  }
  const [, id = '', name = ''] = heading;
  return { id, title: name, setup: opening.directions, steps, outcomes };
}

interface Directions {
  readonly directions: readonly StageDirection[];
  readonly outcomes: readonly Outcome[];
}

function parseStep(block: string, before: readonly StageDirection[]): { step: Step; after: Directions } {
  // Directions for the next step stand at the end of this block, after the last message.
  const lines = block.split('\n');
  const trailing = lines.findIndex((line) => line.startsWith('@ '));
  const own = trailing < 0 ? lines : lines.slice(0, trailing);
  const after = readDirections(trailing < 0 ? [] : lines.slice(trailing));
  const [headline = '', ...messages] = own.join('\n').split(/^(?=(?:-->|<--) )/m);
  const heading = /^=== (X\d+\.\d+) (.+)\n$/.exec(headline);
  if (heading === null) throw new ExchangeSyntaxError(`bad step: ${JSON.stringify(headline)}`);
  const [, id = '', title = ''] = heading;
  let request: ExchangeRequest | undefined;
  let response: ExchangeResponse | undefined;
  const alternatives = new Map<string, ExchangeResponse>();
  for (const message of messages) {
    const [marker = '', ...content] = message.split('\n');
    if (marker === '--> client') request = parseRequest(content);
    else if (marker === '<-- server') response = parseResponse(content);
    else if (marker.startsWith('<-- ')) alternatives.set(marker.slice(4), parseResponse(content));
    else throw new ExchangeSyntaxError(`unknown marker in ${id}: ${marker}`);
  }
  if (request === undefined || response === undefined) {
    throw new ExchangeSyntaxError(`${id} lacks its request or its response`);
  }
  return { step: { id, title, before, request, response, alternatives }, after };
}

function parseRequest(lines: readonly string[]): ExchangeRequest {
  const { startLine, headers, body } = parseMessage(lines);
  const match = /^(\S+) (\S+) HTTP\/1\.1$/.exec(startLine);
  if (match === null) throw new ExchangeSyntaxError(`bad request line: ${startLine}`);
  const [, method = '', target = ''] = match;
  return { method, target, headers, body };
}

function parseResponse(lines: readonly string[]): ExchangeResponse {
  const { startLine, headers, body } = parseMessage(lines);
  const match = /^HTTP\/1\.1 (\d{3}) (.+)$/.exec(startLine);
  if (match === null) throw new ExchangeSyntaxError(`bad status line: ${startLine}`);
  const [, status = '', reason = ''] = match;
  return { status: Number(status), reason, headers, body };
}

function parseMessage(lines: readonly string[]): { startLine: string; headers: Header[]; body: Uint8Array } {
  const empty = lines.indexOf('');
  const [startLine = '', ...headerLines] = empty < 0 ? lines : lines.slice(0, empty);
  const headers = headerLines.map((line): Header => {
    const colon = line.indexOf(': ');
    if (colon < 1) throw new ExchangeSyntaxError(`bad header line: ${line}`);
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  const body =
    empty < 0
      ? ''
      : lines
          .slice(empty + 1)
          .join('\n')
          .replace(/\n+$/, '');
  return { startLine, headers, body: Buffer.from(body, 'latin1') };
}

function readDirections(lines: readonly string[]): Directions {
  const directions: StageDirection[] = [];
  const outcomes: Outcome[] = [];
  for (const line of lines) {
    if (line === '' || line.startsWith('# ')) continue;
    if (!line.startsWith('@ ')) throw new ExchangeSyntaxError(`not a direction: ${line}`);
    const parsed = readDirection(line.slice(2).split(' '));
    if (parsed.kind === 'object' || parsed.kind === 'no-object') outcomes.push(parsed);
    else directions.push(parsed);
  }
  return { directions, outcomes };
}

function readDirection([kind, first = '', second = '', third = '']: readonly string[]):
  | StageDirection
  | Outcome {
  switch (kind) {
    case 'fragment-limit':
    case 'maximum-upload-size':
      return { kind, bytes: Number(first) };
    case 'session-expires':
      return { kind };
    case 'destination-exists':
    case 'no-object':
      return { kind, path: first };
    case 'credentials':
      return { kind, user: first, password: second, realm: third };
    case 'reply':
    case 'object':
      return { kind, path: first, text: second };
    default:
      throw new ExchangeSyntaxError(`unknown direction: ${kind}`);
  }
}
