export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * `value` as plain JSON, frozen to the last leaf, so that it can be kept and shared without copies. What is
 * frozen JSON already is returned as it is, part by part: a record made by spreading another shares the parts
 * it did not change. Members that are undefined are left out, as JSON does.
 * @throws {TypeError} something in it, named by its path, is not JSON (a Date, a function, NaN, ...).
 */
export function frozenJson(value: unknown): Json {
  const frozen = freeze(value, []);
  if (typeof frozen === 'object' && frozen !== null) known.add(frozen);
  return frozen;
}

/** The JSON that `text` spells, frozen to the last leaf. @throws {SyntaxError} */
export function parseFrozenJson(text: string): Json {
  const value: Json = JSON.parse(text);
  freezeInPlace(value);
  return value;
}

function freezeInPlace(value: Json): void {
  if (typeof value !== 'object' || value === null) return;
  for (const member of isArray(value) ? value : Object.values(value)) freezeInPlace(member);
  Object.freeze(value);
}

/** Whether both are the same JSON; the order of members does not count. */
export function jsonEqual(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined) return false;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (isArray(left) || isArray(right)) {
    if (!isArray(left) || !isArray(right) || left.length !== right.length) return false;
    return left.every((item, place) => jsonEqual(item, right[place]));
  }
  const members = Object.keys(left);
  if (members.length !== Object.keys(right).length) return false;
  return members.every((member) => Object.hasOwn(right, member) && jsonEqual(left[member], right[member]));
}

/** Where in the value the walk stands: the members and places on the way down. */
type Trail = (string | number)[];

/** Deeper than any record; a value that contains itself ends here. */
const deepest = 256;

function freeze(value: unknown, trail: Trail): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  // JSON knows no negative zero.
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? 0 : value;
  if (typeof value !== 'object') throw notJson(String(value), trail);
  if (isFrozenJson(value, trail.length)) return value;
  if (trail.length === deepest) throw notJson(`something nested deeper than ${deepest}`, trail.slice(0, 8));
  if (isArray(value)) return freezeArray(value, trail);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw notJson(`a ${value.constructor?.name ?? 'class instance'}`, trail);
  return freezeObject(value, trail);
}

/**
 * Found to be frozen JSON, which they stay: records, and their longer lists, which a changed record has in common
 * with the one before it. So a record is walked once, not at each stop on its way into the store.
 */
const known = new WeakSet<object>();
/** A shorter list is walked as fast as it is looked up. */
const leastKnownLength = 4;

/** Whether all of it is plain JSON and frozen already: most of a changed record is what the record before it was. */
function isFrozenJson(value: object, depth: number): value is Json & object {
  if (depth === 0 && known.has(value)) return true;
  if (depth >= deepest || !Object.isFrozen(value)) return false;
  if (isArray(value)) {
    if (value.length >= leastKnownLength && known.has(value)) return true;
    for (let place = 0; place < value.length; place++)
      if (!isFrozenMember(value[place], depth + 1)) return false;
    if (value.length >= leastKnownLength) known.add(value);
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  // A walk over the members that makes no list of them; nothing is inherited that could be walked over.
  for (const member in value)
    if (!isFrozenMember((value as Record<string, unknown>)[member], depth + 1)) return false;
  return true;
}

function isFrozenMember(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      return value === null || isFrozenJson(value, depth);
    default:
      return false;
  }
}

const emptyList: Json = Object.freeze([]);

function freezeArray(array: readonly unknown[], trail: Trail): Json {
  if (array.length === 0) return emptyList;
  // Of its length from the start: a list that grows keeps room for what never comes, and records are kept for long.
  const frozen = new Array<Json>(array.length);
  for (let place = 0; place < array.length; place++) {
    trail.push(place);
    frozen[place] = freeze(array[place], trail);
    trail.pop();
  }
  return Object.freeze(frozen);
}

function freezeObject(object: object, trail: Trail): Json {
  // Spreading copies a member called `__proto__` as the plain member that it is; assigning would not.
  const copy: Record<string, unknown> = { ...object };
  for (const member in copy) {
    const value = copy[member];
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) continue;
    if (typeof value === 'number' && value !== 0 && Number.isFinite(value)) continue;
    if (value === undefined) {
      delete copy[member];
      continue;
    }
    trail.push(member);
    const frozen = freeze(value, trail);
    trail.pop();
    if (Object.is(frozen, value)) continue;
    if (member === '__proto__')
      Object.defineProperty(copy, member, {
        value: frozen,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else copy[member] = frozen;
  }
  // Every member is JSON now.
  return Object.freeze(copy as Record<string, Json>);
}

function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function notJson(what: string, trail: Trail): TypeError {
  return new TypeError(`Not JSON: ${what} at ${trail.length === 0 ? 'the top' : trail.join('.')}`);
}
