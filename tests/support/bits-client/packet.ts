import type { Header, HttpRequest } from '../http/message.ts';

/** The identifier of the one BITS upload protocol in use. */
export const UPLOAD_PROTOCOL = '{7df0354d-249b-430f-820d-3d2a9bef4931}';

/** Spelled as captured Windows clients spell them. */
export type PacketType = 'Ping' | 'Create-Session' | 'Fragment' | 'Close-Session' | 'Cancel-Session';

/**
 * How the client spells what the protocol compares without regard to case. Every member maps the published spelling
 * to the one that is sent; the identity is the default.
 */
export interface Spelling {
  readonly packetType: (published: string) => string;
  readonly headerName: (published: string) => string;
  readonly rangeUnit: (published: string) => string;
  /** Applied to the id as the server issued it. */
  readonly sessionId: (issued: string) => string;
  readonly protocols: (published: string) => string;
}

const asItIs = (text: string) => text;

export const PUBLISHED_SPELLING: Spelling = {
  packetType: asItIs,
  headerName: asItIs,
  rangeUnit: asItIs,
  sessionId: asItIs,
  protocols: asItIs,
};

export const upperCase = (text: string): string => text.toUpperCase();
export const lowerCase = (text: string): string => text.toLowerCase();
/** `Fragment` → `FrAgMeNt`: a casing that no table of known spellings contains. */
export const oddCase = (text: string): string =>
  Array.from(text, (letter, at) => (at % 2 === 0 ? letter.toUpperCase() : letter.toLowerCase())).join('');
/** `{…}` → `…`. */
export const withoutBraces = (guid: string): string => guid.replace(/^\{|\}$/g, '');

/** What a packet says, before it is spelled. */
export interface PacketFields {
  readonly type: PacketType;
  readonly target: string;
  readonly host: string;
  readonly sessionId?: string | undefined;
  readonly contentName?: string | undefined;
  readonly range?: { readonly first: number; readonly last: number; readonly total: number } | undefined;
  /** A Content-Range value that takes the place of `range`, as it is. */
  readonly rangeText?: string | undefined;
  /** `Authorization`, `Proxy-Authorization` and caller-defined headers. */
  readonly extraHeaders?: readonly Header[] | undefined;
  readonly userAgent?: string | undefined;
  readonly body?: Uint8Array | undefined;
}

/** The request of a packet: header set and order of the published captures. */
export function packetRequest(fields: PacketFields, spelling: Spelling = PUBLISHED_SPELLING): HttpRequest {
  const body = fields.body ?? new Uint8Array();
  const headers: Header[] = [
    ['Accept', '*/*'],
    ['BITS-Packet-Type', spelling.packetType(fields.type)],
  ];
  if (fields.type === 'Create-Session') {
    headers.push(['BITS-Supported-Protocols', spelling.protocols(UPLOAD_PROTOCOL)]);
  }
  if (fields.sessionId !== undefined) headers.push(['BITS-Session-Id', spelling.sessionId(fields.sessionId)]);
  if (fields.contentName !== undefined) headers.push(['Content-Name', fields.contentName]);
  const range = contentRange(fields, spelling);
  if (range !== undefined) headers.push(['Content-Range', range]);
  headers.push(...(fields.extraHeaders ?? []));
  headers.push(
    ['User-Agent', fields.userAgent ?? 'Microsoft BITS/7.8'],
    ['Host', fields.host],
    ['Content-Length', String(body.length)],
    ['Connection', 'Keep-Alive'],
  );
  return {
    method: 'BITS_POST',
    target: fields.target,
    headers: headers.map(([name, value]) => [spelling.headerName(name), value]),
    body,
  };
}

function contentRange(fields: PacketFields, spelling: Spelling): string | undefined {
  if (fields.rangeText !== undefined) return fields.rangeText;
  if (fields.range === undefined) return undefined;
  const { first, last, total } = fields.range;
  return `${spelling.rangeUnit('bytes')} ${first}-${last}/${total}`;
}
