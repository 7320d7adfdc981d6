import type { Item } from '../../lib/session/item.ts';

/** The item of a PutItem as the SDK sent it: binaries are in base64. */
export const itemOf = (wire: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Item => {
  const item: Item = {};
  for (const [name, { S, N, B, BOOL }] of Object.entries(wire)) {
    if (typeof S === 'string') item[name] = { S };
    else if (typeof N === 'string') item[name] = { N };
    else if (typeof B === 'string') item[name] = { B: Buffer.from(B, 'base64') };
    else if (typeof BOOL === 'boolean') item[name] = { BOOL };
  }
  return item;
};
