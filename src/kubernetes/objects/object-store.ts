import type { Entry, Precondition, ReadOptions, Store, Write } from '../../store/index.ts';
import type { Converter } from '../custom-resources/conversion/converter.ts';
import { kept, keptVersion, served } from '../custom-resources/stored-version.ts';
import { apiVersionOf, type Resource } from '../schema/catalogue.ts';
import { texts } from './json-text.ts';
import type { KubernetesObject } from './object.ts';
import { type ClusterPlace, objectsPrefix } from './object-records.ts';

/** An object and the revision that last wrote it. */
export interface StoredObject {
  readonly key: string;
  readonly object: KubernetesObject;
  readonly revision: number;
  /** It is kept in a version that is no longer the one to keep it in: any write changes that. */
  readonly isOutdated?: true;
}

export interface StoredList {
  readonly items: readonly StoredObject[];
  /** The one that all items show. */
  readonly revision: number;
  readonly more: boolean;
  /** How many more. */
  readonly left: number;
}

/** What an object's own write takes along, all or nothing. */
export interface Alongside {
  readonly preconditions: readonly Precondition[];
  readonly writes: readonly Write[];
}

export const alone: Alongside = { preconditions: [], writes: [] };

export function together(one: Alongside, other: Alongside | undefined): Alongside {
  if (other === undefined || other === alone) return one;
  if (one === alone) return other;
  return {
    preconditions: [...one.preconditions, ...other.preconditions],
    writes: [...one.writes, ...other.writes],
  };
}

/**
 * A cluster's objects in the store: `/kubernetes/<account>/<region>/<resource>/<cluster>/[<namespace>/]<name>`. A
 * resourceVersion is the store's revision, which grows over all clusters and services alike, and is not part of what is kept.
 */
export class ObjectStore {
  readonly place: ClusterPlace;
  readonly #store: Store;
  readonly #converter: Converter | undefined;
  readonly #prefixes = new WeakMap<Resource, string>();

  /** @param converter Without one, objects of kinds that a webhook converts are seen as they are kept alone. */
  constructor(store: Store, place: ClusterPlace, converter?: Converter) {
    this.#store = store;
    this.place = place;
    this.#converter = converter;
  }

  /** Of all objects of a resource, or of those of one namespace. */
  prefix(resource: Resource, namespace?: string): string {
    let all = this.#prefixes.get(resource);
    if (all === undefined) {
      all = objectsPrefix(resource, this.place);
      this.#prefixes.set(resource, all);
    }
    return namespace === undefined ? all : `${all}${keyPart(namespace)}/`;
  }

  key(resource: Resource, namespace: string | undefined, name: string): string {
    return this.prefix(resource, resource.isNamespaced ? namespace : undefined) + keyPart(name);
  }

  /** Whether something is kept by that key. */
  async has(key: string): Promise<boolean> {
    return (await this.#store.get(key)) !== undefined;
  }

  async get(
    resource: Resource,
    namespace: string | undefined,
    name: string,
  ): Promise<StoredObject | undefined> {
    if (name === '') return undefined;
    const entry = await this.#store.get(this.key(resource, namespace, name));
    if (entry === undefined) return undefined;
    const [found] = await this.served(resource, [storedObject(entry)]);
    return found;
  }

  /** @throws {CompactedError} @throws {RangeError} the revision is not there yet. @throws {ApiError} as `served`. */
  async list(resource: Resource, namespace: string | undefined, options?: ReadOptions): Promise<StoredList> {
    const { entries, ...page } = await this.#store.read(this.prefix(resource, namespace), options);
    return { items: await this.served(resource, entries.map(storedObject)), ...page };
  }

  /** What is kept, as a version of its resource has it. @throws {ApiError} 500: nobody converts it. */
  async served(resource: Resource, stored: readonly StoredObject[]): Promise<readonly StoredObject[]> {
    const webhook = resource.custom?.conversion;
    if (webhook === undefined) return stored.map((it) => servedOne(resource, it));
    const apiVersion = apiVersionOf(resource);
    const objects = stored.map(({ object }) => object);
    const converted = await this.#conversions.convert(webhook, objects, apiVersion);
    return stored.map((it, index) => servedOne(resource, it, converted[index]));
  }

  /** An object as it is to be kept, whichever version it was written as. @throws {ApiError} 500: nobody converts it. */
  async toKeep(resource: Resource, object: KubernetesObject): Promise<KubernetesObject> {
    const webhook = resource.custom?.conversion;
    const apiVersion = keptVersion(resource);
    if (webhook === undefined || object.apiVersion === apiVersion) return kept(resource, object);
    return this.#conversions.convertNew(webhook, object, apiVersion);
  }

  /** What was just kept, as whoever wrote it sees it. @param written What he wrote. @throws {ApiError} as `served`. */
  async answered(
    resource: Resource,
    stored: StoredObject,
    written: KubernetesObject,
  ): Promise<KubernetesObject> {
    const isConverted =
      resource.custom?.conversion !== undefined && stored.object.apiVersion !== written.apiVersion;
    const [answer] = isConverted ? await this.served(resource, [stored]) : [{ ...stored, object: written }];
    return withRevision(answer ?? stored);
  }

  get #conversions(): Converter {
    if (this.#converter === undefined)
      throw new Error('Objects of this kind can be seen by an API server alone');
    return this.#converter;
  }

  /** Undefined: something is there already, or what goes along was not so. */
  create(key: string, object: KubernetesObject, alongside = alone): Promise<StoredObject | undefined> {
    return this.#put(key, 0, object, alongside);
  }

  /** Undefined: another writer was faster. */
  update(
    { key, revision }: StoredObject,
    object: KubernetesObject,
    alongside = alone,
  ): Promise<StoredObject | undefined> {
    return this.#put(key, revision, object, alongside);
  }

  /** @returns the revision at which it went; undefined: another writer was faster. */
  async delete({ key, revision }: StoredObject, alongside = alone): Promise<number | undefined> {
    const outcome = await this.#store.commit(
      [{ key, revision }, ...alongside.preconditions],
      [{ type: 'delete', key }, ...alongside.writes],
    );
    return outcome.committed ? outcome.revision : undefined;
  }

  revision(): Promise<number> {
    return this.#store.revision();
  }

  async #put(
    key: string,
    expected: number,
    object: KubernetesObject,
    { preconditions, writes }: Alongside,
  ): Promise<StoredObject | undefined> {
    const outcome = await this.#store.commit(
      [{ key, revision: expected }, ...preconditions],
      [{ type: 'put', key, value: object as never }, ...writes],
    );
    return outcome.committed ? { key, object, revision: outcome.revision } : undefined;
  }
}

/** By what is stored: whoever asks gets the same object. */
const answered = new WeakMap<KubernetesObject, KubernetesObject>();

/** As it is answered: with the revision that wrote it. Of what the store has it is the same each time. */
export function withRevision({ object, revision }: StoredObject): KubernetesObject {
  const resourceVersion = String(revision);
  const known = answered.get(object);
  if (known?.metadata.resourceVersion === resourceVersion) return known;
  const told = texts.share({ ...object, metadata: { ...object.metadata, resourceVersion } });
  if (known === undefined) answered.set(object, told);
  return told;
}

/** The store holds what `create` and `update` put there. */
export const storedObject = ({ key, value, revision }: Entry): StoredObject => ({
  ...{ key, revision },
  object: value as unknown as KubernetesObject,
});

/**
 * What is kept, as a version of its resource has it.
 * @param object What a webhook has made of it, where one converts.
 */
export const servedOne = (
  resource: Resource,
  stored: StoredObject,
  object = stored.object,
): StoredObject => ({
  ...stored,
  object: served(resource, object),
  ...(resource.custom !== undefined &&
    stored.object.apiVersion !== keptVersion(resource) && { isOutdated: true }),
});

/** Names may hold what keys may not. */
const keyPart = (name: string): string => encodeURIComponent(name);
