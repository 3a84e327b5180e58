import type { Json } from '../../store/index.ts';
import { isJsonObject } from '../objects/object.ts';
import { type FieldSet, leaf, nodeOf, noFields } from './field-set.ts';
import { itemsByElement } from './list-items.ts';
import { type MapShape, memberShape, type Shape, shapeFor } from './shape.ts';

/** The fields that an object says something of: what whoever applies it owns. @throws {NamelessItemError} */
export function fieldsOf(shape: MapShape, object: Json): FieldSet {
  return membersOf(shape, object) ?? noFields;
}

function nodeAt(shape: Shape, value: Json): FieldSet | undefined {
  const own = shapeFor(shape, value);
  switch (own.kind) {
    case 'scalar':
      return leaf;
    case 'map':
      return own.isAtomic ? leaf : membersOf(own, value);
    case 'list': {
      if (own.type === 'atomic') return leaf;
      const members: Record<string, FieldSet> = {};
      for (const [element, [item]] of itemsByElement(own, value))
        members[element] = nodeOf(true, nodeAt(own.items, item) ?? noFields) ?? leaf;
      return nodeOf(false, members);
    }
  }
}

function membersOf(shape: MapShape, value: Json): FieldSet | undefined {
  if (!isJsonObject(value)) return undefined;
  const members: Record<string, FieldSet> = {};
  for (const [name, member] of Object.entries(value)) {
    const field = memberShape(shape, name);
    if (field === undefined || field.isUntracked) continue;
    const node = nodeAt(field.shape, member);
    // What is a map's member, or has nothing in it, is there by somebody's saying so; a struct is there by its fields.
    const isIn = isEmptyValue(member) || shape.field(name) === undefined;
    const whole = node === undefined || !isIn ? node : (nodeOf(true, node) ?? leaf);
    if (whole !== undefined) members[`f:${name}`] = whole;
    else if (isIn) members[`f:${name}`] = leaf;
  }
  return nodeOf(false, members);
}

const isEmptyValue = (value: Json): boolean =>
  value === null || (isJsonObject(value) && Object.keys(value).length === 0);
