/** The one upload protocol there is: "BITS 1.5 Upload Protocol" [MC-BUP 1.7.1]. Sent in lower case, compared in any case. */
export const BITS_UPLOAD_PROTOCOL = '{7df0354d-249b-430f-820d-3d2a9bef4931}';

/** The extension method of every upload packet [MC-BUP 2.2.1]; methods are case-sensitive. */
export const BITS_POST = 'BITS_POST';

/** A longer value of a `BITS-*` or `Content-*` header is refused [MC-BUP 2.2.1, note 2]. */
export const maxHeaderValueBytes = 4096;

/** A server looks at no more protocol identifiers than this [MC-BUP note 6]. */
export const maxProtocolIds = 100;

/** The smallest fragment that a current client sends, the tail of a file excepted [MC-BUP note 16]. */
export const minFragmentLimitBytes = 5120;

/** The principal of everybody where no credentials are asked for; nobody else's. */
export const anonymousPrincipal = 'anonymous';

/** Result codes of the error headers [Win32 "BITS Return Values"]. */
export const HResult = {
  E_ACCESSDENIED: 0x80070005,
  E_INVALIDARG: 0x80070057,
  /** ERROR_DISK_FULL as HRESULT; MC-BUP prints 0x80070112, which is not that error's value. */
  ERROR_DISK_FULL: 0x80070070,
  /** What MC-BUP 3.3 prints for a server application that did not answer in time. */
  APPLICATION_TIMEOUT: 0x80070112,
  BG_E_SESSION_NOT_FOUND: 0x8020001f,
  BG_E_TOO_LARGE: 0x80200020,
} as const;

/** The code that BITS itself makes of an HTTP status: 0x80190193 of 403 [Win32 "BITS Return Values"]. */
export const httpErrorHresult = (status: number): number => 0x80190000 + status;

/** Who failed: the server itself, or the server application behind it [MC-BUP 2.2.1.2]. */
export const ErrorContext = { remoteFile: 0x5, remoteApplication: 0x7 } as const;

/** `0x` and eight upper-case hexadecimal digits. */
export const formatHResult = (hresult: number): string =>
  `0x${(hresult >>> 0).toString(16).toUpperCase().padStart(8, '0')}`;

/** `0x5` or `0x7`. */
export const formatErrorContext = (context: number): string => `0x${context.toString(16)}`;
