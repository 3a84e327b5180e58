import type { Json } from '../../store/index.ts';
import { isJsonObject } from '../objects/object.ts';
import { elementOfField, type FieldSet, leaf, nodeOf } from './field-set.ts';
import { itemsByElement } from './list-items.ts';
import {
  isEmpty,
  isOwnedWhole,
  type ListShape,
  type MapShape,
  memberShape,
  type Shape,
  shapeFor,
} from './shape.ts';

/** What is added by a value where there was none: all of it. As a node of a set. @throws {NamelessItemError} */
export function addedFields(shape: Shape, value: Json): FieldSet {
  const own = shapeFor(shape, value);
  if (own.kind === 'scalar' || isOwnedWhole(own) || isEmpty(value)) return leaf;
  return nodeOf(true, own.kind === 'list' ? itemsOf(own, value) : membersOf(own, value)) ?? leaf;
}

function membersOf(shape: MapShape, value: Json): Record<string, FieldSet> {
  const members: Record<string, FieldSet> = {};
  if (!isJsonObject(value)) return members;
  for (const name in value) {
    const field = memberShape(shape, name);
    const member = value[name];
    if (field === undefined || field.isUntracked || member === undefined) continue;
    members[elementOfField(name)] = addedFields(field.shape, member);
  }
  return members;
}

/** Where several have one name they are one to whoever owns them. */
function itemsOf(list: ListShape, value: Json): Record<string, FieldSet> {
  const members: Record<string, FieldSet> = {};
  for (const [element, [item, ...more]] of itemsByElement(list, value))
    members[element] = more.length === 0 ? addedFields(list.items, item) : leaf;
  return members;
}
