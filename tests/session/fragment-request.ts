import { type FragmentHead, readFragmentHead } from '../../lib/protocol/packet.ts';
import { RequestHeaders } from '../../lib/protocol/request.ts';
import type { FragmentLimits } from '../../lib/session/decide-fragment.ts';

/** Limits that nothing in these tests reaches by accident. */
export const limits: FragmentLimits = { maximumUploadBytes: 1000, fragmentLimitBytes: 500 };

/** The head of a FRAGMENT as its headers give it. */
export const headOf = (
  contentRange: string | undefined,
  contentLength: bigint,
  encoding?: string,
): FragmentHead =>
  readFragmentHead(
    new RequestHeaders([
      ...(contentRange === undefined ? [] : [['Content-Range', contentRange] as const]),
      ...(encoding === undefined ? [] : [['Content-Encoding', encoding] as const]),
    ]),
    contentLength,
  );

/** The head of a well-formed FRAGMENT with bytes first … last of a total, both inclusive. */
export const headFor = (first: number, last: number, total: number): FragmentHead =>
  headOf(`bytes ${first}-${last}/${total}`, BigInt(last - first + 1));
