import type { Json } from '../../store/index.ts';
import { readSchema } from '../custom-resources/schema/schema.ts';
import { isJsonObject, type JsonObject, type KubernetesObject } from '../objects/object.ts';
import { apiVersionOf, type Resource } from '../schema/catalogue.ts';
import { applyConfig } from './apply.ts';
import { conflictError } from './conflicts.ts';
import { conflictsBesidesLastApplied, isKubectl, withLastApplied } from './last-applied.ts';
import { NamelessItemError } from './list-items.ts';
import { type Manager, managersOf, readManagers, writeManagers } from './managers.ts';
import { kindShape } from './message-shape.ts';
import { customKindShape } from './schema-shape.ts';
import type { MapShape } from './shape.ts';
import { type FieldWrite, updateManagers } from './update.ts';
import { writtenThrough } from './written-fields.ts';

/** A write of an object, as far as its managed fields are concerned. */
export interface TrackedWrite {
  readonly resource: Resource;
  readonly subresource: string | undefined;
  readonly fieldManager: string;
  /** RFC 3339, to the second. */
  readonly now: string;
}

/** `metadata.managedFields`; undefined: there are none. */
export type ManagedFields = readonly Json[] | undefined;

export const shapeOf = ({
  message,
  custom,
}: Pick<Resource, 'message'> & Partial<Pick<Resource, 'custom'>>): MapShape =>
  custom === undefined ? kindShape(message) : customKindShape(readSchema(custom.schema));

/**
 * The managed fields of an object that was created, replaced or patched. Of an object without any, nobody begins to be the
 * owner by changing it; its creator is.
 * @param before Undefined: it is created.
 * @param asked What the writer says of them: `[{}]` clears them, other entries take the place of those before.
 */
export function trackUpdate(
  write: TrackedWrite,
  before: KubernetesObject | undefined,
  after: object,
  asked: Json | undefined,
): ManagedFields {
  const managers = managersToChange(write, before, asked);
  if (before !== undefined && managers.length === 0) return undefined;
  const by = keyOf(write, 'Update');
  try {
    return writeManagers(
      updateManagers(fieldWrite(write, by), managers, (before ?? {}) as unknown as Json, after as Json),
    );
  } catch (error) {
    // An item that has no name is refused by what validates its kind, in its own words.
    if (error instanceof NamelessItemError) return writeManagers(managers);
    throw error;
  }
}

function managersToChange(
  { subresource }: TrackedWrite,
  before: KubernetesObject | undefined,
  asked: Json | undefined,
): readonly Manager[] {
  const live = before === undefined ? [] : managersOf(before.metadata);
  if (subresource !== undefined || !Array.isArray(asked)) return live;
  const [only, ...more] = asked as readonly Json[];
  if (more.length === 0 && isJsonObject(only) && Object.keys(only).length === 0) return [];
  const given = readManagers(asked);
  // Clients that know nothing of the field may send it empty.
  return given === undefined || given.length === 0 ? live : given;
}

/** Whose the fields of an object are that nobody had tracked. */
const beforeFirstApply = 'before-first-apply';

/**
 * What an object becomes by a configuration that is applied, and its managed fields.
 * @param live Without resourceVersion; undefined: there is none yet.
 * @throws {ApiError} 409 @throws {NamelessItemError}
 */
export function trackApply(
  write: TrackedWrite,
  live: KubernetesObject | undefined,
  config: JsonObject,
  force: boolean,
): { readonly object: JsonObject; readonly managedFields: ManagedFields } {
  const before = (live ?? {}) as unknown as JsonObject;
  const own = fieldWrite(write, keyOf(write, 'Apply'));
  let managers = live === undefined ? [] : managersOf(live.metadata);
  if (live !== undefined && managers.length === 0) {
    const by = { ...keyOf(write, 'Update'), name: beforeFirstApply };
    managers = updateManagers({ ...own, by }, managers, {}, before);
  }
  const { object, conflicts, managers: left } = applyConfig(own, managers, before, config);
  const isTakingOver = isKubectl(write.fieldManager) && live !== undefined;
  const against = isTakingOver ? conflictsBesidesLastApplied(own.shape, before, conflicts) : conflicts;
  if (!force && against.length > 0) throw conflictError(against);
  return {
    object: isTakingOver ? withLastApplied(object as JsonObject, config) : (object as JsonObject),
    managedFields: writeManagers(left),
  };
}

const keyOf = (
  { resource, subresource = '', fieldManager }: TrackedWrite,
  operation: Manager['operation'],
) => ({
  ...{ name: fieldManager === '' ? 'unknown' : fieldManager, operation, subresource },
  apiVersion: apiVersionOf(resource),
});

const fieldWrite = ({ resource, subresource, now }: TrackedWrite, by: FieldWrite['by']): FieldWrite => ({
  ...{ shape: shapeOf(resource), by, now },
  writtenOf: writtenThrough(resource, subresource),
});
