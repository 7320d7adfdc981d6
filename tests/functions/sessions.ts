import type { ResolvedDestination } from '../../lib/access/destination.ts';
import type { UploadLimits } from '../../lib/upload/services.ts';
import { memoryHarness } from '../support/functions-harness.ts';
import { cancelPacket, closePacket, openSession, textFragment } from '../support/packets.ts';
import type { Harness } from './state.ts';

/** The file of most tests. */
export const text = 'abcdefghijklmnopqrstuvwxyz';

export interface Staged {
  readonly harness: Harness;
  readonly session: string;
}

/** A new session, and what the destination says of it. */
export const opened = async (
  destination: Partial<ResolvedDestination> = {},
  limits: Partial<UploadLimits> = {},
): Promise<Staged> => {
  const harness = memoryHarness({ destination, limits });
  return { harness, session: await openSession(harness) };
};

/** Half of the file is acknowledged: one piece in staging. */
export const halfway = async (destination: Partial<ResolvedDestination> = {}): Promise<Staged> => {
  const { harness, session } = await opened(destination);
  await harness.send(textFragment(session, text, 0, 13));
  return { harness, session };
};

/** Every byte is acknowledged: STORED with `publishOn: close-session`, COMPLETE with `last-fragment`. */
export const sent = async (destination: Partial<ResolvedDestination> = {}): Promise<Staged> => {
  const { harness, session } = await halfway(destination);
  await harness.send(textFragment(session, text, 13));
  return { harness, session };
};

/** How each outcome of a session comes about. */
export const endings = {
  published: async (): Promise<Staged> => {
    const { harness, session } = await sent();
    await harness.send(closePacket(session));
    return { harness, session };
  },
  'published at the last fragment': async (): Promise<Staged> => {
    const { harness, session } = await sent({ publishOn: 'last-fragment' });
    await harness.send(closePacket(session));
    return { harness, session };
  },
  cancelled: async (): Promise<Staged> => {
    const { harness, session } = await halfway();
    await harness.send(cancelPacket(session));
    return { harness, session };
  },
  refused: async (): Promise<Staged> => {
    const { harness, session } = await sent();
    harness.objects.plant('destination', 'file.bin');
    await harness.send(closePacket(session));
    return { harness, session };
  },
  early: async (): Promise<Staged> => {
    const { harness, session } = await halfway();
    await harness.send(closePacket(session));
    return { harness, session };
  },
  'lost before CLOSE': async (): Promise<Staged> => {
    const { harness, session } = await sent();
    harness.objects.uploads.clear();
    await harness.send(closePacket(session));
    return { harness, session };
  },
  'lost while receiving': async (): Promise<Staged> => {
    const { harness, session } = await halfway();
    harness.objects.pieces.clear();
    harness.coldStart();
    await harness.send(textFragment(session, text, 13));
    return { harness, session };
  },
} as const;
