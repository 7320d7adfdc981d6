import { matchesWildcard } from '../../../lib/access/wildcards.ts';
import { type RequestHead, valuesOf } from './request-head.ts';

/** A header condition: true when any value of the header matches any pattern. */
interface HeaderCondition {
  readonly name: string;
  /** `*` stands for any characters or none, `?` for exactly one; letter case is ignored. */
  readonly values: readonly string[];
}

/** One listener rule: all of its conditions must hold. */
export interface ListenerRule {
  /** Unique; the lowest number is tried first. */
  readonly priority: number;
  /** Exact and case-sensitive; empty: any method. */
  readonly methods: readonly string[];
  readonly headers: readonly HeaderCondition[];
  /** Patterns with `*` and `?`, case-sensitive, on the path without its query; absent: any path. */
  readonly paths?: readonly string[];
  readonly functionName: string;
}

/** The function that answers this request, or `undefined` where only the default action is left. */
export type Router = (head: RequestHead) => string | undefined;

/** Rules in any order → a router that tries them by ascending priority, as the load balancer does. */
export function createRouter(rules: readonly ListenerRule[]): Router {
  const ordered = rules.toSorted((a, b) => a.priority - b.priority);
  return (head) => ordered.find((rule) => applies(rule, head))?.functionName;
}

function applies(rule: ListenerRule, head: RequestHead): boolean {
  return (
    (rule.methods.length === 0 || rule.methods.includes(head.method)) &&
    (rule.paths === undefined || rule.paths.some((pattern) => matchesWildcard(pattern, head.path))) &&
    rule.headers.every((condition) => holds(condition, head))
  );
}

function holds(condition: HeaderCondition, head: RequestHead): boolean {
  const values = valuesOf(head, condition.name.toLowerCase());
  return values.some((value) =>
    condition.values.some((pattern) => matchesWildcard(pattern.toLowerCase(), value.toLowerCase())),
  );
}
