import type { Reader, State } from '../../reconcile/index.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { type ClusterPlace, objectsPrefix } from '../objects/object-store.ts';
import { builtInCatalogue, type Catalogue, catalogueWith } from '../schema/catalogue.ts';
import { definitionRecords, definitions, resourcesOf } from './definition.ts';

/** The CustomResourceDefinitions of a cluster, from memory. */
export function definitionsOf(
  reader: Pick<Reader, 'list'>,
  place: ClusterPlace,
): readonly KubernetesObject[] {
  return [...reader.list(definitionRecords, objectsPrefix(definitions, place))].map(({ value }) => value);
}

/** What a cluster serves at this moment. */
export function catalogueOf(reader: Pick<Reader, 'list'>, place: ClusterPlace): Catalogue {
  const custom = definitionsOf(reader, place).flatMap(resourcesOf);
  return custom.length === 0 ? builtInCatalogue : catalogueWith(custom);
}

/**
 * What a cluster serves, made anew when one of its definitions has changed: a definition that is established is served to
 * whoever asks next, and after a restart they are all there at once.
 */
export class ClusterCatalogue implements Disposable {
  readonly #state: State;
  readonly #place: ClusterPlace;
  readonly #subscription: Disposable;
  readonly #listeners = new Set<() => void>();
  #current: Catalogue | undefined;

  constructor(state: State, place: ClusterPlace) {
    this.#state = state;
    this.#place = place;
    const own = objectsPrefix(definitions, place);
    this.#subscription = state.subscribe(definitionRecords, ({ key }) => {
      if (!key.startsWith(own)) return;
      this.#current = undefined;
      for (const listener of this.#listeners) listener();
    });
  }

  get current(): Catalogue {
    this.#current ??= catalogueOf(this.#state, this.#place);
    return this.#current;
  }

  /** Called whenever a definition has changed. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }
}
