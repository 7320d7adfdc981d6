import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';

const schema: unknown = JSON.parse(
  await readFile(new URL('../../docs/schemas/upload-event-1.json', import.meta.url), 'utf8'),
);
if (typeof schema !== 'object' || schema === null) throw new Error('the schema is no object');
const validate = new Ajv2020({ allErrors: true, strict: true, strictRequired: false }).compile(schema);

/** What is wrong with an event by its published schema; empty when nothing is. */
export const schemaProblems = (event: unknown): readonly string[] =>
  validate(event)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
