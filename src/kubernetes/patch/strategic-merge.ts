import { type Json, jsonEqual } from '../../store/index.ts';
import { ApiError } from '../apiserver/status.ts';
import { isJsonObject, type JsonObject } from '../objects/object.ts';
import { type MergeRule, mergeRuleOf } from '../schema/merge-keys.ts';
import { findMessage, type Message } from '../schema/messages.ts';

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
  if (directive !== undefined && directive !== 'merge')
    throw unfit(`Unknown patch type found: ${String(directive)}`);
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
    if (Array.isArray(list))
      merged[field] = ordered(list, order, message && mergeRuleOf(message.name, field).mergeKey);
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
  if (key === '') return [...present, ...patch.filter((item) => !present.some((it) => jsonEqual(it, item)))];
  if (patch.some((item) => isJsonObject(item) && item.$patch === 'replace' && item[key] === undefined))
    return patch
      .filter((item) => !(isJsonObject(item) && item.$patch === 'replace'))
      .map(withoutDirectivesIn);
  const merged = [...present];
  for (const item of patch) {
    if (!isJsonObject(item) || item[key] === undefined)
      throw unfit(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const index = merged.findIndex((it) => isJsonObject(it) && jsonEqual(it[key], item[key]));
    const at = merged[index];
    if (item.$patch === 'delete') {
      if (index !== -1) merged.splice(index, 1);
    } else if (isJsonObject(at)) merged[index] = mergeObject(message, at, item);
    else merged.push(mergeObject(message, {}, item));
  }
  return merged;
}

/** Those that the order names stand as it says; the others keep their place behind what they stood behind. */
function ordered(list: readonly Json[], order: readonly Json[], key: string | undefined): readonly Json[] {
  const keyOf = (item: Json): Json | undefined => (key && isJsonObject(item) ? item[key] : item);
  const placeOf = (item: Json): number => order.findIndex((it) => jsonEqual(keyOf(it), keyOf(item)));
  const named = list
    .filter((item) => placeOf(item) !== -1)
    .toSorted((one, other) => placeOf(one) - placeOf(other));
  const result: Json[] = [...named];
  for (const [index, item] of list.entries()) {
    if (placeOf(item) !== -1) continue;
    const before = list[index - 1];
    const at = before === undefined ? -1 : result.indexOf(before);
    result.splice(at + 1, 0, item);
  }
  return result;
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
