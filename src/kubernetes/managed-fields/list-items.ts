import type { Json } from '../../store/index.ts';
import { isJsonObject } from '../objects/object.ts';
import type { ListShape } from './shape.ts';

/** An item has none of the fields that would name it. */
export class NamelessItemError extends Error {
  override readonly name = 'NamelessItemError';
}

/** The path element of an item of a set or of a list whose items have names. @throws {NamelessItemError} */
export function elementOfItem(list: ListShape, item: Json): string {
  if (list.type === 'set') return `v:${JSON.stringify(item)}`;
  const members = isJsonObject(item) ? item : {};
  const keys: string[] = [];
  for (const { name, default: fallback } of list.keys) {
    const value = members[name] ?? fallback;
    if (value !== undefined) keys.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  }
  if (keys.length === 0) {
    throw new NamelessItemError(
      `associative list with keys has an element that omits key field ${JSON.stringify(list.keys[0]?.name)} (and doesn't have default value)`,
    );
  }
  return `k:{${keys.join(',')}}`;
}

/**
 * The items of a list by their path elements, in its order. Nothing keeps an update from having several of one name.
 * @throws {NamelessItemError}
 */
export function itemsByElement(
  list: ListShape,
  value: Json | undefined,
): ReadonlyMap<string, readonly [Json, ...Json[]]> {
  const items = new Map<string, [Json, ...Json[]]>();
  if (!Array.isArray(value)) return items;
  for (const item of value as readonly Json[]) {
    const element = elementOfItem(list, item);
    const same = items.get(element);
    if (same === undefined) items.set(element, [item]);
    else same.push(item);
  }
  return items;
}
