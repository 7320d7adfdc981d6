/** Where the services are that every contender stores in. */
export interface Places {
  readonly s3Endpoint: string;
  readonly dynamodbEndpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly table: string;
  readonly stagingBucket: string;
  readonly uploadBucket: string;
}

/** Files of one size, sent at once by as many clients, each in fragments of one length. */
export interface Load {
  /** Unique in the whole run; the files' names begin with it. */
  readonly name: string;
  readonly clients: number;
  readonly fileBytes: number;
  readonly fragmentBytes: number;
}

/** Sends one file; told of every Ack as it comes, with the time that passed since the fragment was handed over. */
export type Upload = (file: OneFile, onAck: (ackMs: number) => void) => Promise<void>;

export interface OneFile {
  /** Without a slash. */
  readonly name: string;
  readonly fileBytes: number;
  readonly fragmentBytes: number;
}

/** A server, or a way of storing, inside its own process. */
export type Contender =
  /** Called as a function in the same process, as a Lambda runtime calls a handler. */
  | { readonly kind: 'calls'; readonly upload: Upload }
  /** Called over HTTP by clients in another process. */
  | { readonly kind: 'http'; readonly url: string };

export type StartContender = (places: Places) => Promise<Contender>;

/** The fragments of a file, as `[from, end)`. */
export function* fragmentsOf({
  fileBytes,
  fragmentBytes,
}: OneFile): Generator<{ readonly from: number; readonly end: number }> {
  for (let from = 0; from < fileBytes; from += fragmentBytes) {
    yield { from, end: Math.min(from + fragmentBytes, fileBytes) };
  }
}

/** Runs the uploads of a load at once; the times of all Acks, in no order. */
export const runLoad = async (load: Load, upload: Upload): Promise<number[]> => {
  const acksMs: number[] = [];
  await Promise.all(
    Array.from({ length: load.clients }, (_, index) =>
      upload({ ...load, name: `${load.name}-${index}` }, (ackMs) => acksMs.push(ackMs)),
    ),
  );
  return acksMs;
};
