/**
 * Whether an event pattern matches, for as much of the language as infra/events.yml uses: nested fields, each with a list of
 * texts or `{"exists": false}`, of which one has to hold.
 * @throws Error for anything else in a pattern
 */
export const matchesPattern = (pattern: unknown, value: unknown): boolean => {
  if (Array.isArray(pattern)) return pattern.some((condition: unknown) => holds(condition, value));
  return fieldsOf(pattern).every(([name, inner]) =>
    matchesPattern(inner, typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
  );
};

const holds = (condition: unknown, value: unknown): boolean => {
  if (typeof condition === 'string') return value === condition;
  if (JSON.stringify(condition) === '{"exists":false}') return value === undefined;
  throw new Error(`not a condition that is used here: ${JSON.stringify(condition)}`);
};

const fieldsOf = (pattern: unknown): readonly [string, unknown][] => {
  if (typeof pattern !== 'object' || pattern === null)
    throw new Error('a pattern is made of fields and lists');
  return Object.entries(pattern);
};
