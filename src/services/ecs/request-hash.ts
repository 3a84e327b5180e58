import { createHash } from 'node:crypto';

/** One text for equal requests, whatever the order of their members: what a clientToken's repetition is compared by. */
export function requestHash({
  clientToken: _token,
  ...parameters
}: {
  readonly clientToken?: unknown;
}): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(parameters)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
