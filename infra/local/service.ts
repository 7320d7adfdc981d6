import { z } from 'zod';
import type { ListenerRule } from './alb/front-door.ts';
import { StartError } from './errors.ts';
import { readTemplate } from './template-yaml.ts';

/** What the local stack takes from a function's entry in `serverless.yml`. */
export interface FunctionDefinition {
  /** The key under `functions`. */
  readonly name: string;
  /** `functions/create-session.handler` */
  readonly handler: string;
  readonly timeoutMs: number;
  readonly memoryMegabytes: number;
}

export interface ServiceDefinition {
  readonly functions: readonly FunctionDefinition[];
  /** Ascending by priority. */
  readonly rules: readonly ListenerRule[];
}

const oneOrMore = <T extends z.ZodType>(schema: T) =>
  z.union([schema.transform((value) => [value]), z.array(schema).min(1)]);

const conditionsSchema = z.strictObject({
  method: oneOrMore(z.string().regex(/^[A-Z_-]{1,40}$/)).optional(),
  header: oneOrMore(
    z.strictObject({ name: z.string().min(1).max(40), values: z.array(z.string().max(128)).min(1) }),
  ).optional(),
  path: oneOrMore(z.string().max(128)).optional(),
});

const albSchema = z.looseObject({
  priority: z.int().min(1).max(50_000),
  conditions: conditionsSchema,
});

// The defaults are those of the framework that deploys serverless.yml.
const timeoutSchema = z.int().min(1).max(900);
const memorySchema = z.int().min(128).max(10_240);

const serviceSchema = z.looseObject({
  provider: z.looseObject({ timeout: timeoutSchema.default(6), memorySize: memorySchema.default(1024) }),
  functions: z.record(
    z.string(),
    z.looseObject({
      handler: z.string().regex(/^[\w./-]+\.\w+$/),
      timeout: timeoutSchema.optional(),
      memorySize: memorySchema.optional(),
      events: z.array(z.looseObject({ alb: albSchema.optional() })).default([]),
    }),
  ),
});

/**
 * Reads functions and their `alb` events from the text of `serverless.yml`, so that the local front door routes by
 * exactly what is deployed.
 *
 * Throws `StartError` (`BAD_SERVICE`) naming the key: for a condition that the front door does not know (host, ip,
 * query), a value that is still a variable, two rules of one priority.
 */
export function readService(serverlessYml: string): ServiceDefinition {
  const service = readTemplate(serverlessYml, serviceSchema, { file: 'serverless.yml', code: 'BAD_SERVICE' });
  const entries = Object.entries(service.functions);
  const rules = entries.flatMap(([functionName, { events }]) =>
    events.flatMap(({ alb }): ListenerRule[] => {
      if (alb === undefined) return [];
      const { method = [], header = [], path } = alb.conditions;
      const paths = path === undefined ? {} : { paths: path };
      return [{ priority: alb.priority, methods: method, headers: header, ...paths, functionName }];
    }),
  );
  const priorities = rules.map((rule) => rule.priority);
  const doubled = priorities.find((priority, index) => priorities.indexOf(priority) !== index);
  if (doubled !== undefined) {
    throw new StartError('BAD_SERVICE', `serverless.yml: two rules have the priority ${doubled}`);
  }
  return {
    functions: entries.map(([name, definition]) => ({
      name,
      handler: definition.handler,
      timeoutMs: (definition.timeout ?? service.provider.timeout) * 1000,
      memoryMegabytes: definition.memorySize ?? service.provider.memorySize,
    })),
    rules: rules.toSorted((a, b) => a.priority - b.priority),
  };
}

/** The listener rules alone. */
export function readListenerRules(serverlessYml: string): readonly ListenerRule[] {
  return readService(serverlessYml).rules;
}
