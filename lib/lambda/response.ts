import type { ALBResult } from 'aws-lambda';
import type { Ack } from '../protocol/ack.ts';

/**
 * The Lambda response of an Ack. Every header value is a string and no field is null: ALB turns anything else into a bare
 * 502. `Content-Length: 0` is ALB's to write.
 */
export const responseFromAck = (ack: Ack, multiValueHeaders: boolean): ALBResult => ({
  statusCode: ack.status,
  statusDescription: `${ack.status} ${ack.reason}`,
  isBase64Encoded: false,
  ...(multiValueHeaders
    ? {
        multiValueHeaders: Object.fromEntries(
          Object.entries(ack.headers).map(([name, value]) => [name, [value]]),
        ),
      }
    : { headers: { ...ack.headers } }),
  body: '',
});
