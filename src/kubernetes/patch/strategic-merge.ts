import { type Json, jsonEqual } from '../../store/index.ts';
import { ApiError, badRequest } from '../apiserver/status.ts';
import { isJsonObject, type JsonObject, setMember } from '../objects/object.ts';
import { type MergeRule, mergeRuleOf } from '../schema/merge-keys.ts';
import { findMessage, type Message } from '../schema/messages.ts';
import { goText, goType } from './go-text.ts';

/**
 * A strategic merge patch: a merge patch that knows the kind, so that lists of things with names merge by the name. Its
 * directives stand among the members: `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/x`, `$setElementOrder/x`. Within an item
 * that is new they stay, as upstream, where they are fields that nobody knows.
 * @throws {ApiError} 400, 422
 */
export function applyStrategicMergePatch(
  message: Message,
  object: JsonObject,
  patch: JsonObject,
): JsonObject {
  return mergeObject(message, object, patch);
}

const deletesFrom = '$deleteFromPrimitiveList/';
const ordersOf = '$setElementOrder/';

function mergeObject(message: Message | undefined, object: JsonObject, patch: JsonObject): JsonObject {
  const { $patch: directive, $retainKeys: retained, ...members } = patch;
  if (directive === 'replace')
    return { ...members, ...(retained !== undefined && { $retainKeys: retained }) };
  if (directive === 'delete') return {};
  if (directive !== undefined)
    throw unfit(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
  const merged: Record<string, Json> = { ...object };
  if (retained !== undefined) retain(merged, retained, members);
  const isDone = setOrders(message, merged, members);
  for (const [name, value] of Object.entries(members)) {
    if (isDone.has(name)) continue;
    if (name.startsWith(deletesFrom)) deleteFrom(message, merged, name.slice(deletesFrom.length), value);
    else if (value === null) delete merged[name];
    else setMerged(merged, name, mergeField(message, name, merged[name], value));
  }
  return merged;
}

function setMerged(merged: Record<string, Json>, name: string, value: Json | undefined): void {
  if (value === undefined) delete merged[name];
  else setMember(merged, name, value);
}

/** Only what is told to stay does, of which is everything that the patch itself says. */
function retain(merged: Record<string, Json>, retained: Json, members: JsonObject): void {
  const isDirective = (name: string): boolean => name.startsWith(deletesFrom) || name.startsWith(ordersOf);
  const isKept = (name: string): boolean => Array.isArray(retained) && retained.includes(name);
  const isTold = Object.entries(members).every(
    ([name, value]) => value === null || isDirective(name) || isKept(name),
  );
  if (!Array.isArray(retained) || !isTold) throw badRequest('invalid patch format of retainKeys');
  for (const name of Object.keys(merged)) if (!isKept(name)) delete merged[name];
}

/** What is not a list is left alone, and of lists that are replaced this is what they are replaced by. */
function deleteFrom(
  message: Message | undefined,
  merged: Record<string, Json>,
  field: string,
  gone: Json,
): void {
  const present = merged[field];
  if (gone === null) delete merged[field];
  if (!Array.isArray(present) || !Array.isArray(gone)) return;
  const isMerged = message !== undefined && mergeRuleOf(message.name, field).mergeKey === '';
  merged[field] = isMerged ? present.filter((item) => !gone.some((it) => jsonEqual(item, it))) : gone;
}

/** Merges and orders the lists that a patch has an order for. @returns Names of the members that are done with. */
function setOrders(
  message: Message | undefined,
  merged: Record<string, Json>,
  members: JsonObject,
): ReadonlySet<string> {
  const isDone = new Set<string>();
  for (const [name, order] of Object.entries(members)) {
    if (!name.startsWith(ordersOf)) continue;
    isDone.add(name);
    const field = name.slice(ordersOf.length);
    const [before, given] = [merged[field], members[field]];
    for (const list of [order, before, given])
      if (list !== undefined && !Array.isArray(list))
        throw unfit(`expected a []interface {}, but received a ${goType(list)}`);
    const key = orderKey(message, field);
    assertInOrder((given ?? []) as readonly Json[], order as readonly Json[], key);
    if (before === undefined && given === undefined) continue;
    isDone.add(field);
    const list =
      given === undefined ? before : before === undefined ? given : mergeField(message, field, before, given);
    merged[field] = ordered(
      ...([list, order, before ?? []] as [readonly Json[], readonly Json[], readonly Json[]]),
      key,
    );
  }
  return isDone;
}

function orderKey(message: Message | undefined, field: string): string {
  if (message === undefined)
    throw unfit('merging an object in json but data type is not struct, instead is: map');
  if (!message.fields.has(field))
    throw unfit(
      `unable to find api field in struct ${message.name.slice(message.name.lastIndexOf('.') + 1)} for the json field ${JSON.stringify(field)}`,
    );
  return mergeRuleOf(message.name, field).mergeKey ?? '';
}

/** Those that the patch has are in the order, and come in it; what is deleted has none. @throws {ApiError} 422 */
function assertInOrder(given: readonly Json[], order: readonly Json[], key: string): void {
  if (given.length === 0 || order.length === 0) return;
  const left = given.filter((item) => !(key !== '' && isJsonObject(item) && item.$patch !== undefined));
  for (const place of order) {
    const [next] = left;
    if (next === undefined) return;
    for (const item of [next, place]) if (key !== '') assertKeyed(item, key);
    if (sameKey(next, place, key)) left.shift();
  }
  if (left.length > 0)
    throw unfit(
      `The order in patch list:\n${goText(given)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
    );
}

function assertKeyed(item: Json, key: string): void {
  if (!isJsonObject(item)) throw unfit(`expected a map[string]interface {}, but received a ${goType(item)}`);
  if (item[key] === undefined)
    throw unfit(`map: ${goText(item)} does not contain declared merge key: ${key}`);
}

/** Undefined: it is not set. */
function mergeField(
  message: Message | undefined,
  name: string,
  present: Json | undefined,
  value: Json,
): Json | undefined {
  // A value where there was none, or one of another type, is taken without what it has directives in, and without what is null.
  if (present === undefined || goType(present) !== goType(value)) return withoutDirectives(value);
  const field = message?.fields.get(name);
  const rule: MergeRule = message === undefined ? {} : mergeRuleOf(message.name, name);
  const inner = field?.type.kind === 'message' ? findMessage(field.type.message) : undefined;
  if (Array.isArray(value))
    return rule.mergeKey === undefined
      ? value
      : mergeList(inner, rule.mergeKey, present as readonly Json[], value);
  if (!isJsonObject(value) || rule.isReplaced) return value;
  return mergeObject(inner, present as JsonObject, value);
}

function mergeList(
  message: Message | undefined,
  key: string,
  present: readonly Json[],
  patch: readonly Json[],
): readonly Json[] {
  assertOneType(present, patch);
  if (key === '') {
    const once = new Map([...present, ...patch].map((item) => [JSON.stringify(item), item]));
    return ordered([...once.values()], patch, present, key);
  }
  const directed = patch.filter(
    (item) => isJsonObject(item) && item.$patch !== undefined,
  ) as readonly JsonObject[];
  for (const item of directed) {
    if (item.$patch === 'merge') throw unfit('merging lists cannot yet be specified in the patch');
    if (item.$patch === 'delete') assertKeyed(item, key);
    else if (item.$patch !== 'replace')
      throw unfit(`unknown patch type: ${goText(item.$patch)} in map: ${goText(item)}`);
  }
  const given = patch.filter((item) => !directed.includes(item as JsonObject));
  // One that says so has the list replaced by those which say nothing of the kind.
  if (directed.some((item) => item.$patch === 'replace')) return given;
  const left = present.filter((item) => !directed.some((it) => sameKey(it, item, key)));
  const merged = [...left];
  for (const item of given) {
    assertKeyed(item, key);
    const index = merged.findIndex((it) => sameKey(it, item, key));
    const at = merged[index];
    if (at === undefined) merged.push(item);
    else merged[index] = mergeObject(message, at as JsonObject, item as JsonObject);
  }
  return ordered(merged, given, left, key);
}

/** @throws {ApiError} 422 */
function assertOneType(...lists: readonly (readonly Json[])[]): void {
  const types = lists.flat(1).map(goType);
  if (types[0] === goType([])) throw unfit('lists of lists are not supported');
  if (types.some((type) => type !== types[0]))
    throw unfit(`list element types are not identical: ${goText(lists)}`);
}

/** Whether they are one item: by the key, or, of what has none, as a whole. */
function sameKey(one: Json, other: Json, key: string): boolean {
  if (key === '') return jsonEqual(one, other);
  if (!isJsonObject(one) || !isJsonObject(other) || one[key] === undefined) return false;
  return other[key] !== undefined && jsonEqual(one[key], other[key]);
}

/**
 * Those that a patch names stand in its order, the others in that which there was. Where the two lists meet, one that was there before
 * the next of the patch stays before it; what is new comes as early as it can.
 */
function ordered(
  list: readonly Json[],
  order: readonly Json[],
  before: readonly Json[],
  key: string,
): readonly Json[] {
  const placeIn = (items: readonly Json[], item: Json): number =>
    items.findIndex((it) => sameKey(it, item, key));
  const named = list
    .filter((item) => placeIn(order, item) !== -1)
    .toSorted((one, other) => placeIn(order, one) - placeIn(order, other));
  const others = list.filter((item) => placeIn(order, item) === -1);
  const result: Json[] = [];
  for (const item of named) {
    const place = placeIn(before, item);
    while (others[0] !== undefined && place > placeIn(before, others[0]) && placeIn(before, others[0]) !== -1)
      result.push(others.shift() as Json);
    result.push(item);
  }
  return [...result, ...others];
}

/** A value that the patch puts where there was none: what has a directive of its own is none. */
function withoutDirectives(value: Json): Json | undefined {
  if (Array.isArray(value))
    return (value as readonly Json[]).map(withoutDirectives).filter((item) => item !== undefined);
  if (!isJsonObject(value)) return value;
  if (value.$patch !== undefined) return undefined;
  const kept: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value))
    if (member !== null) setMerged(kept, name, withoutDirectives(member));
  return kept;
}

const unfit = (why: string): ApiError => new ApiError(422, 'Invalid', why, {});
