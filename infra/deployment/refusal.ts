import { z } from 'zod';
import { isForLookingAt } from './artifact-folder.ts';
import { placeholderCertificateArn } from './plan.ts';
import { placeholderTrustStoreArn } from './plan-access.ts';

/** What was packaged earlier: the template, and what the deployment tool remembers of the service. */
export interface EarlierPackage {
  readonly template: string;
  readonly state: string;
}

/** Where it is to be deployed now. `folder`: of the stage's packages in the deployment bucket. */
export interface Target {
  readonly stage: string;
  readonly region: string;
  readonly folder: string;
}

const stateSchema = z.looseObject({
  service: z.looseObject({ provider: z.looseObject({ stage: z.string(), region: z.string() }) }),
});

/** Why it must not be deployed there, if it must not. */
export const refusePackage = (
  { template, state }: EarlierPackage,
  { stage, region, folder }: Target,
): string | undefined => {
  if (template.includes(placeholderCertificateArn)) {
    return 'it was made without certificateArn, listenerArn or allowHttp';
  }
  if (template.includes(placeholderTrustStoreArn)) {
    return 'a destination has access: mtls, and it was made without trustStoreBundle or trustStoreArn';
  }
  const made = stateSchema.parse(JSON.parse(state)).service.provider;
  if (!template.includes(`${folder}/`) || made.stage !== stage || made.region !== region) {
    return `it was made with --stage ${made.stage} --region ${made.region}, and this is --stage ${stage} --region ${region}. Its parameters and names are those of the stage it was made for`;
  }
  if (isForLookingAt(template)) {
    return 'it was made to be looked at: its place in the deployment bucket is always the same, and the functions would keep their old code. Package with SOURCE_DATE_EPOCH=$(date +%s), or deploy without --package';
  }
  return undefined;
};
