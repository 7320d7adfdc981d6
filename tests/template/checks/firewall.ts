import { z } from 'zod';
import { type Check, ofType, referenceOf, show } from '../template.ts';

const ruleSchema = z.strictObject({
  Name: z.string(),
  Priority: z.int(),
  Statement: z.strictObject({
    RateBasedStatement: z.strictObject({
      AggregateKeyType: z.literal('IP'),
      EvaluationWindowSec: z.literal(300),
      Limit: z.int().min(100),
    }),
  }),
  Action: z.strictObject({
    Block: z.strictObject({
      CustomResponse: z.strictObject({
        // A 4xx would end the jobs of a whole site.
        ResponseCode: z.literal(503),
        ResponseHeaders: z.tuple([
          z.strictObject({ Name: z.literal('BITS-Packet-Type'), Value: z.literal('Ack') }),
        ]),
      }),
    }),
  }),
  VisibilityConfig: z.looseObject({ SampledRequestsEnabled: z.literal(false) }),
});

const aclSchema = z.looseObject({
  Scope: z.literal('REGIONAL'),
  DefaultAction: z.strictObject({ Allow: z.strictObject({}) }),
  // Nothing that looks into a body, or knows a list of methods: uploads would not pass.
  Rules: z.tuple([ruleSchema]),
  VisibilityConfig: z.looseObject({ SampledRequestsEnabled: z.literal(false) }),
});

/** A firewall counts requests and nothing else, keeps none of them, and sends nobody away for good. */
export const patientFirewall: Check = (template) => {
  const acls = ofType(template, 'AWS::WAFv2::WebACL');
  const guarded = ofType(template, 'AWS::WAFv2::WebACLAssociation').map(([, { Properties }]) => Properties);
  return acls.flatMap(([id, { Properties }]) => {
    const parsed = aclSchema.safeParse(Properties);
    const isInFront = guarded.some(
      (association) =>
        referenceOf(association['ResourceArn']) === 'LoadBalancer' &&
        show(association['WebACLArn']).includes(`"${id}"`),
    );
    return [
      ...(parsed.success
        ? []
        : parsed.error.issues.map(({ path, message }) => `${id}: ${path.join('.')}: ${message}`)),
      ...(isInFront ? [] : [`${id}: stands in front of nothing`]),
    ];
  });
};
