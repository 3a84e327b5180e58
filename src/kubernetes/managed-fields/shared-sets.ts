import type { FieldSet } from './field-set.ts';

/** Of sets that are known, those of whatever is written most at the time. */
const mostSets = 512;
const known = new Map<string, FieldSet>();

/**
 * The one set of these fields: objects of the same template have the same, in memory and in the store, where it is frozen
 * once.
 */
export function shared(fields: FieldSet): FieldSet {
  const text = JSON.stringify(fields);
  const present = known.get(text);
  if (present !== undefined) return present;
  const frozen = deepFrozen(fields);
  known.set(text, frozen);
  const [oldest] = known.keys();
  if (known.size > mostSets && oldest !== undefined) known.delete(oldest);
  return frozen;
}

function deepFrozen(fields: FieldSet): FieldSet {
  for (const element in fields) deepFrozen(fields[element] as FieldSet);
  return Object.freeze(fields);
}
