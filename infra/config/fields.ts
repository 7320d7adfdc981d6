import { z } from 'zod';
import { parseByteCount, parseSeconds } from './quantities.ts';

const byteCountForm = 'a whole number of bytes, or one with B, KB, MB, GB, TB, KiB, MiB, GiB or TiB';
const secondsForm = 'a whole number of seconds, or one with s, m, h or d';

/** What was written, short enough for a message and safe for data that refers to itself. */
const describe = (value: unknown): string => {
  if (value === null) return 'nothing (give a value, or remove the line)';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
};

/** The one message of a value that is not what it should be. */
export const expected =
  (form: string, whenMissing = `required: ${form}`) =>
  ({ input }: { readonly input?: unknown }): string =>
    input === undefined ? whenMissing : `must be ${form}, not ${describe(input)}`;

const text = (form: string) => z.string({ error: expected(form) });
export const flag = () => z.boolean({ error: expected('true or false') });

/** A string field with a rule of its own that names what is wrong. */
export const checked = (form: string, faultsOf: (value: string) => readonly string[]) =>
  text(form).superRefine((value, context) => {
    for (const fault of faultsOf(value)) {
      context.addIssue({ code: 'custom', message: `${describe(value)}: ${fault}` });
    }
  });

const wholeNumberForm = 'a whole number';
export const wholeNumber = () =>
  z
    .number({ error: expected(wholeNumberForm) })
    .refine(Number.isSafeInteger, { error: expected(wholeNumberForm) });

const quantity = (form: string, parse: (value: unknown) => number | undefined) =>
  z.union([z.number(), z.string()], { error: expected(form) }).transform((value, context) => {
    const amount = parse(value);
    if (amount !== undefined) return amount;
    context.addIssue({ code: 'custom', message: expected(form)({ input: value }) });
    return z.NEVER;
  });

export const byteCount = () => quantity(byteCountForm, parseByteCount);
export const seconds = () => quantity(secondsForm, parseSeconds);
