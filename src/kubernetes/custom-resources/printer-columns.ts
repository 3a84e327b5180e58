import type { Json } from '../../store/index.ts';
import { type JsonObject, type KubernetesObject, numberOf, textOf } from '../objects/object.ts';
import { age } from '../table/age.ts';
import type { Column } from '../table/column.ts';
import { parseJsonPath } from '../table/json-path.ts';

/** A column of a custom resource's table, as its definition says it. @param column A valid one. */
export function printerColumn(column: JsonObject): Column {
  const type = textOf(column, 'type') as Column['type'];
  const path = parseJsonPath(textOf(column, 'jsonPath'));
  return {
    ...{ name: textOf(column, 'name'), type, isWide: numberOf(column, 'priority') > 0 },
    ...{ format: textOf(column, 'format'), description: textOf(column, 'description') },
    priority: numberOf(column, 'priority'),
    cell: (object: KubernetesObject, now) => {
      const [value] = path.find(object as unknown as Json);
      return value === undefined ? null : cellOf(type, value, now);
    },
  };
}

/** Undefined and what is of another type are not shown. */
function cellOf(type: Column['type'], value: Json, now: number): Json {
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? age(value, now) : null;
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}

/** What a custom resource shows that says nothing of columns. */
export const ageColumn: Column = printerColumn({
  ...{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  description: 'CreationTimestamp is a timestamp representing the server time when this object was created.',
});
