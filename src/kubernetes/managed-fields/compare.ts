import { type Json, jsonEqual } from '../../store/index.ts';
import { isJsonObject, type JsonObject } from '../objects/object.ts';
import { addedFields } from './added-fields.ts';
import { fieldsOf } from './extract.ts';
import { elementOfField, type FieldSet, leaf, nodeOf, noFields } from './field-set.ts';
import { itemsByElement } from './list-items.ts';
import {
  type FieldShape,
  isEmpty,
  isOwnedWhole,
  type ListShape,
  type MapShape,
  memberShape,
  type Shape,
  shapeFor,
} from './shape.ts';

/** How an object differs from what it was. */
export interface Comparison {
  readonly added: FieldSet;
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** The same below a field; undefined: nothing. */
interface Difference {
  readonly added?: FieldSet | undefined;
  readonly changed?: FieldSet | undefined;
  readonly removed?: FieldSet | undefined;
}

const same: Difference = {};

/** @throws {NamelessItemError} */
export function compare(shape: MapShape, before: Json, after: Json): Comparison {
  const { added, changed, removed } = before === after ? same : compareMaps(shape, before, after);
  return { added: added ?? noFields, changed: changed ?? noFields, removed: removed ?? noFields };
}

function compareAt(shape: Shape, before: Json | undefined, after: Json | undefined): Difference {
  if (before === after) return same;
  if (before === undefined && after !== undefined) return { added: addedFields(shape, after) };
  const own = shapeFor(shape, after ?? before);
  if (before !== undefined && after !== undefined && shapeFor(shape, before).kind !== own.kind)
    return ofAnotherKind(shape, before);
  if (own.kind === 'scalar' || isOwnedWhole(own) || (isEmpty(before) && isEmpty(after)))
    return compareWholes(before, after);
  return own.kind === 'map' ? compareMaps(own, before, after) : compareLists(own, before, after);
}

function compareWholes(before: Json | undefined, after: Json | undefined): Difference {
  if (before === undefined) return { added: leaf };
  if (after === undefined) return { removed: leaf };
  return jsonEqual(before, after) ? same : { changed: leaf };
}

/** Without a schema an object may become a text: it changes, and what was in it goes. */
function ofAnotherKind(shape: Shape, before: Json): Difference {
  const own = shapeFor(shape, before);
  const gone = own.kind === 'map' ? fieldsOf(own, before) : noFields;
  return { changed: leaf, removed: nodeOf(false, gone) };
}

function compareMaps(shape: MapShape, before: Json | undefined, after: Json | undefined): Difference {
  const [was, is] = [objectOf(before), objectOf(after)];
  const gathered = new Gathered();
  for (const name in is) {
    const field = memberShape(shape, name);
    if (field === undefined || field.isUntracked) continue;
    gathered.add(elementOfField(name), compareAt(field.shape, memberOf(was, name, field, before), is[name]));
  }
  for (const name in was) {
    if (Object.hasOwn(is, name)) continue;
    const field = memberShape(shape, name);
    if (field === undefined || field.isUntracked) continue;
    gathered.add(elementOfField(name), compareAt(field.shape, was[name], memberOf(is, name, field, after)));
  }
  return gathered.difference(before, after);
}

function memberOf(
  members: JsonObject,
  name: string,
  { isAlwaysThere, shape }: FieldShape,
  of: Json | undefined,
): Json | undefined {
  if (Object.hasOwn(members, name)) return members[name];
  return isAlwaysThere && of !== undefined ? (shape.kind === 'list' ? [] : {}) : undefined;
}

function compareLists(list: ListShape, before: Json | undefined, after: Json | undefined): Difference {
  const [was, is] = [itemsByElement(list, before), itemsByElement(list, after)];
  const gathered = new Gathered();
  for (const [element, items] of is) gathered.add(element, compareItems(list, was.get(element), items));
  for (const [element, items] of was)
    if (!is.has(element)) gathered.add(element, compareItems(list, items, undefined));
  return gathered.difference(before, after);
}

/** Where several have one name they are one to whoever owns them. */
function compareItems(
  list: ListShape,
  before: readonly Json[] | undefined,
  after: readonly Json[] | undefined,
): Difference {
  if ((before?.length ?? 0) <= 1 && (after?.length ?? 0) <= 1)
    return compareAt(list.items, before?.[0], after?.[0]);
  return compareWholes(before, after);
}

/** What differs in the members of a node. */
class Gathered {
  #added: Record<string, FieldSet> | undefined;
  #changed: Record<string, FieldSet> | undefined;
  #removed: Record<string, FieldSet> | undefined;

  add(element: string, difference: Difference): void {
    if (difference === same) return;
    const { added, changed, removed } = difference;
    if (added !== undefined) this.#added = withMember(this.#added, element, added);
    if (changed !== undefined) this.#changed = withMember(this.#changed, element, changed);
    if (removed !== undefined) this.#removed = withMember(this.#removed, element, removed);
  }

  difference(before: Json | undefined, after: Json | undefined): Difference {
    const added = nodeOf(before === undefined, this.#added ?? noFields);
    const removed = nodeOf(after === undefined, this.#removed ?? noFields);
    return added === undefined && removed === undefined && this.#changed === undefined
      ? same
      : { added, changed: this.#changed, removed };
  }
}

/** Made with its first member: most writes touch few fields. */
function withMember(members: Record<string, FieldSet> = {}, element: string, node: FieldSet) {
  members[element] = node;
  return members;
}

const nothing: JsonObject = {};
const objectOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : nothing);
