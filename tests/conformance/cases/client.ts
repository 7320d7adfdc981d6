import {
  BitsUpload,
  type BitsUploadOptions,
  generatedSource,
  httpTransport,
  MAX_FRAGMENT_BYTES,
  MIN_FRAGMENT_BYTES,
} from '../../support/bits-client/index.ts';
import type { ConformanceCase } from '../case.ts';
import type { CaseContext } from '../context.ts';
import type { Destination } from '../destination.ts';
import { demand } from '../failures.ts';

/** File and first fragment sizes: the bounds of current clients, the bound of old ones, 1 MiB, a prime. */
const SIZES: readonly (readonly [fragmentBytes: number, fileBytes: number])[] = [
  [MIN_FRAGMENT_BYTES, 100_003],
  [65_537, 500_000],
  [131_072, 1_000_000],
  [1_048_576, 5_000_001],
  [MAX_FRAGMENT_BYTES, 14_000_000],
];

/** Whole uploads by the client, over Node's HTTP client: sections 1, 6.4 and 13. */
export const client: readonly ConformanceCase[] = [
  ...SIZES.map(
    ([fragmentSizeBytes, fileBytes]): ConformanceCase => ({
      id: `client-${fragmentSizeBytes}`,
      title: `${fileBytes} bytes in fragments of ${fragmentSizeBytes}, or what the server lets through`,
      section: '4, 13.3, 17',
      isLarge: fileBytes > 200_000,
      run: (context) => uploads(context, fileBytes, { fragmentSizeBytes }),
    }),
  ),
  {
    id: 'client-lost-acks',
    title: 'the first Ack of every packet lost: the file arrives all the same',
    section: '6.4, 7.8',
    run: (context) => {
      const seen = new Set<string>();
      return uploads(context, 60_000, {
        onPacket: ({ type, range }) => {
          const packet = `${type} ${range?.first}`;
          const isFirst = !seen.has(packet);
          seen.add(packet);
          return isFirst ? { kind: 'lose-ack' } : undefined;
        },
      });
    },
  },
  {
    id: 'client-cut-bodies',
    title: 'every second FRAGMENT cut short: the file arrives all the same',
    section: '6.4, 7.5 F10',
    run: (context) => {
      let fragments = 0;
      return uploads(context, 60_000, {
        onPacket: ({ type }) =>
          type === 'Fragment' && fragments++ % 2 === 0 ? { kind: 'truncate', bodyBytes: 3_000 } : undefined,
      });
    },
  },
  {
    id: 'client-doubled',
    title: 'every packet twice, FRAGMENTs four times at once: the file arrives once',
    section: '7.5 F12, 7.8',
    run: (context) =>
      uploads(context, 60_000, {
        onPacket: ({ type }) =>
          type === 'Fragment' ? { kind: 'parallel', copies: 4 } : { kind: 'resend', times: 1 },
      }),
  },
  {
    id: 'client-jumps',
    title: 'a client that jumps ahead and back is led to the right offset',
    section: '7.5 F8, F9, F11',
    run: (context) => {
      let fragments = 0;
      return uploads(context, 60_000, {
        serverMode: 'overlap',
        fragmentOffset: (acknowledged) => {
          const jump = [0, 9_000, -3_000, -acknowledged][fragments++ % 4] ?? 0;
          return Math.min(Math.max(0, acknowledged + jump), 59_999);
        },
      });
    },
  },
  {
    id: 'reply-download',
    title: 'an upload with a reply: the last Ack names it, HEAD and ranges work, CLOSE comes after',
    section: '9, 15 X6',
    run: async (context) => {
      const base = context.require('replyUrl');
      for (const reply of [{ head: true, rangeBytes: 25 }, { head: false }]) {
        const result = await run(context, context.destination(base), 1_000, { reply });
        demand(result.reply !== undefined, 'no reply was downloaded');
      }
    },
  },
];

async function uploads(
  context: CaseContext,
  fileBytes: number,
  options: Partial<BitsUploadOptions>,
): Promise<void> {
  const destination = context.destination();
  await run(context, destination, fileBytes, options);
  const source = generatedSource(fileBytes, destination.target);
  await context.expectObject(destination, await source.read(0, fileBytes));
}

async function run(
  context: CaseContext,
  destination: Destination,
  fileBytes: number,
  options: Partial<BitsUploadOptions>,
) {
  const { credentials } = context.options;
  const transport = httpTransport({ responseTimeoutMs: context.options.answerTimeoutMs ?? 30_000 });
  const upload = new BitsUpload({
    fragmentSizeBytes: 8_000,
    ...options,
    url: destination.url,
    source: generatedSource(fileBytes, destination.target),
    transport,
    retryDelayMs: 20,
    noProgressTimeoutMs: 60_000,
    ...(credentials === undefined ? {} : { credentials }),
    onEvent: (event) => {
      if (event.kind === 'retry') context.log.transcript.push(`(retry: ${event.reason})`);
      if (event.kind === 'shrink') {
        context.note(`shrank to fragments of ${event.fragmentSizeBytes} bytes`);
      }
    },
  });
  try {
    return await upload.run();
  } catch (error) {
    // A failed case must not leave its session behind.
    await upload.cancel();
    throw error;
  } finally {
    transport.close();
  }
}
