/**
 * Pairs the session ids written in an exchange with the ones that the server under test issues. A server that is
 * made to issue the written ids needs nothing of this.
 */
export class SessionIds {
  readonly #actualByWritten = new Map<string, string>();

  /** Notes the id issued where the exchange has `written`. Returns a complaint if that cannot be. */
  bind(written: string, actual: string): string | undefined {
    const known = this.#actualByWritten.get(written);
    if (known !== undefined && known !== actual)
      return `session id ${actual} where ${known} was issued before`;
    for (const [otherWritten, otherActual] of this.#actualByWritten) {
      if (otherActual === actual && otherWritten !== written) return `session id ${actual} was issued twice`;
    }
    this.#actualByWritten.set(written, actual);
    return undefined;
  }

  /** The issued id for a written one; an id that was never issued stands for itself. */
  toActual(written: string): string {
    return this.#actualByWritten.get(written) ?? written;
  }
}
