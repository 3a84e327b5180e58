import { type Json, jsonEqual } from '../../store/index.ts';
import { ApiError } from '../apiserver/status.ts';
import { isJsonObject, type JsonObject } from '../objects/object.ts';
import { type MergeRule, mergeRuleOf } from '../schema/merge-keys.ts';
import { findMessage, type Message } from '../schema/messages.ts';
import { goText } from './go-text.ts';

/**
 * A strategic merge patch: a merge patch that knows the kind, so that lists of things with names merge by the name. Its
 * directives stand among the members: `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/x`, `$setElementOrder/x`.
 * @throws {ApiError} 422
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
  if (directive === 'replace') return withoutDirectives(members);
  if (directive === 'delete') return {};
  if (directive !== undefined)
    throw unfit(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
  const merged: Record<string, Json> = { ...object };
  if (Array.isArray(retained))
    for (const name of Object.keys(merged)) if (!retained.includes(name)) delete merged[name];
  const orders = new Map<string, readonly Json[]>();
  for (const [name, value] of Object.entries(members)) {
    if (name.startsWith(ordersOf)) {
      if (Array.isArray(value)) orders.set(name.slice(ordersOf.length), value);
    } else if (name.startsWith(deletesFrom)) {
      const field = name.slice(deletesFrom.length);
      const [present, gone] = [merged[field], value];
      if (Array.isArray(present) && Array.isArray(gone))
        merged[field] = present.filter((item) => !gone.some((it) => jsonEqual(item, it)));
    } else if (value === null) delete merged[name];
    else merged[name] = mergeField(message, name, merged[name], value);
  }
  for (const [field, order] of orders) {
    const list = merged[field];
    const before = object[field];
    if (Array.isArray(list)) {
      const key = (message && mergeRuleOf(message.name, field).mergeKey) ?? '';
      merged[field] = ordered(list, order, Array.isArray(before) ? before : [], key);
    }
  }
  return merged;
}

function mergeField(
  message: Message | undefined,
  name: string,
  present: Json | undefined,
  value: Json,
): Json {
  const field = message?.fields.get(name);
  const rule: MergeRule = message === undefined ? {} : mergeRuleOf(message.name, name);
  const inner = field?.type.kind === 'message' ? findMessage(field.type.message) : undefined;
  if (Array.isArray(value)) {
    const before = Array.isArray(present) ? present : [];
    return rule.mergeKey === undefined ? value : mergeList(inner, rule.mergeKey, before, value);
  }
  if (!isJsonObject(value)) return value;
  if (rule.isReplaced) return withoutDirectives(value);
  return mergeObject(inner, isJsonObject(present) ? present : {}, value);
}

function mergeList(
  message: Message | undefined,
  key: string,
  present: readonly Json[],
  patch: readonly Json[],
): readonly Json[] {
  if (key === '') {
    const all = [...present, ...patch.filter((item) => !present.some((it) => jsonEqual(it, item)))];
    return ordered(all, patch, present, key);
  }
  // One that says so has the list replaced by those which say nothing of the kind.
  if (patch.some((item) => isJsonObject(item) && item.$patch === 'replace'))
    return patch
      .filter((item) => !(isJsonObject(item) && item.$patch !== undefined))
      .map(withoutDirectivesIn);
  const isGone = (item: Json): boolean =>
    patch.some((it) => isJsonObject(it) && it.$patch === 'delete' && sameKey(it, item, key));
  const left = present.filter((item) => !isGone(item));
  const given = patch.filter((item) => !(isJsonObject(item) && item.$patch === 'delete'));
  const merged = [...left];
  for (const item of given) {
    if (isJsonObject(item) && item.$patch !== undefined)
      throw unfit('merging lists cannot yet be specified in the patch');
    if (!isJsonObject(item) || item[key] === undefined)
      throw unfit(`map: ${goText(item)} does not contain declared merge key: ${key}`);
    const index = merged.findIndex((it) => sameKey(it, item, key));
    const at = merged[index];
    if (isJsonObject(at)) merged[index] = mergeObject(message, at, item);
    else merged.push(mergeObject(message, {}, item));
  }
  return ordered(merged, given, left, key);
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

const withoutDirectivesIn = (value: Json): Json => (isJsonObject(value) ? withoutDirectives(value) : value);

function withoutDirectives(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object)
      .filter(([name, value]) => !name.startsWith('$') && value !== null)
      .map(([name, value]) => [
        name,
        Array.isArray(value) ? value.map(withoutDirectivesIn) : withoutDirectivesIn(value),
      ]),
  );
}

const unfit = (why: string): ApiError => new ApiError(422, 'Invalid', why, {});
