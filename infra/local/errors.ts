/** Why the local stack did not start. */
export type StartErrorCode =
  | 'PORT_UNAVAILABLE'
  | 'DATA_DIR_UNUSABLE'
  | 'DATA_DIR_IN_USE'
  | 'TABLE_OUTDATED'
  | 'BAD_SETTING'
  | 'BAD_DESTINATIONS'
  | 'BAD_SERVICE'
  | 'BAD_STORAGE_TEMPLATE';

/**
 * The local stack cannot start, and it is something that its user can put right. The message is one line and names
 * the setting, the file or the key.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, options?: ErrorOptions) {
    super(message.replace(/\s*\n\s*/g, ' '), options);
    this.code = code;
  }
}

/** The code of a system error (`EADDRINUSE`), or `undefined` for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
