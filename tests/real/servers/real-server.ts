/** A server that we did not write, running on this machine's loopback. */
export interface RealServer {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** A server with an S3 interface. */
export interface RealS3 extends RealServer {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Starts a server whose files all lie in `folder`, which must be there and empty. */
export type StartServer<S extends RealServer> = (folder: string) => Promise<S>;

/** Stops one after the other, the last one first. */
export const stopAll = async (daemons: readonly { stop(): Promise<void> }[]): Promise<void> => {
  for (const daemon of daemons.toReversed()) await daemon.stop();
};
