/**
 * A member that is there only when it has a value: records are plain JSON, and "not said" is not "undefined".
 *
 *     { ...given('startedAt', task.startedAt) }
 */
export function given<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [N in Name]?: Value } {
  const members: { [N in Name]?: Value } = {};
  if (value !== undefined) members[name] = value;
  return members;
}
