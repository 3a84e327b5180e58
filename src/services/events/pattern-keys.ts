import type { ConditionKeys } from '../service.ts';

/**
 * The condition keys that tell what a rule's pattern would match (EventBridge user guide, "Using IAM policy
 * conditions"). What matches more than one value (a prefix, an alternative of another field) is given as the text of its
 * JSON, which equals no value, so that a policy that allows some sources only lets no pattern through that has others.
 */
const fields: Readonly<Record<string, readonly string[]>> = {
  'events:source': ['source'],
  'events:detail-type': ['detail-type'],
  'events:detail.service': ['detail', 'service'],
  'events:detail.eventTypeCode': ['detail', 'eventTypeCode'],
  'events:detail.userIdentity.principalId': ['detail', 'userIdentity', 'principalId'],
};

/** Of a pattern that is none there are no keys: the operation refuses it. */
export function patternKeys(pattern: string | undefined): ConditionKeys {
  let parsed: unknown;
  try {
    parsed = JSON.parse(pattern ?? '{}');
  } catch {
    return {};
  }
  return Object.fromEntries(Object.entries(fields).map(([key, path]) => [key, valuesAt(parsed, path)]));
}

function valuesAt(pattern: unknown, path: readonly string[]): readonly string[] | undefined {
  const [name, ...rest] = path;
  if (name === undefined)
    return Array.isArray(pattern)
      ? pattern.map((matcher) => (typeof matcher === 'string' ? matcher : JSON.stringify(matcher)))
      : undefined;
  if (typeof pattern !== 'object' || pattern === null) return undefined;
  const members = pattern as Readonly<Record<string, unknown>>;
  if (Object.hasOwn(members, name)) return valuesAt(members[name], rest);
  return Object.hasOwn(members, '$or') ? [JSON.stringify(members.$or)] : undefined;
}
