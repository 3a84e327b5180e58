import { isJsonObject } from '../objects/object.ts';

/**
 * A set of an object's fields, as `fieldsV1` writes it: a tree whose members are path elements (`f:<field>`, `k:<keys of an
 * item>`, `v:<item of a set>`, `i:<index>`). A node without members is in the set; one with members is in it where it has
 * a member `.` besides. The root is never in it: a root without members is the empty set.
 */
export type FieldSet = { readonly [element: string]: FieldSet };

const self = '.';

/** A field that is in a set, and nothing below it. */
export const leaf: FieldSet = Object.freeze({});
/** As a root: nothing. */
export const noFields: FieldSet = Object.freeze({});

/** What stands below a node, by path element; undefined: nothing at all of it is in the set. */
type Node = FieldSet | undefined;

export const isEmptySet = (set: FieldSet): boolean => isLeaf(set);

/** How many members a node has, with what says that it is in the set itself. */
export function sizeOf(node: FieldSet): number {
  let size = 0;
  for (const _ in node) size += 1;
  return size;
}

/** Whether a node that has members is in the set itself. */
export const hasSelf = (node: FieldSet): boolean => node[self] !== undefined;

/** Of names that are known: those of all fields that are written, and some of labels and the like. */
const mostElements = 8192;
const elements = new Map<string, string>();

/** The path element of a field. A text that was put together is looked up slowly, so it is put together once. */
export function elementOfField(name: string): string {
  const known = elements.get(name);
  if (known !== undefined) return known;
  if (elements.size >= mostElements) elements.clear();
  const element = `f:${name}`;
  elements.set(name, element);
  return element;
}

/** A node of these members. @param isOwn Whether it is in the set itself. @returns undefined where nothing of it is. */
export function nodeOf(isOwn: boolean, members: Readonly<Record<string, FieldSet>>): Node {
  if (isLeaf(members)) return isOwn ? leaf : undefined;
  if (!isOwn) return members;
  const node: Record<string, FieldSet> = { [self]: leaf };
  for (const element in members) node[element] = members[element] as FieldSet;
  return node;
}

/** Whether the node itself is in the set. */
export const isIn = (node: FieldSet): boolean => isLeaf(node) || self in node;

/** The members of a node, without what says that it is in the set itself. */
export function* elementsOf(node: FieldSet): Generator<readonly [element: string, node: FieldSet]> {
  for (const element in node) if (element !== self) yield [element, node[element] as FieldSet];
}

/** The fields that are in one set or the other. */
export function union(one: FieldSet, other: FieldSet): FieldSet {
  if (one === other || isLeaf(other)) return one;
  if (isLeaf(one)) return other;
  return unionOfMembers(one, other);
}

function unionOf(one: Node, other: FieldSet): FieldSet {
  if (one === undefined || one === other) return other;
  if (isLeaf(one) && isLeaf(other)) return leaf;
  return nodeOf(isIn(one) || isIn(other), unionOfMembers(one, other)) ?? leaf;
}

function unionOfMembers(one: FieldSet, other: FieldSet): FieldSet {
  const members: Record<string, FieldSet> = {};
  for (const element in one) if (element !== self) members[element] = one[element] as FieldSet;
  for (const element in other)
    if (element !== self) members[element] = unionOf(one[element], other[element] as FieldSet);
  return members;
}

/** The fields that are in both sets. */
export const intersection = (one: FieldSet, other: FieldSet): FieldSet => combined(one, other, bothOf);

const bothOf = (one: FieldSet, other: Node): Node =>
  other && nodeOf(isIn(one) && isIn(other), combined(one, other, bothOf));

/** The fields of the first set that are not in the other; what stands below a field of the other stays. */
export const difference = (one: FieldSet, other: FieldSet): FieldSet =>
  isLeaf(other) ? one : combined(one, other, lessOf);

const lessOf = (one: FieldSet, other: Node): Node =>
  other === undefined ? one : nodeOf(isIn(one) && !isIn(other), combined(one, other, lessOf));

/** The fields of the first set that are not in the other, nor below a field of the other. */
export const without = (one: FieldSet, other: FieldSet): FieldSet => combined(one, other, outsideOf);

function outsideOf(one: FieldSet, other: Node): Node {
  if (other === undefined) return one;
  return isIn(other) ? undefined : nodeOf(isIn(one), combined(one, other, outsideOf));
}

/** The members of a node that are left of it, by what the other has in their place. */
function combined(
  one: FieldSet,
  other: FieldSet,
  combine: (node: FieldSet, counterpart: Node) => Node,
): Record<string, FieldSet> {
  const members: Record<string, FieldSet> = {};
  for (const element in one) {
    if (element === self) continue;
    const kept = combine(one[element] as FieldSet, other[element]);
    if (kept !== undefined) members[element] = kept;
  }
  return members;
}

/** All fields of a set, each as its path elements: those of a level go before what is below them. */
export function pathsOf(set: FieldSet): readonly (readonly string[])[] {
  const members = [...elementsOf(set)].toSorted(([one], [other]) => compareElements(one, other));
  return [
    ...members.filter(([, node]) => isIn(node)).map(([element]) => [element]),
    ...members.flatMap(([element, node]) => pathsOf(node).map((path) => [element, ...path])),
  ];
}

const kinds = 'fkvi';

function compareElements(one: string, other: string): number {
  const byKind = kinds.indexOf(one.charAt(0)) - kinds.indexOf(other.charAt(0));
  if (byKind !== 0) return byKind;
  return one < other ? -1 : one > other ? 1 : 0;
}

/** As conflicts name a field: `.spec.template.spec.containers[name="c"].image`. */
export const pathText = (path: readonly string[]): string => path.map(elementText).join('');

function elementText(element: string): string {
  const text = element.slice(2);
  if (element.startsWith('f:')) return `.${text}`;
  if (element.startsWith('i:')) return `[${text}]`;
  if (element.startsWith('v:')) return `[=${text}]`;
  const keys = Object.entries(JSON.parse(text) as Record<string, unknown>);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}

/** Deeper than any kind. */
const deepest = 100;

/** A `fieldsV1` that somebody sent. Undefined: it is none. */
export function readFieldSet(value: unknown, depth = 0): FieldSet | undefined {
  if (!isJsonObject(value) || depth > deepest) return undefined;
  for (const [element, node] of Object.entries(value)) {
    if (element !== self && !isElement(element)) return undefined;
    if (readFieldSet(node, depth + 1) === undefined) return undefined;
  }
  return value as FieldSet;
}

function isElement(element: string): boolean {
  if (element.startsWith('f:')) return true;
  if (element.startsWith('i:')) return /^i:\d+$/.test(element);
  if (!element.startsWith('k:') && !element.startsWith('v:')) return false;
  try {
    const value: unknown = JSON.parse(element.slice(2));
    return element.startsWith('v:') || isJsonObject(value);
  } catch {
    return false;
  }
}

function isLeaf(node: object): boolean {
  for (const _ in node) return false;
  return true;
}
