import type { Collection, Reader, RecordKey } from '../../reconcile/index.ts';
import { qualifiedName, type Resource } from '../schema/catalogue.ts';
import type { KubernetesObject } from './object.ts';
import { type ClusterPlace, objectRecords, objectsPrefix } from './object-records.ts';

/** The records of each resource, which readers know again by being the same. */
const collections = new WeakMap<Resource, Collection<KubernetesObject, 'cluster'>>();

function recordsOf(resource: Resource): Collection<KubernetesObject, 'cluster'> {
  let records = collections.get(resource);
  if (records === undefined) {
    records = objectRecords(qualifiedName(resource));
    collections.set(resource, records);
  }
  return records;
}

/** By the records that they were made of. */
const lists = new WeakMap<object, readonly KubernetesObject[]>();

/** A cluster's objects as they stand in memory: for what is looked at in nearly every request. */
export class ObjectsInMemory {
  readonly #reader: Reader;
  readonly #place: ClusterPlace;
  readonly #prefixes = new WeakMap<Resource, string>();

  constructor(reader: Reader, place: ClusterPlace) {
    this.#reader = reader;
    this.#place = place;
  }

  /** All of a resource, or those of one namespace. */
  *list(resource: Resource, namespace?: string): Generator<KubernetesObject, void> {
    const prefix = this.#prefix(resource, namespace);
    for (const { value } of this.#reader.list(recordsOf(resource), prefix)) yield value;
  }

  get(resource: Resource, namespace: string | undefined, name: string): KubernetesObject | undefined {
    if (name === '') return undefined;
    const key = this.#prefix(resource, namespace) + encodeURIComponent(name);
    return this.#reader.get(recordsOf(resource), key as RecordKey);
  }

  /** All of a resource: the very same list for as long as none of them changes. */
  all(resource: Resource): readonly KubernetesObject[] {
    const stored = this.#reader.byIndex(recordsOf(resource), 'cluster', this.#place.id);
    let objects = lists.get(stored);
    if (objects === undefined) {
      objects = stored.map(({ value }) => value);
      lists.set(stored, objects);
    }
    return objects;
  }

  #prefix(resource: Resource, namespace: string | undefined): string {
    let all = this.#prefixes.get(resource);
    if (all === undefined) {
      all = objectsPrefix(resource, this.#place);
      this.#prefixes.set(resource, all);
    }
    return namespace === undefined ? all : `${all}${encodeURIComponent(namespace)}/`;
  }
}
