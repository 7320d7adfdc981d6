import type { ListenerRule } from '../../infra/local/alb/front-door.ts';
import { aRolePerFunction, noNeedlessWildcards, rightsBeforeCode } from './checks/access.ts';
import { believedCertificates, lastingSecrets } from './checks/certificates.ts';
import { carefulLoadBalancer, listenerOf, oneLifeOfSessions, soundFunctions } from './checks/entrance.ts';
import { toldOutcomes } from './checks/events.ts';
import { patientFirewall } from './checks/firewall.ts';
import { aRuleForEach, rulesOfLocalStack } from './checks/listener-rules.ts';
import { boundPermissions, everyTargetIsPermitted } from './checks/permissions.ts';
import { lastingState, lifecycleAfterSessions, nothingInTheWay, privateBuckets } from './checks/storage.ts';
import { tirelessSweep } from './checks/sweep.ts';
import type { Check } from './template.ts';

/** Everything that a template is held to, whatever the parameters; by name, so that a defect names its check. */
export const allChecks = (localRules: readonly ListenerRule[]) =>
  ({
    aRuleForEach,
    rulesOfLocalStack: rulesOfLocalStack(localRules),
    boundPermissions,
    everyTargetIsPermitted,
    noNeedlessWildcards,
    aRolePerFunction,
    rightsBeforeCode,
    privateBuckets,
    lifecycleAfterSessions,
    lastingState,
    nothingInTheWay,
    carefulLoadBalancer,
    soundFunctions,
    oneLifeOfSessions,
    tirelessSweep,
    toldOutcomes,
    patientFirewall,
    believedCertificates,
    lastingSecrets,
  }) satisfies Readonly<Record<string, Check>>;

/** A listener that we make, by its protocol. */
export { listenerOf };

export type CheckName = keyof ReturnType<typeof allChecks>;
