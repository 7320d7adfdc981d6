import { isForLookingAt } from './artifact-folder.ts';
import { placeholderCertificateArn } from './plan.ts';
import { placeholderTrustStoreArn } from './plan-access.ts';

/** Why a template that was packaged earlier must not be deployed, if it must not. */
export const refusePackage = (template: string): string | undefined => {
  if (template.includes(placeholderCertificateArn)) {
    return 'it was made without certificateArn, listenerArn or allowHttp';
  }
  if (template.includes(placeholderTrustStoreArn)) {
    return 'a destination has access: mtls, and it was made without trustStoreBundle or trustStoreArn';
  }
  if (isForLookingAt(template)) {
    return 'it was made to be looked at: its place in the deployment bucket is always the same, and the functions would keep their old code. Package with SOURCE_DATE_EPOCH=$(date +%s), or deploy without --package';
  }
  return undefined;
};
