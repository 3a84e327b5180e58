import type { Json } from '../../store/index.ts';
import { isJsonObject, type JsonObject, memberOf, textOf } from '../objects/object.ts';
import { compare } from './compare.ts';
import type { Conflict } from './conflicts.ts';
import { fieldsOf } from './extract.ts';
import { difference, type FieldSet, isEmptySet } from './field-set.ts';
import type { MapShape } from './shape.ts';

/** Where `kubectl apply` of old kept what it had applied, before the API server knew who owns what. */
const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
const maxAnnotationBytes = 256 * 1024;

/** Whose objects may carry it. */
export const isKubectl = (manager: string): boolean => manager === 'kubectl';

/**
 * Conflicts that remain when kubectl takes over, by server-side apply, what kubectl itself had applied the old way and nobody
 * changed since.
 */
export function conflictsBesidesLastApplied(
  shape: MapShape,
  live: JsonObject,
  conflicts: readonly Conflict[],
): readonly Conflict[] {
  const own = unchangedLastApplied(shape, live);
  if (own === undefined) return conflicts;
  return conflicts
    .map(({ manager, fields }) => ({ manager, fields: difference(fields, own) }))
    .filter(({ fields }) => !isEmptySet(fields));
}

function unchangedLastApplied(shape: MapShape, live: JsonObject): FieldSet | undefined {
  const text = textOf(memberOf(memberOf(live, 'metadata'), 'annotations'), annotation);
  const applied = text === '' ? undefined : parsed(text);
  if (!isJsonObject(applied) || applied.apiVersion !== live.apiVersion) return undefined;
  const { added, changed, removed } = compare(shape, applied, live);
  return [added, changed, removed].reduce(difference, fieldsOf(shape, applied));
}

/** Nobody but kubectl writes it, and if not, it says nothing. */
function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The object with the annotation of what was applied now, where it had one: kubectl of old goes on from there. */
export function withLastApplied(object: JsonObject, config: JsonObject): JsonObject {
  const metadata = memberOf(object, 'metadata');
  const { [annotation]: before, ...others } = memberOf(metadata, 'annotations');
  if (before === undefined) return object;
  const text = appliedText(config);
  const bytes = Object.entries({ ...others, [annotation]: text }).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)),
    0,
  );
  const annotations = bytes > maxAnnotationBytes ? others : { ...others, [annotation]: text };
  return { ...object, metadata: { ...metadata, annotations } };
}

/** As kubectl writes it: members sorted, a line. */
function appliedText(config: JsonObject): string {
  const metadata = memberOf(config, 'metadata');
  const { [annotation]: _, ...annotations } = memberOf(metadata, 'annotations');
  const own =
    metadata.annotations === undefined ? config : { ...config, metadata: { ...metadata, annotations } };
  return `${escaped(JSON.stringify(sorted(own)))}\n`;
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(sorted);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]));
}

/** As Go writes JSON, so that both ways of applying leave the same text. */
const escaped = (json: string): string =>
  json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
