export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * `value` as plain JSON, frozen to the last leaf, so that it can be kept and shared without copies. What is
 * frozen JSON already is returned as it is, part by part: a record made by spreading another shares the parts
 * it did not change. Members that are undefined are left out, as JSON does.
 * @throws {TypeError} something in it, named by its path, is not JSON (a Date, a function, NaN, ...).
 */
export function frozenJson(value: unknown): Json {
  return freeze(value, []);
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

/** Whether all of it is plain JSON and frozen already: most of a changed record is what the record before it was. */
function isFrozenJson(value: object, depth: number): value is Json & object {
  if (depth >= deepest || !Object.isFrozen(value)) return false;
  if (isArray(value)) {
    for (let place = 0; place < value.length; place++)
      if (!isFrozenMember(value[place], depth + 1)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const member of Object.keys(value))
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

function freezeArray(array: readonly unknown[], trail: Trail): Json {
  const frozen: Json[] = [];
  let isSame = Object.isFrozen(array);
  for (let place = 0; place < array.length; place++) {
    trail.push(place);
    const item = freeze(array[place], trail);
    trail.pop();
    if (!Object.is(item, array[place])) isSame = false;
    frozen.push(item);
  }
  return isSame ? (array as readonly Json[]) : Object.freeze(frozen);
}

function freezeObject(object: object, trail: Trail): Json {
  let changed: [string, Json | undefined][] | undefined;
  for (const [member, value] of Object.entries(object)) {
    trail.push(member);
    const frozen = value === undefined ? undefined : freeze(value, trail);
    trail.pop();
    if (frozen === undefined || !Object.is(frozen, value)) {
      changed ??= [];
      changed.push([member, frozen]);
    }
  }
  if (changed === undefined && Object.isFrozen(object)) return object as { readonly [key: string]: Json };
  // Spreading copies a member called `__proto__` as the plain member that it is; assigning would not.
  const copy: Record<string, Json> = { ...(object as Record<string, Json>) };
  for (const [member, frozen] of changed ?? []) {
    if (frozen === undefined) delete copy[member];
    else
      Object.defineProperty(copy, member, {
        value: frozen,
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  return Object.freeze(copy);
}

function isArray(value: object): value is readonly Json[] {
  return Array.isArray(value);
}

function notJson(what: string, trail: Trail): TypeError {
  return new TypeError(`Not JSON: ${what} at ${trail.length === 0 ? 'the top' : trail.join('.')}`);
}
