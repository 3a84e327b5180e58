import type { Json } from '../../../store/index.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { isJsonObject } from '../../objects/object.ts';
import type { Schema } from './schema.ts';

/** Items that a set or a map of a list may have once only. Of each, the second is told. */
export function listErrors(schema: Schema, items: readonly Json[], path: string): readonly FieldError[] {
  if (schema.listType === 'set') return duplicates(items, path);
  if (schema.listType !== 'map') return [];
  const other = items.findIndex((item) => item !== null && !isJsonObject(item));
  if (other !== -1) {
    return [
      {
        ...{ reason: 'FieldValueInvalid', field: `${path}[${other}]` },
        text: `Invalid value: ${JSON.stringify(items[other])}: must be an object for an array of list-type map`,
      },
    ];
  }
  const keys = items.map((item) =>
    Object.fromEntries(
      schema.listMapKeys.flatMap((key) =>
        isJsonObject(item) && item[key] !== undefined ? [[key, item[key]]] : [],
      ),
    ),
  );
  return duplicates(keys, path);
}

/** What an item of a list was before: those of maps are known by their keys, others are not known again. */
export function counterparts(
  { listType, listMapKeys }: Schema,
  was: readonly Json[],
): (item: Json) => Json | undefined {
  if (listType !== 'map' || was.length === 0) return () => undefined;
  const keyOf = (item: Json): string =>
    JSON.stringify(listMapKeys.map((key) => (isJsonObject(item) ? (item[key] ?? null) : null)));
  const byKey = new Map(was.map((item) => [keyOf(item), item]));
  return (item) => byKey.get(keyOf(item));
}

function duplicates(items: readonly Json[], path: string): readonly FieldError[] {
  const seen = new Map<string, number>();
  return items.flatMap((item, index) => {
    const text = sortedText(item);
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    return times === 2
      ? [
          {
            ...{ reason: 'FieldValueDuplicate' as const, field: `${path}[${index}]` },
            text: `Duplicate value: ${sortedText(item)}`,
          },
        ]
      : [];
  });
}

/** As Go writes it: the same whatever the order of members. */
function sortedText(value: Json): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isJsonObject(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
}
