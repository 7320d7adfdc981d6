import type { DeviationsByReason } from './by-reason.ts';

/** Where OpenStack Swift 2.30 is known to differ from S3, as far as a promise is about something that it has at all. */
export const swift: DeviationsByReason = [
  [
    'it has no conditional PUT: 501',
    [
      'If-None-Match: * writes a new key and leaves an old one alone',
      'If-Match replaces what it names and nothing else',
      'If-Match on an absent key is 404',
      'of twenty racing writers one wins, and its bytes are the ones that stay',
      'of twenty racing replacements of one version one wins',
    ],
  ],
  [
    'refused with 412, but with the code InvalidRequest',
    ['If-None-Match: * refuses a taken key, keeps the upload, and completes once it is free'],
  ],
  [
    'its condition meets the manifest, not the object',
    ['Complete with If-Match replaces what it names and nothing else'],
  ],
  ['412 in place of 400', ['bytes that are no UTF-8 are refused']],
  ['500 in place of 400', ['a continuation token that is none is refused']],
  [
    'it has no storage class but its own',
    [
      'becomes one object, with everything said when it was created',
      'the storage class is kept, the ordinary one not named',
    ],
  ],
  ['it does not read by part number', ['a part of the object can be read by its number']],
  ['the copy keeps the ETag of the parts', ['its object can be copied']],
  ['another code: InvalidRequest', ['"" as its list: MalformedXML']],
  ['it ignores MpuObjectSize', ['another total than MpuObjectSize says, and keeps the upload']],
  ['it has no checksums of parts', ['a gap in the numbers of parts that have checksums: InvalidPartOrder']],
  ['it takes them', ['refuses a range past the end, of another form, or of a small source']],
  [
    'it has no aws-chunked bodies: 501',
    [
      'a body longer or shorter than announced leaves nothing',
      'aws-chunked is no content encoding of the object',
      'may be a stream, which the SDK sends in chunks with a trailer',
      'signed chunks: 200 ',
      'signed chunks and a signed trailer: 200 ',
      'a changed chunk: 403 SignatureDoesNotMatch',
      'a changed trailer: 403 SignatureDoesNotMatch',
      'an unsigned trailer: 403 SignatureDoesNotMatch',
      'a chunk missing: 400 IncompleteBody',
      'a chunk too many: 400 IncompleteBody',
      'the end missing: 400 IncompleteBody',
      'a chunk header that is none: 400 IncompleteBody',
    ],
  ],
  ['500: its metadata is at most 256 bytes a value', ['more than 2 KB of metadata is MetadataTooLarge']],
  [
    'it encrypts nothing unless it has keys',
    ['server-side encryption is repeated', 'under KMS equal bytes have different ETags'],
  ],
  ['it looks at both conditions', ['GET, If-Match outweighs If-Unmodified-Since: 200']],
  [
    'it wants Content-MD5, which the SDK does not send',
    [
      'DeleteObjects takes many keys, absent ones too, and names them',
      'DeleteObjects is silent when asked',
      'DeleteObjects refuses 1,001 keys and keeps what is there',
    ],
  ],
  [
    'it has no tags: 501',
    [
      'bytes, description and tags are copied',
      'description and tags can be replaced',
      'tags of a write, replaced, removed',
      'eleven tags: InvalidTag',
      'a name twice: InvalidTag',
      'a name of 129 characters: InvalidTag',
      'a value of 257 characters: InvalidTag',
    ],
  ],
  [
    'it checks signatures less strictly, or says so with another code',
    [
      'with an unknown access key: 403 InvalidAccessKeyId',
      'with no fields: 400 AuthorizationHeaderMalformed',
      'with another scheme: 400 InvalidRequest',
      'with nothing: 403 AccessDenied',
      'must have the digest that was signed',
      'of a time to come: 403 AccessDenied',
      'used with another method: 403 ',
      'of an unknown key: 403 InvalidAccessKeyId',
      'for no time: 400 AuthorizationQueryParametersError',
      'without a date: 400 AuthorizationQueryParametersError',
      'of another algorithm: 400 AuthorizationQueryParametersError',
    ],
  ],
];

/** What is luck there, so that neither outcome proves anything. */
export const swiftLuck: DeviationsByReason = [
  ['its condition on Complete is not atomic', ['of twenty racing uploads one wins']],
];
