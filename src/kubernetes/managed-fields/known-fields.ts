import type { Json } from '../../store/index.ts';
import { isJsonObject } from '../objects/object.ts';
import { elementOfField, type FieldSet, hasSelf, isEmptySet, noFields, sizeOf } from './field-set.ts';
import { elementOfItem } from './list-items.ts';
import {
  isEmpty,
  isOwnedWhole,
  type ListShape,
  type MapShape,
  memberShape,
  type Shape,
  shapeFor,
} from './shape.ts';
import type { WrittenOf } from './written-fields.ts';

/** What whoever creates an object of these fields owns of it. */
interface Template {
  readonly writtenOf: WrittenOf;
  /** All that was said: added, or put in the place of what is always there. */
  readonly said: FieldSet;
  readonly owned: FieldSet;
}

/** Of one kind, the one that was found last first. */
const mostTemplates = 8;
const templates = new WeakMap<MapShape, Template[]>();

/**
 * What the creator of an object owns, where another of the same fields was created lately: objects of a template are many, and to see
 * that it is the same set takes a fraction of making it. Undefined: it has to be made.
 * @throws {NamelessItemError}
 */
export function knownFields(shape: MapShape, writtenOf: WrittenOf, created: Json): FieldSet | undefined {
  const known = templates.get(shape) ?? [];
  const place = known.findIndex((it) => it.writtenOf === writtenOf && isSaidBy(it.said, shape, created));
  const found = known[place];
  if (found === undefined) return undefined;
  if (place > 0) {
    known.splice(place, 1);
    known.unshift(found);
  }
  return found.owned;
}

/** Of an object that was created and whose fields had to be made. */
export function rememberFields(shape: MapShape, template: Template): void {
  const known = templates.get(shape) ?? [];
  known.unshift(template);
  known.length = Math.min(known.length, mostTemplates);
  templates.set(shape, known);
}

/**
 * Whether what an object adds to an empty one and changes in it is that set, which `compare` would make. It may be that it is and
 * this says that it is not.
 * @throws {NamelessItemError}
 */
export function isSaidBy(fields: FieldSet, shape: MapShape, created: Json): boolean {
  return saidMembers(fields, shape, created, true) === sizeOf(fields) && !hasSelf(fields);
}

const another = -1;

/**
 * How many of a node's members a value says; `another`: not these.
 * @param isThere An empty one was there before.
 */
function saidMembers(node: FieldSet, shape: MapShape, value: Json, isThere: boolean): number {
  if (!isJsonObject(value)) return isThere ? another : 0;
  let count = 0;
  for (const name in value) {
    const field = memberShape(shape, name);
    const member = value[name];
    if (field === undefined || field.isUntracked || member === undefined) continue;
    const child = node[elementOfField(name)];
    const isSame =
      isThere && field.isAlwaysThere
        ? isFilledBy(child, field.shape, member)
        : child !== undefined && isNewBy(child, field.shape, member);
    if (!isSame) return another;
    if (child !== undefined) count += 1;
  }
  return count;
}

/** The same of a field that is there, empty, before anybody says something of it. */
function isFilledBy(node: FieldSet | undefined, shape: Shape, value: Json): boolean {
  if (shape.kind === 'deduced') return false;
  if (shape.kind === 'scalar') return typeof value !== 'object' && isLeafOf(node);
  const isOfKind = shape.kind === 'list' ? Array.isArray(value) : isJsonObject(value);
  if (!isOfKind) return false;
  if (isOwnedWhole(shape)) return !isEmpty(value) && isLeafOf(node);
  const members = node ?? noFields;
  if (hasSelf(members)) return false;
  const count =
    shape.kind === 'list' ? saidItems(members, shape, value) : saidMembers(members, shape, value, true);
  return count === sizeOf(members);
}

const isLeafOf = (node: FieldSet | undefined): boolean => node !== undefined && isEmptySet(node);

/** The same of something that was not there. */
function isNewBy(node: FieldSet, shape: Shape, value: Json): boolean {
  const own = shapeFor(shape, value);
  if (own.kind === 'scalar' || isOwnedWhole(own) || isEmpty(value)) return isEmptySet(node);
  const count = own.kind === 'list' ? saidItems(node, own, value) : saidMembers(node, own, value, false);
  return count === 0 ? isEmptySet(node) : hasSelf(node) && count + 1 === sizeOf(node);
}

/** Several of one name are counted each, and so are never as many as the node has. */
function saidItems(node: FieldSet, list: ListShape, value: Json): number {
  if (!Array.isArray(value)) return 0;
  for (const item of value as readonly Json[]) {
    const child = node[elementOfItem(list, item)];
    if (child === undefined || !isNewBy(child, list.items, item)) return another;
  }
  return value.length;
}
