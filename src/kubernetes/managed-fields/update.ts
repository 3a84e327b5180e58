import type { Json } from '../../store/index.ts';
import { compare } from './compare.ts';
import { type FieldSet, isEmptySet, noFields, union } from './field-set.ts';
import { knownFields, rememberFields } from './known-fields.ts';
import { capped, isSameManager, type Manager, type ManagerKey, withoutFields } from './managers.ts';
import { isEmpty, type MapShape } from './shape.ts';
import { shared } from './shared-sets.ts';

/** One write, of whichever kind. */
export interface FieldWrite {
  readonly shape: MapShape;
  readonly by: ManagerKey;
  /** RFC 3339, to the second. */
  readonly now: string;
  /** Those of some fields that the endpoint writes: of what else it is sent nobody becomes the owner. */
  writtenOf(fields: FieldSet): FieldSet;
}

/**
 * Who owns what once an object was created, replaced or patched: what was added or got another value is the writer's alone,
 * what was removed is nobody's. Of what stayed as it was, nothing changes.
 * @param before An empty object where it is created.
 * @throws {NamelessItemError}
 */
export function updateManagers(
  { shape, by, now, writtenOf }: FieldWrite,
  managers: readonly Manager[],
  before: Json,
  after: Json,
): readonly Manager[] {
  const isNew = managers.length === 0 && isEmpty(before);
  const known = isNew ? knownFields(shape, writtenOf, after) : undefined;
  if (known !== undefined) return [{ ...by, time: now, fields: known }];
  const { added, changed, removed } = compare(shape, before, after);
  const said = union(added, changed);
  const [taken, gone] = [writtenOf(said), writtenOf(removed)];
  if (isEmptySet(taken) && isEmptySet(gone)) return managers;
  const others = withoutFields(managers, union(taken, gone));
  if (isEmptySet(taken)) return others;
  const own = others.find((it) => isSameManager(it, by));
  const fields = shared(union(own?.fields ?? noFields, taken));
  if (isNew && removed === noFields) rememberFields(shape, { writtenOf, said, owned: fields });
  const manager: Manager = { ...by, time: now, fields };
  return capped([...others.filter((it) => it !== own), manager]);
}
