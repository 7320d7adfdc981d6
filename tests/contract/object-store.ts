import type { ObjectStore } from '../../lib/upload/object-store.ts';
import { type Deviations, promisesWith } from './deviations.ts';
import { describeCompletions } from './object-store-completions.ts';
import { ObjectStoreContext } from './object-store-context.ts';
import { describeObjects } from './object-store-objects.ts';
import { describePieces } from './object-store-pieces.ts';
import { describeUploads } from './object-store-uploads.ts';

export interface ObjectStoreOptions {
  /** Called in every test: the store may be shared, every test uses keys of its own. */
  readonly store: () => ObjectStore;
  /** A bucket that objects may be published in. */
  readonly bucket: string;
  /** The least that every part but the last must have here. */
  readonly minPartBytes: number;
  readonly deviations?: Deviations;
  /** How many ListParts requests the server has seen, where it can tell. */
  readonly listPartsRequests?: () => number;
}

/** What every ObjectStore promises. Call it inside a `describe`. */
export const describeObjectStore = (options: ObjectStoreOptions): void => {
  const { promise, check } = promisesWith(options.deviations ?? {});
  const context = new ObjectStoreContext(promise, options);
  describePieces(context);
  describeUploads(context, options.listPartsRequests ?? (() => 0));
  describeCompletions(context);
  describeObjects(context);
  check();
};
