import type { CheckName } from '../all-checks.ts';

/** A mistake that somebody could make, the check that has to find it, and what it says. */
export interface PlantedDefect {
  readonly defect: string;
  readonly check: CheckName | 'https';
  readonly plant: (template: unknown) => void;
  readonly message: RegExp;
}

type Path = readonly (string | number)[];

const stepInto = (value: unknown, key: string | number): unknown => {
  if (typeof value !== 'object' || value === null) throw new Error(`nothing to step into at ${key}`);
  return Reflect.get(value, key);
};

const edit = (
  template: unknown,
  path: Path,
  isThere: boolean,
  change: (parent: object, key: string | number) => void,
): void => {
  const last = path.at(-1);
  const parent = path.slice(0, -1).reduce(stepInto, template);
  if (typeof parent !== 'object' || parent === null || last === undefined)
    throw new Error(`no ${path.join('.')}`);
  if ((Reflect.get(parent, last) !== undefined) !== isThere)
    throw new Error(`${isThere ? 'no' : 'there is a'} ${path.join('.')}`);
  change(parent, last);
};

/** Puts a value in the place of one that is there, below `Resources`. */
export const set = (path: Path, value: unknown) => (template: unknown) =>
  edit(template, ['Resources', ...path], true, (parent, key) => Reflect.set(parent, key, value));

/** Adds what is not there, below `Resources`. */
export const add = (path: Path, value: unknown) => (template: unknown) =>
  edit(template, ['Resources', ...path], false, (parent, key) => Reflect.set(parent, key, value));

/** Takes away what is there, below `Resources`. */
export const remove = (path: Path) => (template: unknown) =>
  edit(template, ['Resources', ...path], true, (parent, key) => Reflect.deleteProperty(parent, key));
