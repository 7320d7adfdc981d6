import { S3Error } from '../errors.ts';
import type { S3Request } from '../http.ts';
import type { Target } from '../target.ts';
import { ChunkSignatures } from './chunk-signatures.ts';
import {
  canonicalRequest,
  parseScope,
  type Scope,
  type SigningKeys,
  sameSignature,
  scopeText,
  sha256Hex,
  sign,
} from './signature.ts';

/** What the signature says about the body, for whoever reads it. */
export type PayloadProof =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'sha256'; readonly hex: string }
  | {
      readonly kind: 'aws-chunked';
      readonly trailer: boolean;
      readonly signatures: ChunkSignatures | undefined;
    };

/** The one account of this server, and the clock that signatures are judged by. */
export interface Authority {
  readonly accessKeyId: string;
  readonly signingKeys: SigningKeys;
  readonly region: string;
  readonly maxClockSkewMs: number;
  readonly nowMs: () => number;
}

const algorithm = 'AWS4-HMAC-SHA256';
const maxExpiresSeconds = 604_800;

/**
 * Check the signature of a request, in its Authorization header or in its query (a presigned URL), and return
 * what it proves about the body. Throws the documented 400 and 403 errors.
 */
export function authenticate(request: S3Request, target: Target, authority: Authority): PayloadProof {
  const header = request.headers['authorization'];
  if (target.query.has('X-Amz-Algorithm') || target.query.has('X-Amz-Signature')) {
    if (header !== undefined) {
      throw new S3Error(
        'InvalidArgument',
        'Only one auth mechanism allowed: the query or the Authorization header.',
      );
    }
    return authenticateQuery(request, target, authority);
  }
  if (header === undefined) throw new S3Error('AccessDenied');
  return authenticateHeader(request, target, header, authority);
}

function authenticateHeader(
  request: S3Request,
  target: Target,
  header: string,
  authority: Authority,
): PayloadProof {
  const space = header.indexOf(' ');
  if (header.slice(0, space) !== algorithm) {
    throw new S3Error(
      'InvalidRequest',
      `Please use ${algorithm}: other authorization mechanisms are not supported.`,
    );
  }
  const fields = new Map(
    header
      .slice(space + 1)
      .split(',')
      .map((field) => {
        const [name = '', ...rest] = field.trim().split('=');
        return [name, rest.join('=')] as const;
      }),
  );
  const scope = parseScope(fields.get('Credential') ?? '');
  const signature = fields.get('Signature');
  const signedHeaders = fields.get('SignedHeaders');
  if (scope === undefined || !signature || !signedHeaders) throw new S3Error('AuthorizationHeaderMalformed');
  checkScope(scope, authority, 'AuthorizationHeaderMalformed');
  const payloadHash = request.headers['x-amz-content-sha256'];
  if (payloadHash === undefined) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  const signedAt = request.headers['x-amz-date'] ?? '';
  const signedAtMs = parseAmzDate(signedAt);
  if (signedAtMs === undefined || !signedAt.startsWith(scope.day)) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid x-amz-date of the scope.');
  }
  if (Math.abs(authority.nowMs() - signedAtMs) > authority.maxClockSkewMs) {
    throw new S3Error('RequestTimeTooSkewed', undefined, {
      fields: { RequestTime: signedAt, ServerTime: new Date(authority.nowMs()).toISOString() },
    });
  }
  return verify(request, target, { scope, signature, signedHeaders, signedAt, payloadHash }, authority);
}

function authenticateQuery(request: S3Request, target: Target, authority: Authority): PayloadProof {
  const { query } = target;
  const code = 'AuthorizationQueryParametersError';
  if (query.get('X-Amz-Algorithm') !== algorithm) {
    throw new S3Error(code, `X-Amz-Algorithm only supports "${algorithm}"`);
  }
  const scope = parseScope(query.get('X-Amz-Credential') ?? '');
  const signature = query.get('X-Amz-Signature');
  const signedHeaders = query.get('X-Amz-SignedHeaders');
  if (scope === undefined || !signature || !signedHeaders) throw new S3Error(code);
  checkScope(scope, authority, code);
  const signedAt = query.get('X-Amz-Date') ?? '';
  const signedAtMs = parseAmzDate(signedAt);
  if (signedAtMs === undefined || !signedAt.startsWith(scope.day)) {
    throw new S3Error(code, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  const expires = query.get('X-Amz-Expires') ?? '';
  const expiresSeconds = Number(expires);
  if (!/^\d{1,9}$/.test(expires) || expiresSeconds < 1 || expiresSeconds > maxExpiresSeconds) {
    throw new S3Error(code, 'X-Amz-Expires must be a number between 1 and 604800 seconds');
  }
  if (signedAtMs - authority.nowMs() > authority.maxClockSkewMs) {
    throw new S3Error('AccessDenied', 'Request is not valid yet');
  }
  if (authority.nowMs() >= signedAtMs + expiresSeconds * 1000) {
    throw new S3Error('AccessDenied', 'Request has expired');
  }
  const payloadHash =
    query.get('X-Amz-Content-Sha256') ?? request.headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  return verify(request, target, { scope, signature, signedHeaders, signedAt, payloadHash }, authority);
}

interface Claim {
  readonly scope: Scope;
  readonly signature: string;
  readonly signedHeaders: string;
  readonly signedAt: string;
  readonly payloadHash: string;
}

function verify(request: S3Request, target: Target, claim: Claim, authority: Authority): PayloadProof {
  const names = claim.signedHeaders.split(';');
  const unsigned = Object.keys(request.headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !names.includes(name),
  );
  if (unsigned.length > 0) {
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
      fields: { HeadersNotSigned: unsigned.join(', ') },
    });
  }
  const canonical = canonicalRequest(request, target, names, claim.payloadHash);
  const stringToSign = [algorithm, claim.signedAt, scopeText(claim.scope), sha256Hex(canonical)].join('\n');
  const key = authority.signingKeys.of(claim.scope);
  if (!sameSignature(sign(key, stringToSign), claim.signature)) {
    throw new S3Error('SignatureDoesNotMatch', undefined, {
      fields: { StringToSign: stringToSign, CanonicalRequest: canonical },
    });
  }
  return proofOf(claim, () => new ChunkSignatures(key, claim.signedAt, claim.scope, claim.signature));
}

function proofOf(claim: Claim, signatures: () => ChunkSignatures): PayloadProof {
  switch (claim.payloadHash) {
    case 'UNSIGNED-PAYLOAD':
      return { kind: 'unsigned' };
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return { kind: 'aws-chunked', trailer: true, signatures: undefined };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return { kind: 'aws-chunked', trailer: false, signatures: signatures() };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return { kind: 'aws-chunked', trailer: true, signatures: signatures() };
  }
  if (/^[0-9a-f]{64}$/.test(claim.payloadHash)) return { kind: 'sha256', hex: claim.payloadHash };
  throw new S3Error(
    'InvalidArgument',
    'x-amz-content-sha256 must be a valid SHA-256 or one of the documented words.',
    {
      fields: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: claim.payloadHash },
    },
  );
}

function checkScope(
  scope: Scope,
  authority: Authority,
  code: 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError',
): void {
  if (scope.accessKeyId !== authority.accessKeyId) {
    throw new S3Error('InvalidAccessKeyId', undefined, { fields: { AWSAccessKeyId: scope.accessKeyId } });
  }
  if (scope.region !== authority.region) {
    throw new S3Error(code, `The region '${scope.region}' is wrong; expecting '${authority.region}'`, {
      fields: { Region: authority.region },
    });
  }
  if (scope.service !== 's3' || scope.terminator !== 'aws4_request') {
    throw new S3Error(code, 'The credential scope must end with "s3/aws4_request".');
  }
}

/** `yyyymmddThhmmssZ` in epoch milliseconds. */
function parseAmzDate(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const epochMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(epochMs) ? undefined : epochMs;
}
