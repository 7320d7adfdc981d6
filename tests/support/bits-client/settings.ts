import type { BitsUploadOptions, ClientEvent, PacketAction } from './options.ts';
import { MIN_FRAGMENT_BYTES, systemClock } from './options.ts';
import { type PacketType, PUBLISHED_SPELLING, type Spelling } from './packet.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The options of a job with every default filled in. */
export type Settings = ReturnType<typeof settle>;

/** Fills in the defaults. Throws RangeError for a size or count that cannot work. */
export function settle(options: BitsUploadOptions) {
  const url = new URL(options.url);
  const spelling: Spelling = { ...PUBLISHED_SPELLING, ...options.spelling };
  const contentNameOn: readonly PacketType[] = options.contentNameOn ?? ['Fragment'];
  const pingBefore: readonly PacketType[] = options.pingBefore ?? [];
  return {
    url,
    /** As given: the client does no escaping of the URL itself beyond what the URL parser must do. */
    target: `${url.pathname}${url.search}`,
    source: options.source,
    fragmentSizeBytes: positive('fragmentSizeBytes', options.fragmentSizeBytes ?? 1_000_000),
    minFragmentSizeBytes: positive(
      'minFragmentSizeBytes',
      options.minFragmentSizeBytes ?? MIN_FRAGMENT_BYTES,
    ),
    retryDelayMs: options.retryDelayMs ?? 600_000,
    noProgressTimeoutMs: options.noProgressTimeoutMs ?? 14 * DAY_MS,
    cancelTimeoutMs: Math.min(options.cancelTimeoutMs ?? DAY_MS, options.noProgressTimeoutMs ?? DAY_MS),
    maxFruitlessPackets: positive('maxFruitlessPackets', options.maxFruitlessPackets ?? 64),
    offsetOnNewSession: options.offsetOnNewSession ?? 'reset',
    closeOnSessionNotFound: options.closeOnSessionNotFound ?? 'stop',
    serverMode: options.serverMode ?? 'any',
    emptyFile: options.emptyFile ?? 'fragment',
    customHeaders: options.customHeaders ?? [],
    contentName: options.contentName ?? decodeURIComponent(url.pathname.split('/').at(-1) ?? ''),
    contentNameOn,
    pingBefore,
    userAgent: options.userAgent ?? 'Microsoft BITS/7.8',
    spelling,
    reply: options.reply,
    closeTimes: positive('closeTimes', options.closeTimes ?? 1),
    cancelTimes: positive('cancelTimes', options.cancelTimes ?? 1),
    resume: options.resume,
    fragmentOffset: options.fragmentOffset ?? ((acknowledged: number) => acknowledged),
    onPacket: options.onPacket ?? ((): PacketAction | undefined => undefined),
    onEvent: options.onEvent ?? ((_event: ClientEvent) => undefined),
    clock: options.clock ?? systemClock,
  };
}

function positive(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`${name} must be a whole number above 0`);
  return value;
}
