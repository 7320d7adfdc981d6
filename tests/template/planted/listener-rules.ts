import { type PlantedDefect, remove, set } from './defect.ts';

const fragmentRule = ['FragmentAlbListenerRule30', 'Properties'] as const;

/** Mistakes in the rules of the listeners. */
export const listenerRules: readonly PlantedDefect[] = [
  {
    defect: 'a method that the load balancer does not know',
    check: 'aRuleForEach',
    plant: set([...fragmentRule, 'Conditions', 0, 'HttpRequestMethodConfig', 'Values'], ['bits_post']),
    message: /method bits_post/,
  },
  {
    defect: 'two rules of one priority',
    check: 'aRuleForEach',
    plant: set([...fragmentRule, 'Priority'], 20),
    message: /priority 20: twice/,
  },
  {
    defect: 'a rule that would catch every header',
    check: 'aRuleForEach',
    plant: set([...fragmentRule, 'Conditions', 1, 'HttpHeaderConfig', 'Values'], ['*']),
    message: /rule 30: missing or different/,
  },
  {
    defect: 'a packet type without a rule',
    check: 'aRuleForEach',
    plant: remove(['CloseSessionAlbListenerRule40']),
    message: /rule 40: missing/,
  },
  {
    defect: 'replies under another path than their URLs name',
    check: 'aRuleForEach',
    plant: set(['ReplyAlbListenerRule70', 'Properties', 'Conditions', 0, 'Values'], ['/replies/*']),
    message: /rule 70: missing or different/,
  },
  {
    defect: 'a rule that leads to another function',
    check: 'rulesOfLocalStack',
    plant: set([...fragmentRule, 'Actions', 0, 'TargetGroupArn', 'Ref'], 'PingAlbTargetGroupListener'),
    message: /rule 30: missing or different/,
  },
  {
    defect: 'a rule that is missing for certificates only',
    check: 'aRuleForEach',
    plant: remove(['CertificateFragmentRule']),
    message: /rule 30: missing/,
  },
];
