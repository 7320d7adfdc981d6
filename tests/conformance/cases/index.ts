import type { ConformanceCase } from '../case.ts';
import { access } from './access.ts';
import { client } from './client.ts';
import { create } from './create.ts';
import { endings } from './endings.ts';
import { exchanges } from './exchanges.ts';
import { expiry } from './expiry.ts';
import { fragmentDecisions } from './fragment-decisions.ts';
import { fragmentDelivery } from './fragment-delivery.ts';
import { fragmentSyntax } from './fragment-syntax.ts';
import { headerLimits } from './header-limits.ts';
import { packetChecks } from './packet-checks.ts';
import { sessions } from './sessions.ts';
import { spelling } from './spelling.ts';
import { zeroLength } from './zero-length.ts';

/** Every case, in the order of the report. */
export const ALL_CASES: readonly ConformanceCase[] = [
  ...exchanges,
  ...packetChecks,
  ...headerLimits,
  ...access,
  ...sessions,
  ...create,
  ...fragmentSyntax,
  ...fragmentDecisions,
  ...fragmentDelivery,
  ...zeroLength,
  ...endings,
  ...expiry,
  ...spelling,
  ...client,
];
