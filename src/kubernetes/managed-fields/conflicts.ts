import { ApiError, type Cause } from '../apiserver/status.ts';
import { type FieldSet, pathsOf, pathText } from './field-set.ts';
import type { Manager } from './managers.ts';

/** Fields that somebody else owns, which would get another value. */
export interface Conflict {
  readonly manager: Manager;
  readonly fields: FieldSet;
}

/** In upstream's words, which kubectl shows. */
export function conflictError(conflicts: readonly Conflict[]): ApiError {
  const told = conflicts
    .map(({ manager, fields }) => ({ who: managerText(manager), paths: pathsOf(fields).map(pathText) }))
    .toSorted((one, other) => (one.who < other.who ? -1 : 1));
  const causes: readonly Cause[] = told.flatMap(({ who, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${who}`, field })),
  );
  const [first] = causes;
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${first?.message}: ${first?.field}`
      : `Apply failed with ${causes.length} conflicts: ${told
          .flatMap(({ who, paths }) => [`conflicts with ${who}:`, ...paths.map((path) => `- ${path}`)])
          .join('\n')}`;
  return new ApiError(409, 'Conflict', message, { causes });
}

function managerText({ name, operation, apiVersion, subresource }: Manager): string {
  const where = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  const how = operation === 'Update' ? ` using ${apiVersion}` : '';
  return `${JSON.stringify(name)}${where}${how}`;
}
