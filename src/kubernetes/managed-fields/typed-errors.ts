import type { Json } from '../../store/index.ts';
import { isJsonObject } from '../objects/object.ts';
import { pathText } from './field-set.ts';
import { elementOfItem, NamelessItemError } from './list-items.ts';
import {
  type ListShape,
  type MapShape,
  memberShape,
  type ScalarShape,
  type Shape,
  shapeFor,
} from './shape.ts';

/** Where a configuration says what its kind does not have, e.g. `.spec.foo: field not declared in schema`. */
export function typedErrors(shape: MapShape, config: Json): readonly string[] {
  return [...errorsOfMap(shape, config, '')];
}

function* errorsAt(shape: Shape, value: Json, path: string): Generator<string> {
  // Null is what is empty, of every type.
  if (value === null) return;
  const own = shapeFor(shape, value);
  switch (own.kind) {
    case 'scalar':
      yield* errorsOfScalar(own, value, path);
      return;
    case 'map':
      yield* errorsOfMap(own, value, path);
      return;
    case 'list':
      yield* errorsOfList(own, value, path);
  }
}

const wanted = { boolean: 'boolean', number: 'numeric (int or float)', string: 'string' };

function* errorsOfScalar({ type }: ScalarShape, value: Json, path: string): Generator<string> {
  if (typeof value === 'object') yield `${path}: expected scalar, got ${JSON.stringify(value)}`;
  else if (type !== undefined && typeof value !== type)
    yield `${path}: expected ${wanted[type]}, got ${JSON.stringify(value)}`;
}

function* errorsOfMap(shape: MapShape, value: Json, path: string): Generator<string> {
  if (!isJsonObject(value)) {
    yield `${path}: expected map, got ${JSON.stringify(value)}`;
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    const field = memberShape(shape, name);
    if (field === undefined) yield `${path}.${name}: field not declared in schema`;
    else yield* errorsAt(field.shape, member, `${path}.${name}`);
  }
}

function* errorsOfList(list: ListShape, value: Json, path: string): Generator<string> {
  if (!Array.isArray(value)) {
    yield `${path}: expected list, got ${JSON.stringify(value)}`;
    return;
  }
  const seen = new Set<string>();
  for (const [index, item] of (value as readonly Json[]).entries()) {
    if (list.type === 'atomic') {
      yield* errorsAt(list.items, item, `${path}[${index}]`);
      continue;
    }
    const element = elementOrError(list, item);
    if (typeof element !== 'string') {
      yield `${path}: element ${index}: ${element.message}`;
      continue;
    }
    const at = path + pathText([element]);
    if (seen.has(element)) yield `${path}: duplicate entries for key ${pathText([element])}`;
    else yield* errorsAt(list.items, item, at);
    seen.add(element);
  }
}

function elementOrError(list: ListShape, item: Json): string | NamelessItemError {
  try {
    return elementOfItem(list, item);
  } catch (error) {
    if (error instanceof NamelessItemError) return error;
    throw error;
  }
}
