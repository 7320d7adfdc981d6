/**
 * A table in Markdown whose columns are laid out, so that it reads well unrendered too. So many columns are text, the rest
 * numbers.
 */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  textColumns = 1,
): string => {
  const widths = head.map((title, column) =>
    Math.max(title.length, 3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const isText = (column: number) => column < textColumns;
  const line = (cells: readonly string[]) => {
    const padded = widths.map((width, column) => {
      const text = cells[column] ?? '';
      return isText(column) ? text.padEnd(width) : text.padStart(width);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) => `${'-'.repeat(width + 1)}${isText(column) ? '-' : ':'}`);
  return [line(head), `|${rule.join('|')}|`, ...rows.map(line)].join('\n');
};

/** `1,234` or `1.23`: three digits that matter. */
export const figure = (value: number): string => {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
};

export const bytesText = (bytes: number): string => {
  const units = [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const;
  const fitting = units.find(([, size]) => bytes >= size && bytes % size === 0);
  return fitting === undefined
    ? `${bytes.toLocaleString('en-US')} bytes`
    : `${(bytes / fitting[1]).toLocaleString('en-US')} ${fitting[0]}`;
};
