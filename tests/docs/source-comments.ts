import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = new URL('../../', import.meta.url);

/** A reference from code to the protocol page. */
export interface Reference {
  /** A row (`F7a`, `X4`) or the number of a section (`7.5`). */
  readonly name: string;
  /** Where it stands: `lib/session/decide-fragment.ts:49`. */
  readonly at: string;
}

const folders = [
  'lib',
  'functions',
  'tests/conformance',
  'tests/exchanges',
  'tests/functions',
  'tests/session',
];

/**
 * Rows are numbered from 1 and stand alone: neither the escape `%C3` nor a group of a GUID is one. X is a worked exchange;
 * its steps (`X4.5`) belong to it.
 */
const rowName = /(?<![%\w-])[CKFZX][1-9]\d?[a-z]?(?!\w)/g;
/** In the conformance cases, as data (`section: '6.5, 7.5 F14'`) and in comments (`Sections 7.6 and 7.7`). */
const sectionList = /section: '([^']*)'|[Ss]ections? ((?:\d+(?:\.\d+)?(?:, | and )?)+)/g;

/** Every row that code and tests name. */
export const referencedRows = async (): Promise<readonly Reference[]> =>
  (await linesOf(folders)).flatMap(({ text, at }) =>
    [...text.matchAll(rowName)].map(([name]) => ({ name, at })),
  );

/** Every section that the conformance suite names. */
export const referencedSections = async (): Promise<readonly Reference[]> =>
  (await linesOf(['tests/conformance', 'tests/exchanges'])).flatMap(({ text, at }) =>
    [...text.matchAll(sectionList)].flatMap(([, data, prose]) =>
      [...(data ?? prose ?? '').matchAll(/(?<![\w.])\d+(?:\.\d+)?/g)].map(([name]) => ({ name, at })),
    ),
  );

const linesOf = async (under: readonly string[]): Promise<readonly { text: string; at: string }[]> => {
  const files = (await Promise.all(under.map(filesOf))).flat();
  const lines = await Promise.all(
    files.map(async (file) =>
      (await readFile(new URL(file, root), 'utf8'))
        .split('\n')
        .map((text, index) => ({ text, at: `${file}:${index + 1}` })),
    ),
  );
  return lines.flat();
};

const filesOf = async (folder: string): Promise<readonly string[]> =>
  (await readdir(new URL(folder, root), { recursive: true }))
    .filter((name) => /\.(ts|http)$/.test(name))
    .map((name) => join(folder, name));
