const guidPattern = /^\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?$/i;

/**
 * A GUID in its canonical form here: upper-case digits, no braces. Accepts either letter case, and braces on both
 * sides or none [MS-DTYP 2.3.4.3; MC-BUP 2.2.1.2]. Anything else is `undefined`.
 */
export const parseGuid = (text: string): string | undefined => {
  const digits = guidPattern.exec(text)?.[1];
  if (digits === undefined || text.startsWith('{') !== text.endsWith('}')) return undefined;
  return digits.toUpperCase();
};

/** Registry form, as sent on the wire: `{0B5E2C1A-7D34-4F6E-9A21-3C8D5E7F9012}`. */
export const formatGuid = (guid: string): string => `{${guid.toUpperCase()}}`;
