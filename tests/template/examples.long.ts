import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parseTemplate } from '../../infra/local/template-yaml.ts';
import { validatorFindings } from './validate.ts';

it('the template of the examples is one that CloudFormation would take, once its code is packaged', async () => {
  const yml = await readFile(new URL('../../docs/examples/template.yml', import.meta.url), 'utf8');
  const json = JSON.stringify(parseTemplate(yml)).replaceAll(
    /"Code":"\.\/(reply-checksum|on-published)"/g,
    '"Code":{"S3Bucket":"code-of-ours","S3Key":"$1.zip"}',
  );
  expect(json).toContain('reply-checksum.zip');
  expect(json).toContain('on-published.zip');
  expect(await validatorFindings(json)).toEqual([]);
  const defective = json.replace('"Principal":"events.amazonaws.com"', '"Principle":"events.amazonaws.com"');
  expect(await validatorFindings(defective)).not.toEqual([]);
}, 120_000);
