import type { Json } from '../../store/index.ts';
import { isJsonObject, type ObjectMeta } from '../objects/object.ts';
import { difference, type FieldSet, isEmptySet, readFieldSet, union } from './field-set.ts';

/** Who owns which fields of an object, by one way of writing: an entry of `metadata.managedFields`. */
export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** `''` of the object's own endpoint. */
  readonly subresource: string;
  /** When it last came to own or change something; undefined: nobody knows. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** As the API has it. */
interface Entry extends Pick<Manager, 'apiVersion' | 'operation'> {
  readonly manager: string;
  readonly time?: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: FieldSet;
  readonly subresource?: string;
}

export type ManagerKey = Pick<Manager, 'apiVersion' | 'name' | 'operation' | 'subresource'>;

/** Whoever applies is the same in whatever version he does it. */
export const isSameManager = (one: ManagerKey, other: ManagerKey): boolean =>
  one.name === other.name &&
  one.operation === other.operation &&
  one.subresource === other.subresource &&
  (one.operation === 'Apply' || one.apiVersion === other.apiVersion);

/** Those of an object from the store, where nothing stands but what was written here. */
export const managersOf = ({ managedFields = [] }: ObjectMeta): readonly Manager[] =>
  (managedFields as readonly Omit<Entry, 'fieldsType'>[]).map(
    ({ manager: name, operation, apiVersion, subresource = '', time, fieldsV1: fields }) => ({
      ...{ name, operation, apiVersion, subresource, time, fields },
    }),
  );

/** Those that somebody sent. Undefined: there is no list, or not one of entries. */
export function readManagers(entries: unknown): readonly Manager[] | undefined {
  if (!Array.isArray(entries)) return undefined;
  const managers: Manager[] = [];
  for (const entry of entries as readonly unknown[]) {
    const manager = readManager(entry);
    if (manager === undefined) return undefined;
    const same = managers.findIndex((it) => isSameManager(it, manager));
    if (same === -1) managers.push(manager);
    else managers[same] = manager;
  }
  return managers;
}

function readManager(entry: unknown): Manager | undefined {
  if (!isJsonObject(entry)) return undefined;
  const { manager: name = '', operation, apiVersion = '', subresource = '', time, fieldsType } = entry;
  const fields = readFieldSet(entry.fieldsV1 ?? {});
  if (operation !== 'Apply' && operation !== 'Update') return undefined;
  if (fieldsType !== 'FieldsV1' || fields === undefined) return undefined;
  if (typeof name !== 'string' || typeof apiVersion !== 'string' || typeof subresource !== 'string')
    return undefined;
  return {
    name,
    operation,
    apiVersion,
    subresource,
    fields,
    time: typeof time === 'string' ? time : undefined,
  };
}

/** As `metadata.managedFields` lists them: who applied first, then by time. Undefined: nobody owns anything. */
export function writeManagers(managers: readonly Manager[]): Json[] | undefined {
  if (managers.length === 0) return undefined;
  return managers
    .toSorted(compareManagers)
    .map(({ name, operation, apiVersion, subresource, time, fields }) => ({
      ...{ manager: name, operation, apiVersion },
      ...(time !== undefined && { time }),
      ...{ fieldsType: 'FieldsV1', fieldsV1: fields },
      ...(subresource !== '' && { subresource }),
    }));
}

const secondsOf = ({ time }: Manager): number => (time === undefined ? 0 : Date.parse(time));

function compareManagers(one: Manager, other: Manager): number {
  return (
    compareTexts(one.operation, other.operation) ||
    secondsOf(one) - secondsOf(other) ||
    compareTexts(one.name, other.name) ||
    compareTexts(one.apiVersion, other.apiVersion) ||
    compareTexts(one.subresource, other.subresource)
  );
}

const compareTexts = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** What is left of each when those fields are another's, or nobody's. Who owns nothing any more is no manager. */
export const withoutFields = (managers: readonly Manager[], fields: FieldSet): readonly Manager[] =>
  isEmptySet(fields)
    ? managers
    : managers
        .map((manager) => ({ ...manager, fields: difference(manager.fields, fields) }))
        .filter((manager) => !isEmptySet(manager.fields));

/** Of those that update: every client that ever changed something would be one. */
const mostUpdaters = 10;
const ancient = 'ancient-changes';

/** The oldest of too many that update become one, for each version that they wrote in. */
export function capped(managers: readonly Manager[]): readonly Manager[] {
  const updaters = managers.filter(({ operation }) => operation === 'Update').toSorted(compareManagers);
  let tooMany = updaters.length - mostUpdaters;
  if (tooMany <= 0) return managers;
  const kept = new Set(managers);
  const buckets = new Map(updaters.filter(isAncient).map((it) => [it.apiVersion, it]));
  for (const updater of updaters.filter((it) => !isAncient(it))) {
    if (tooMany <= 0) break;
    const bucket = buckets.get(updater.apiVersion);
    if (bucket === undefined) {
      buckets.set(updater.apiVersion, updater);
      continue;
    }
    const merged = {
      ...updater,
      name: ancient,
      subresource: '',
      fields: union(bucket.fields, updater.fields),
    };
    kept.delete(bucket);
    kept.delete(updater);
    kept.add(merged);
    buckets.set(updater.apiVersion, merged);
    tooMany--;
  }
  return [...kept];
}

const isAncient = ({ name, subresource }: Manager): boolean => name === ancient && subresource === '';
