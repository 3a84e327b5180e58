import { type FieldError, invalidValue, notSupported, required } from '../apiserver/status.ts';
import { isJsonObject, type JsonObject, listOf, memberOf, textOf } from '../objects/object.ts';
import { parseJsonPath } from '../table/json-path.ts';

/** What is wrong with how a version shows its objects: its columns, its scale, its selectable fields. */
export function presentationErrors(version: JsonObject, at: string): readonly FieldError[] {
  const { scale } = memberOf(version, 'subresources');
  return [
    ...listOf(version, 'additionalPrinterColumns').flatMap((column, index) =>
      columnErrors(isJsonObject(column) ? column : {}, `${at}.additionalPrinterColumns[${index}]`),
    ),
    ...(isJsonObject(scale) ? scaleErrors(scale, `${at}.subresources.scale`) : []),
    ...selectableFieldErrors(version, `${at}.selectableFields`),
  ];
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function columnErrors(column: JsonObject, at: string): readonly FieldError[] {
  const [type, format, path] = [textOf(column, 'type'), textOf(column, 'format'), textOf(column, 'jsonPath')];
  const errors: FieldError[] = [];
  if (textOf(column, 'name') === '') errors.push(required(`${at}.name`));
  if (type === '') errors.push(required(`${at}.type`, `must be one of ${columnTypes.join(',')}`));
  else if (!columnTypes.includes(type)) errors.push(notSupported(`${at}.type`, type, columnTypes));
  if (format !== '' && !columnFormats.includes(format))
    errors.push(notSupported(`${at}.format`, format, columnFormats));
  if (path === '') errors.push(required(`${at}.jsonPath`));
  else errors.push(...pathErrors(path, `${at}.jsonPath`));
  return errors;
}

function pathErrors(path: string, at: string): readonly FieldError[] {
  if (!path.startsWith('.')) return [invalidValue(at, path, 'must be a simple json path starting with .')];
  try {
    parseJsonPath(path);
    return [];
  } catch (error) {
    return [
      invalidValue(at, path, `is an invalid JSONPath: ${error instanceof Error ? error.message : error}`),
    ];
  }
}

function scaleErrors(scale: JsonObject, at: string): readonly FieldError[] {
  const isPlain = (path: string): boolean => /^(\.[^.[\]]+)+$/.test(path);
  const below = (field: string, roots: readonly string[], isNeeded: boolean): readonly FieldError[] => {
    const path = textOf(scale, field);
    if (path === '') return isNeeded ? [required(`${at}.${field}`)] : [];
    if (!isPlain(path))
      return [invalidValue(`${at}.${field}`, path, 'must be a simple json path starting with .')];
    const isBelow = roots.some((root) => path.startsWith(`${root}.`));
    return isBelow
      ? []
      : [invalidValue(`${at}.${field}`, path, `should be a json path under ${roots.join(' or ')}`)];
  };
  return [
    ...below('specReplicasPath', ['.spec'], true),
    ...below('statusReplicasPath', ['.status'], true),
    ...below('labelSelectorPath', ['.spec', '.status'], false),
  ];
}

/** Every event of a watch is looked through for each of them. */
const maxSelectableFields = 8;

function selectableFieldErrors(version: JsonObject, at: string): readonly FieldError[] {
  const fields = listOf(version, 'selectableFields').map((it) =>
    textOf(isJsonObject(it) ? it : {}, 'jsonPath'),
  );
  const errors: FieldError[] = [];
  if (fields.length > maxSelectableFields)
    errors.push({
      ...{ reason: 'FieldValueTooMany', field: at },
      text: `Too many: ${fields.length}: must have at most ${maxSelectableFields} items`,
    });
  for (const [index, path] of fields.entries()) {
    const field = `${at}[${index}].jsonPath`;
    if (path === '') errors.push(required(field));
    else if (fields.indexOf(path) < index)
      errors.push({ reason: 'FieldValueDuplicate', field, text: `Duplicate value: ${JSON.stringify(path)}` });
    else if (path === '.metadata' || path.startsWith('.metadata.'))
      errors.push(invalidValue(field, path, 'must not point to fields in metadata'));
    else if (!isScalarAt(version, path))
      errors.push(
        invalidValue(
          field,
          path,
          'is an invalid path: it must point to a field of type string, boolean or integer',
        ),
      );
  }
  return errors;
}

function isScalarAt(version: JsonObject, path: string): boolean {
  const [root, ...names] = path.split('.');
  let schema = memberOf(memberOf(version, 'schema'), 'openAPIV3Schema');
  for (const name of names) schema = memberOf(memberOf(schema, 'properties'), name);
  return root === '' && ['boolean', 'integer', 'string'].includes(textOf(schema, 'type'));
}
