import type { Header } from '../http/message.ts';
import type { Ack } from './ack.ts';
import type { Credentials, CredentialUse } from './options.ts';

/** Holds the credentials of a job and decides with which packets they go. Basic only. */
export class Authentication {
  #isChallenged = false;
  #isProxyChallenged = false;
  readonly #credentials: Credentials | undefined;
  readonly #use: CredentialUse;

  constructor(credentials: Credentials | undefined, use: CredentialUse) {
    this.#credentials = credentials;
    this.#use = use;
  }

  /** Headers for the next packet. `isAnswer` marks the repeat that answers a challenge. */
  headers(isAnswer: boolean): readonly Header[] {
    if (this.#credentials === undefined) return [];
    const value = basicAuthorization(this.#credentials);
    const isDue = isAnswer || this.#use !== 'challenged-each-time';
    const headers: Header[] = [];
    if ((this.#isChallenged && isDue) || this.#use === 'pre-emptive') headers.push(['Authorization', value]);
    if (this.#isProxyChallenged && isDue) headers.push(['Proxy-Authorization', value]);
    return headers;
  }

  /** Takes a 401 or 407; says whether repeating the packet with credentials can help. */
  accept(challenge: Pick<Ack, 'status' | 'challenges'>): boolean {
    if (this.#credentials === undefined || !challenge.challenges.some(offersBasic)) return false;
    if (challenge.status === 407) this.#isProxyChallenged = true;
    else this.#isChallenged = true;
    return true;
  }
}

/** `Basic` and the base64 of `user:password` in UTF-8 (RFC 7617). */
export function basicAuthorization({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

const offersBasic = (challenge: string) => /(^|,)\s*basic(\s|$|,)/i.test(challenge);
