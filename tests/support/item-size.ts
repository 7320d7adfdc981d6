import type { AttributeValue } from '@aws-sdk/client-dynamodb';

const utf8Bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

/** A number takes 1 byte, 1 for every two significant digits, and 1 for a minus sign; zeros at either end are no digits. */
const numberBytes = (text: string): number => {
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/[-+.]/g, '')
    .replace(/^0+|0+$/g, '');
  return 1 + Math.ceil(digits.length / 2) + (text.startsWith('-') ? 1 : 0);
};

const valueBytes = (name: string, value: AttributeValue): number => {
  if (value.S !== undefined) return utf8Bytes(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.B !== undefined) return value.B.byteLength;
  if (value.BOOL !== undefined || value.NULL !== undefined) return 1;
  throw new Error(`attribute ${name} is of a type that session items do not have`);
};

/**
 * The size in bytes by which DynamoDB bills a write of the item: the UTF-8 bytes of every attribute name and the size of
 * every value [DynamoDB Developer Guide, "DynamoDB item sizes and formats"]. Knows the types of a session item: strings,
 * numbers, binaries, booleans and null.
 * @throws Error for any other type
 */
export const itemSizeBytes = (item: Readonly<Record<string, AttributeValue>>): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + utf8Bytes(name) + valueBytes(name, value), 0);
