import type { DeviationsByReason } from './by-reason.ts';

/** Where Ceph Object Gateway 16.2 is known to differ from S3, as far as a promise is about something that it has at all. */
export const ceph: DeviationsByReason = [
  ['its only region is called default', ['a bucket says where it is']],
  [
    'If-Match on PUT is refused, whatever it names',
    [
      'If-Match replaces what it names and nothing else',
      'If-Match on an absent key is 404',
      'of twenty racing replacements of one version one wins',
    ],
  ],
  ['it looks at it, and S3 does not', ['If-None-Match with an ETag is not implemented']],
  [
    'it ignores conditions on Complete',
    [
      'If-None-Match: * refuses a taken key, keeps the upload, and completes once it is free',
      'Complete with If-Match replaces what it names and nothing else',
      'of twenty racing uploads one wins',
    ],
  ],
  [
    'another code: InvalidObjectName',
    ['1,025 bytes are KeyTooLongError', 'bytes that are no UTF-8 are refused'],
  ],
  [
    'it reads ranges and tokens that are none in its own way',
    [
      'a continuation token that is none is refused',
      'refuses a range past the end, of another form, or of a small source',
      'bytes=-0 of 3000000 is past the end',
      'bytes=5-2 is no range: the whole object comes',
      'bytes=a-b is no range: the whole object comes',
      'bytes=- is no range: the whole object comes',
    ],
  ],
  [
    'it has no storage class but its own',
    [
      'becomes one object, with everything said when it was created',
      'the storage class is kept, the ordinary one not named',
    ],
  ],
  ['it does not read by part number', ['a part of the object can be read by its number']],
  ['it wants every part listed', ['parts that are not listed are left out']],
  ['the copy keeps the ETag of the parts', ['its object can be copied']],
  [
    'it does not check the order of parts',
    [
      'parts out of order or twice: InvalidPartOrder',
      'a gap in the numbers of parts that have checksums: InvalidPartOrder',
    ],
  ],
  ['it ignores MpuObjectSize', ['another total than MpuObjectSize says, and keeps the upload']],
  [
    'it takes any part number',
    [
      'part number "0": InvalidArgument',
      'part number "10001": InvalidArgument',
      'part number "-1": InvalidArgument',
    ],
  ],
  [
    'it answers 500 to a Complete of an upload that was aborted',
    ['ends the upload: everything after it is NoSuchUpload'],
  ],
  ['it lists uploads without their common prefixes', ['names what is under way, by key, on pages']],
  [
    'ETags of copies come without quotes',
    ['takes a whole object or a range of it', 'bytes, description and tags are copied'],
  ],
  [
    'it knows aws-chunked bodies only signed and without a trailer, and does not notice where they break off',
    [
      'aws-chunked is no content encoding of the object',
      'may be a stream, which the SDK sends in chunks with a trailer',
      'signed chunks and a signed trailer: 200 ',
      'a changed trailer: 403 SignatureDoesNotMatch',
      'an unsigned trailer: 403 SignatureDoesNotMatch',
      'a chunk missing: 400 IncompleteBody',
      'a chunk too many: 400 IncompleteBody',
      'the end missing: 400 IncompleteBody',
      'a chunk header that is none: 400 IncompleteBody',
    ],
  ],
  ['it takes more metadata', ['more than 2 KB of metadata is MetadataTooLarge']],
  [
    'it encrypts nothing unless it has keys',
    ['server-side encryption is repeated', 'under KMS equal bytes have different ETags'],
  ],
  ['If-Match: * is no ETag that it has', ['GET, If-Match with *: 200']],
  ['it ignores the condition', ['If-Match deletes only what it names', 'conditions on the source are kept']],
  ['it refuses without the code', ['DeleteObjects refuses 1,001 keys and keeps what is there']],
  ['it does not copy with other tags', ['description and tags can be replaced']],
  ['it takes a tag twice', ['a name twice: InvalidTag']],
  [
    'it checks signatures less strictly, or says so with another code',
    [
      'with another region: 400 AuthorizationHeaderMalformed',
      'with an x-amz- header unsigned: 403 AccessDenied',
      'with no fields: 400 AuthorizationHeaderMalformed',
      'with another scheme: 400 InvalidRequest',
      'of a time to come: 403 AccessDenied',
      'for more than a week: 400 AuthorizationQueryParametersError',
      'for no time: 400 AuthorizationQueryParametersError',
      'without a date: 400 AuthorizationQueryParametersError',
      'of another algorithm: 400 AuthorizationQueryParametersError',
    ],
  ],
];
