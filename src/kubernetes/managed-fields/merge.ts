import type { Json } from '../../store/index.ts';
import { isJsonObject } from '../objects/object.ts';
import { elementsOf, type FieldSet, isIn } from './field-set.ts';
import { elementOfItem, itemsByElement } from './list-items.ts';
import { type ListShape, type MapShape, memberShape, type Shape, scalar, shapeFor } from './shape.ts';

/** The live object with what a configuration says: what it does not speak of stays. @throws {NamelessItemError} */
export function merge(shape: MapShape, live: Json, config: Json): Json {
  return mergeMaps(shape, live, config);
}

function mergeAt(shape: Shape, live: Json | undefined, config: Json | undefined): Json {
  if (live === undefined || config === undefined) return config ?? live ?? null;
  const own = shapeFor(shape, config);
  switch (own.kind) {
    case 'scalar':
      return config;
    case 'map':
      return own.isAtomic ? config : mergeMaps(own, live, config);
    case 'list':
      return own.type === 'atomic' ? config : mergeLists(own, live, config);
  }
}

function mergeMaps(shape: MapShape, live: Json, config: Json): Json {
  // Who says that a map is empty, of one that is not, says nothing of what is in it.
  if (!isJsonObject(config)) return live;
  if (!isJsonObject(live)) return config;
  const merged: Record<string, Json> = { ...live };
  for (const [name, value] of Object.entries(config)) {
    const field = memberShape(shape, name);
    const before = Object.hasOwn(live, name) ? live[name] : undefined;
    const made = field === undefined ? value : mergeAt(field.shape, before, value);
    Object.defineProperty(merged, name, {
      value: made,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return merged;
}

/**
 * Items that both have stand in the configuration's order; those of the live list alone stay before what they stood before,
 * and those of the configuration alone behind them.
 */
function mergeLists(list: ListShape, live: Json, config: Json): Json {
  if (!Array.isArray(config) || config.length === 0) return live;
  if (!Array.isArray(live)) return config;
  const lives = (live as readonly Json[]).map((item) => ({ element: elementOfItem(list, item), item }));
  const [present, applied] = [itemsByElement(list, live), itemsByElement(list, config)];
  const shared = [...applied.keys()].filter((element) => present.has(element));
  const merged: Json[] = [];
  let at = 0;
  const takeLiveUntil = (next: string | undefined): void => {
    for (; at < lives.length && lives[at]?.element !== next; at++) {
      const { element, item } = lives[at] as { readonly element: string; readonly item: Json };
      if (!applied.has(element)) merged.push(item);
    }
  };
  for (const [element, [item]] of applied) {
    takeLiveUntil(shared[0]);
    const same = present.get(element);
    // What stands there several times is replaced by the one that is applied.
    merged.push(mergeAt(list.items, same?.length === 1 ? same[0] : undefined, item));
    if (element === shared[0]) shared.shift();
  }
  takeLiveUntil(undefined);
  return merged;
}

/** The object without those fields, and without what is below them. What is empty then stays, for it is somebody's. */
export function removeFields(shape: Shape, value: Json, fields: FieldSet): Json {
  const own = shapeFor(shape, value);
  if (own.kind === 'map' && isJsonObject(value)) {
    const kept: Record<string, Json> = { ...value };
    for (const [element, node] of elementsOf(fields)) {
      const name = element.slice(2);
      if (!element.startsWith('f:') || !Object.hasOwn(kept, name)) continue;
      if (isIn(node)) delete kept[name];
      else kept[name] = removeFields(memberShape(own, name)?.shape ?? scalar, kept[name] ?? null, node);
    }
    return kept;
  }
  if (own.kind !== 'list' || own.type === 'atomic' || !Array.isArray(value)) return value;
  return (value as readonly Json[]).flatMap((item) => {
    const node = fields[elementOfItem(own, item)];
    if (node === undefined) return [item];
    return isIn(node) ? [] : [removeFields(own.items, item, node)];
  });
}
