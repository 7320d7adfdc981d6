import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';

/** What AWS's validator finds wrong with a template: errors, and warnings that are not listed in `knownWarnings`. */
export const validatorFindings = async (templateJson: string): Promise<readonly string[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'bits-s3-validate-'));
  const engine = new RegoEngine();
  try {
    const file = join(folder, 'template.json');
    await writeFile(file, templateJson);
    const { diagnostics } = engine.validateStandard(new TemplateFile(file), { severityLevel: 'WARN' });
    return diagnostics
      .filter(({ severity, ruleId }) => severity !== 'WARN' || knownWarnings[ruleId] === undefined)
      .map(
        ({ severity, ruleId, entity, message }) => `${severity} ${ruleId} ${entity?.logicalId}: ${message}`,
      );
  } finally {
    engine.free();
    await rm(folder, { recursive: true, force: true });
  }
};

/** Warnings about what the deployment tool writes, or that are mistaken: each with its reason. */
const knownWarnings: Readonly<Record<string, string>> = {
  W3005: 'the tool names a role in DependsOn and in Role: harmless',
  W9002: 'a permission names its target group before there is one to refer to',
  W9013: 'a deployer names a resource of the account by its ARN',
  W9003: 'the tool writes an attribute of target groups as a boolean: coerced',
};
