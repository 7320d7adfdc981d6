/** A name to upload to. */
export interface Destination {
  readonly url: URL;
  /** As it goes on the request line; may be spelled in another way than the URL. */
  readonly target: string;
}
