import type { Json } from '../../store/index.ts';
import { isJsonObject } from '../objects/object.ts';

/** As Go writes a value. */
export function goText(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isJsonObject(value)) return value === null ? '<nil>' : String(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `map[${members.map(([name, it]) => `${name}:${goText(it)}`).join(' ')}]`;
}
