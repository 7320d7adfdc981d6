import { z } from 'zod';
import type { ListenerRule } from '../../../infra/local/alb/front-door.ts';
import { replyPathPrefix } from '../../../lib/reply/reply-place.ts';
import { type Check, ofType, type Resource, referenceOf, show, type Template } from '../template.ts';

const ruleSchema = z.strictObject({
  ListenerArn: z.unknown(),
  Priority: z.int().min(1).max(50_000),
  Actions: z.tuple([
    z.strictObject({ Type: z.literal('forward'), TargetGroupArn: z.strictObject({ Ref: z.string() }) }),
  ]),
  Conditions: z.array(
    z.union([
      z.strictObject({
        Field: z.literal('http-request-method'),
        HttpRequestMethodConfig: z.strictObject({ Values: z.array(z.string()) }),
      }),
      z.strictObject({
        Field: z.literal('http-header'),
        HttpHeaderConfig: z.strictObject({ HttpHeaderName: z.string(), Values: z.array(z.string()) }),
      }),
      z.strictObject({
        Field: z.literal('path-pattern'),
        Values: z.array(z.string()).min(1),
      }),
    ]),
  ),
});

/** `CloseSessionLambdaFunction` → `closeSession`, the name in serverless.yml. */
const functionName = (logicalId: string): string => {
  const name = logicalId.replace(/LambdaFunction$/, '');
  return name.charAt(0).toLowerCase() + name.slice(1);
};

const targetsSchema = z.looseObject({ Targets: z.tuple([z.strictObject({ Id: z.unknown() })]) });

const targetOf = (template: Template, groupId: string): string => {
  const group = targetsSchema.safeParse(template.Resources[groupId]?.Properties);
  const target = group.success ? referenceOf(group.data.Targets[0].Id) : undefined;
  return target === undefined ? `nothing (${groupId})` : functionName(target);
};

/** A rule of the template in the form in which the local front door has it. */
const readRule = (template: Template, [id, resource]: readonly [string, Resource]): ListenerRule => {
  const parsed = ruleSchema.safeParse(resource.Properties);
  if (!parsed.success) throw new Error(`${id}: ${z.prettifyError(parsed.error)}`);
  const { Priority, Actions, Conditions } = parsed.data;
  const paths = Conditions.flatMap((found) => (found.Field === 'path-pattern' ? found.Values : []));
  return {
    priority: Priority,
    methods: Conditions.flatMap((found) =>
      found.Field === 'http-request-method' ? found.HttpRequestMethodConfig.Values : [],
    ),
    headers: Conditions.flatMap((found) =>
      found.Field === 'http-header'
        ? [{ name: found.HttpHeaderConfig.HttpHeaderName, values: found.HttpHeaderConfig.Values }]
        : [],
    ),
    ...(paths.length === 0 ? {} : { paths }),
    functionName: targetOf(template, Actions[0].TargetGroupArn.Ref),
  };
};

/** The rules of every listener; the second one, for certificates, has the same as the first. */
const listenerRules = (template: Template): readonly (readonly ListenerRule[])[] => {
  const entries = ofType(template, 'AWS::ElasticLoadBalancingV2::ListenerRule');
  const listeners = new Set(entries.map(([, { Properties }]) => show(Properties['ListenerArn'])));
  return [...listeners].map((listener) =>
    entries
      .filter(([, { Properties }]) => show(Properties['ListenerArn']) === listener)
      .map((entry) => readRule(template, entry))
      .toSorted((a, b) => a.priority - b.priority),
  );
};

/** The packets, and the priorities of the rules that lead to them; the last catches every other packet type. */
const packetRules: readonly ListenerRule[] = [
  ['ping', 'Ping'],
  ['createSession', 'Create-Session'],
  ['fragment', 'Fragment'],
  ['closeSession', 'Close-Session'],
  ['cancelSession', 'Cancel-Session'],
  ['unknownPacket', undefined],
].map(([name = '', type], index) => ({
  priority: (index + 1) * 10,
  methods: ['BITS_POST'],
  headers: type === undefined ? [] : [{ name: 'BITS-Packet-Type', values: [type] }],
  functionName: name,
}));

const expectedRules: readonly ListenerRule[] = [
  ...packetRules,
  {
    priority: 70,
    methods: ['GET', 'HEAD'],
    headers: [],
    paths: [`${replyPathPrefix}*`],
    functionName: 'reply',
  },
];

const differences = (
  found: readonly ListenerRule[],
  expected: readonly ListenerRule[],
): readonly string[] => [
  ...expected
    .filter((rule) => !found.some((other) => show(other) === show(rule)))
    .map((rule) => `rule ${rule.priority}: missing or different: ${show(rule)}`),
  ...found
    .filter((rule) => !expected.some((other) => show(other) === show(rule)))
    .map((rule) => `rule ${rule.priority}: not expected: ${show(rule)}`),
];

/**
 * A rule per packet type, by method and header, and one for replies, by method and path; the methods are such as the load
 * balancer accepts.
 */
export const aRuleForEach: Check = (template) => listenerRules(template).flatMap(problemsOfRules);

const problemsOfRules = (rules: readonly ListenerRule[]): readonly string[] => {
  return [
    ...differences(rules, expectedRules),
    ...rules
      .flatMap(({ methods }) => methods)
      .filter((method) => !/^[A-Z_-]{1,40}$/.test(method))
      .map((method) => `method ${method}: only A to Z, - and _, at most 40 characters`),
    ...rules
      .filter(({ priority }, index) => rules.findIndex((other) => other.priority === priority) !== index)
      .map(({ priority }) => `priority ${priority}: twice`),
  ];
};

/** What runs locally is what is deployed. */
export const rulesOfLocalStack =
  (local: readonly ListenerRule[]): Check =>
  (template) =>
    listenerRules(template).flatMap((rules) => differences(rules, local));
