import { type Json, jsonEqual } from '../../store/index.ts';
import { compare } from './compare.ts';
import type { Conflict } from './conflicts.ts';
import { fieldsOf } from './extract.ts';
import {
  difference,
  elementsOf,
  type FieldSet,
  intersection,
  isEmptySet,
  isIn,
  leaf,
  nodeOf,
  noFields,
  union,
} from './field-set.ts';
import { isSameManager, type Manager, withoutFields } from './managers.ts';
import { merge, removeFields } from './merge.ts';
import { type MapShape, type Shape, scalar, shapeFor } from './shape.ts';
import type { FieldWrite } from './update.ts';

/** What an application comes to, and what speaks against it. */
export interface Applied {
  readonly object: Json;
  readonly managers: readonly Manager[];
  readonly conflicts: readonly Conflict[];
}

/**
 * Server-side apply: the live object with what a configuration says, without what this manager said the last time and nobody
 * says any more. What others own gets another value by their losing it, which is a conflict; equal values are owned together.
 * @throws {NamelessItemError}
 */
export function applyConfig(
  { shape, by, now, writtenOf }: FieldWrite,
  managers: readonly Manager[],
  live: Json,
  config: Json,
): Applied {
  const last = managers.find((it) => isSameManager(it, by));
  const others = managers.filter((it) => it !== last);
  const fields = writtenOf(fieldsOf(shape, config));
  const object = pruned(shape, merge(shape, live, config), last?.fields ?? noFields, [
    ...[fields, everywhere],
    ...others.map((manager) => manager.fields),
  ]);
  const { added, changed, removed } = compare(shape, live, object);
  const [taken, gone] = [writtenOf(union(added, changed)), writtenOf(removed)];
  const conflicts = others
    .map((manager) => ({ manager, fields: intersection(manager.fields, taken) }))
    .filter((conflict) => !isEmptySet(conflict.fields));
  const isKept =
    isEmptySet(taken) && isEmptySet(gone) && last !== undefined && jsonEqual(last.fields, fields);
  const own: Manager = { ...by, fields, time: isKept ? last.time : now };
  const left = withoutFields(others, union(taken, gone));
  return { object, conflicts, managers: isEmptySet(fields) ? left : [...left, own] };
}

/** What every object has, whoever owns what is in it. */
const everywhere: FieldSet = { 'f:metadata': leaf };

/** Without what was said the last time and is nobody's any more. */
function pruned(shape: MapShape, object: Json, last: FieldSet, owned: readonly FieldSet[]): Json {
  const stale = difference(withStructs(shape, last), withStructs(shape, owned.reduce(union)));
  return isEmptySet(stale) ? object : removeFields(shape, object, stale);
}

/**
 * A set with the structs that its fields stand in: a struct is its owner's who owns something in it, so that it goes with
 * the last of it. Maps and items of lists are there by themselves.
 */
function withStructs(shape: Shape, set: FieldSet): FieldSet {
  const own = shapeFor(shape, {});
  const members: Record<string, FieldSet> = {};
  for (const [element, node] of elementsOf(set)) {
    const declared = own.kind === 'map' ? own.field(element.slice(2)) : undefined;
    const inner =
      own.kind === 'map' ? (declared?.shape ?? own.values) : own.kind === 'list' ? own.items : undefined;
    const below = withStructs(inner ?? scalar, node);
    members[element] = nodeOf(isIn(node) || declared !== undefined, below) ?? leaf;
  }
  return members;
}
