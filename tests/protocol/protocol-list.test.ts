import { describe, expect, it } from 'vitest';
import { offersOurProtocol } from '../../lib/protocol/protocol-list.ts';

const ours = '{7df0354d-249b-430f-820d-3d2a9bef4931}';
const other = (index: number) => `{00000000-0000-0000-0000-${index.toString(16).padStart(12, '0')}}`;
const others = (count: number) => Array.from({ length: count }, (_, index) => other(index));

describe('offersOurProtocol (K1)', () => {
  it.each([
    ['alone', ours],
    ['alone, upper case', ours.toUpperCase()],
    ['alone, no braces', ours.slice(1, -1)],
    ['first of a comma list', `${ours},${other(1)}`],
    ['last of a comma list', `${other(1)},${ours}`],
    ['last of a comma list with spaces', `${other(1)}, ${ours}`],
    ['last of a space list', `${other(1)} ${ours}`],
    ['last of a tab list', `${other(1)}\t${ours}`],
    ['in a mixed list', `${other(1)} ,\t ${other(2)},,${ours}\t,${other(3)}`],
    ['white space at both ends', ` \t${ours}\t `],
    ['commas at both ends', `,${ours},`],
    ['behind an item that is no GUID', `garbage,${ours}`],
    ['behind half a GUID', `{7df0354d-249b-430f-820d ${ours}`],
    ['twice', `${ours} ${ours}`],
    ['as the 100th of 100', [...others(99), ours].join(',')],
    ['as the 100th of 101', [...others(99), ours, other(100)].join(' ')],
    ['as the 100th, empty items not counted', `,,, ${[...others(99), ours].join(' ,, ')}`],
  ])('%s', (_, list) => {
    expect(offersOurProtocol(list)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['separators only', ' ,\t, '],
    ['another protocol', other(1)],
    ['garbage', 'garbage'],
    ['ours inside garbage', `x${ours}`],
    ['ours with one brace', ours.slice(0, -1)],
    ['separated by what is no separator', `${other(1)};${ours}`],
    ['as the 101st of 101', [...others(100), ours].join(',')],
    ['as the 101st behind items that are no GUIDs', [...Array(100).fill('x'), ours].join(',')],
  ])('not: %s', (_, list) => {
    expect(offersOurProtocol(list)).toBe(false);
  });
});
