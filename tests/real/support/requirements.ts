import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** What a step needs on the machine: a program on PATH, or a file below the folder of fetched npm packages. */
export interface Requirements {
  readonly programs?: readonly string[];
  readonly packages?: readonly string[];
}

/** Those that are not there, each as a person would name it. */
export const missingOf = async (
  { programs = [], packages = [] }: Requirements,
  nodeModules: string,
): Promise<readonly string[]> => {
  const missing: string[] = [];
  for (const program of programs) {
    const folders = (process.env['PATH'] ?? '').split(delimiter);
    const found = await Promise.all(folders.map((folder) => can(join(folder, program), constants.X_OK)));
    if (!found.includes(true)) missing.push(`the program ${program}`);
  }
  for (const file of packages) {
    if (!(await can(join(nodeModules, file), constants.R_OK))) missing.push(`${file} in ${nodeModules}`);
  }
  return missing;
};

const can = (path: string, mode: number): Promise<boolean> =>
  access(path, mode).then(
    () => true,
    () => false,
  );
