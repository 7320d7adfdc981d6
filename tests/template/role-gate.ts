import { z } from 'zod';
import { ObjectStoreError } from '../../lib/upload/object-store.ts';
import type { JudgedObjectStore, S3Access } from '../support/judged-object-store.ts';
import { statementsOfRole } from './checks/access.ts';
import type { Template } from './template.ts';

const resourceSchema = z.union([
  z.string(),
  z.looseObject({ 'Fn::Sub': z.string() }).transform((sub) => sub['Fn::Sub']),
  z
    .looseObject({ 'Fn::GetAtt': z.array(z.string()) })
    .transform((got) => `\${${got['Fn::GetAtt'].join('.')}}`),
  z.looseObject({ Ref: z.string() }).transform(({ Ref }) => `\${${Ref}}`),
]);

/** The buckets of the tests, as the template has them. */
const arns: Readonly<Record<string, string>> = {
  staging: `\${StagingBucket.Arn}`,
  destination: `\${UploadBucket.Arn}`,
};

const isAllowed = (template: Template, role: string, { action, bucket, key }: S3Access): boolean => {
  const arn = `${arns[bucket] ?? bucket}${key === undefined ? '' : `/${key}`}`;
  return statementsOfRole(template, role).some(
    ({ Action, Resource }) =>
      Action.includes(action) &&
      Resource.map((resource) => resourceSchema.parse(resource)).some((pattern) =>
        pattern.endsWith('*') ? arn.startsWith(pattern.slice(0, -1)) : arn === pattern,
      ),
  );
};

/** From now on S3 answers as the roles of a packaged template have it: what they do not allow is refused, and noted. */
export const roleGate = (template: Template, objects: JudgedObjectStore) => {
  let role = '';
  const refused: string[] = [];
  objects.judge = (access) => {
    if (isAllowed(template, role, access)) return;
    refused.push(`${role}: ${access.action} on ${access.bucket}/${access.key ?? ''}`);
    throw new ObjectStoreError('UNAVAILABLE', 'AccessDenied');
  };
  return {
    refused,
    /** Works as the function with this role. */
    as: async <T>(itsRole: string, work: () => Promise<T>): Promise<T> => {
      role = itsRole;
      return work();
    },
  };
};
