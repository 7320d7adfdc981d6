import {
  basicAuthorization,
  generatedSource,
  packetRequest,
  rawTransport,
} from '../../support/bits-client/index.ts';
import { type HttpResponse, headerValue } from '../../support/http/message.ts';
import { type Check, fails, fileUrl, holds, type Subject } from '../check.ts';
import { upload } from './upload.ts';

/** A fragment of a session that there is not: whether its body gets through is all that is asked. */
const strayFragment = async (subject: Subject, bodyBytes: number): Promise<HttpResponse> => {
  const url = fileUrl(subject, 'stray');
  const transport = rawTransport({ responseTimeoutMs: 60_000 });
  try {
    return await transport.send(
      packetRequest({
        type: 'Fragment',
        target: url.pathname,
        host: url.host,
        sessionId: '{00000000-0000-4000-8000-000000000000}',
        range: { first: 0, last: bodyBytes - 1, total: bodyBytes },
        body: Buffer.alloc(bodyBytes, 'B'),
        ...(subject.credentials === undefined
          ? {}
          : { extraHeaders: [['Authorization', basicAuthorization(subject.credentials)]] }),
      }),
      url,
    );
  } finally {
    transport.close();
  }
};

const isAck = ({ headers }: HttpResponse): boolean => headerValue(headers, 'BITS-Packet-Type') === 'Ack';

const told = (response: HttpResponse): string =>
  `${response.status} ${isAck(response) ? 'of the function' : 'of what stands before it'}`;

const oneMegabyte: Check = {
  id: 'one-megabyte',
  assumption: 'a fragment of 1,000,000 bytes reaches the function',
  async run(subject) {
    const asked = await strayFragment(subject, 1_000_000);
    const binary = await strayFragment(subject, 2 ** 20);
    const evidence = `1,000,000 bytes: ${told(asked)}; 1,048,576: ${told(binary)}`;
    return (isAck(asked) ? holds : fails)(evidence);
  },
};

const tooLarge: Check = {
  id: 'too-large',
  assumption:
    'a fragment that is too large is answered 413 before the connection goes, and a smaller one follows',
  async run(subject) {
    const bare = await strayFragment(subject, 2_000_000);
    if (bare.status !== 413) return fails(`2,000,000 bytes: ${told(bare)}`);
    const source = generatedSource(3_000_000, subject.runId);
    const { packets, retries } = await upload(subject, fileUrl(subject, 'too-large'), source, 2_000_000);
    const evidence = `${told(bare)}; 3,000,000 bytes in ${packets} packets, ${retries} interruptions`;
    return (retries === 0 ? holds : fails)(evidence);
  },
};

export const sizeChecks: readonly Check[] = [oneMegabyte, tooLarge];
