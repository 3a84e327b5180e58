/**
 * A value as it is after a change, frozen, with every part that is as before being the same object as before: so whoever
 * acts on it finds what differs by looking at identities. Parts of lists are paired by what names them, else by place.
 */
export function keepUnchanged<T>(before: unknown, after: T): T {
  return kept(before, after) as T;
}

function kept(before: unknown, after: unknown): unknown {
  if (Array.isArray(after)) return keptList(Array.isArray(before) ? before : [], after);
  if (!isObject(after)) return after;
  const old = isObject(before) ? before : {};
  const entries = Object.entries(after).map(
    ([name, value]) => [name, kept(Object.hasOwn(old, name) ? old[name] : undefined, value)] as const,
  );
  const isSame =
    isObject(before) &&
    Object.keys(before).length === entries.length &&
    entries.every(([name, value]) => Object.hasOwn(before, name) && before[name] === value);
  return isSame ? before : Object.freeze(Object.fromEntries(entries));
}

function keptList(before: readonly unknown[], after: readonly unknown[]): readonly unknown[] {
  const named = new Map(before.map((part, index) => [nameOf(part, index), part]));
  const parts = after.map((part, index) => kept(named.get(nameOf(part, index)), part));
  const isSame = before.length === parts.length && parts.every((part, index) => part === before[index]);
  return isSame && Object.isFrozen(before) ? before : Object.freeze(parts);
}

/** What tells a part of a list from the others wherever it stands. */
function nameOf(part: unknown, index: number): string {
  if (!isObject(part)) return String(index);
  const { arn, interfaceId, id, port } = part;
  if (typeof arn === 'string') return arn;
  if (typeof interfaceId === 'string') return interfaceId;
  return typeof id === 'string' && typeof port === 'number' ? `${id} ${port}` : String(index);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
