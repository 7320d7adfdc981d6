/**
 * The application behind a destination that sees a finished upload and answers it: docs/reply-applications.md. Plain data,
 * like the rest of a destination.
 */
export type ReplyApplication = LambdaApplication | HttpApplication;

interface ApplicationTerms {
  /** How long it may take, all in all. */
  readonly timeoutSeconds: number;
  /** A longer reply is an invalid answer. */
  readonly maximumReplyBytes: number;
}

export interface LambdaApplication extends ApplicationTerms {
  readonly kind: 'lambda';
  /** ARN of a function, an alias or a version. */
  readonly function: string;
}

export interface HttpApplication extends ApplicationTerms {
  readonly kind: 'http';
  /** Absolute, or relative to the directory of the upload's URL. */
  readonly url: string;
  readonly mode: 'by-reference' | 'by-value';
  /**
   * Hosts that a relative URL may come to, with the port unless that is the scheme's own: a client writes its Host header as
   * it likes.
   */
  readonly hosts: readonly string[];
  /** Host names that may be spoken to in the clear, and have private, loopback or link-local addresses. */
  readonly privateHosts: readonly string[];
  /** Where the value of the application's `Authorization` header is kept; `null` for none. */
  readonly secret: string | null;
}

/** Whether the URL needs the upload's own to be complete. */
export const isRelative = (url: string): boolean => !/^[a-z][a-z0-9+.-]*:/i.test(url);

/**
 * Why the POST for an upload may not go where the URL leads; `undefined` where it may. Which host, port and scheme complete
 * a relative URL, the client decides; whether those are ours, the configuration.
 */
export const addressFault = (
  { url, hosts, privateHosts }: HttpApplication,
  upload: URL,
): string | undefined => {
  const { host, hostname, protocol } = new URL(url, upload);
  if (isRelative(url) && !hosts.includes(host)) return `hosts does not name ${host}`;
  return protocol !== 'https:' && !privateHosts.includes(hostname)
    ? `${hostname} would be spoken to without TLS`
    : undefined;
};
