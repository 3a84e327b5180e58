import type { Reader, State } from '../../reconcile/index.ts';
import { clusterByPlace, clusters, hasFunction } from '../../services/eks/index.ts';
import { jsonEqual } from '../../store/index.ts';
import type { KubernetesObject } from '../objects/object.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { objectsPrefix } from '../objects/object-records.ts';
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
export function catalogueOf(reader: Pick<Reader, 'byIndex' | 'list'>, place: ClusterPlace): Catalogue {
  const custom = definitionsOf(reader, place).flatMap(resourcesOf);
  const cluster = clusterByPlace(reader, place, place.id);
  const withoutMetrics = cluster !== undefined && !hasFunction(cluster, 'metrics-server');
  return custom.length === 0 && !withoutMetrics
    ? builtInCatalogue
    : catalogueWith(custom, { withoutMetrics });
}

/**
 * What a cluster serves, made anew when one of its definitions has changed, or what it is without: a definition that is established is served to
 * whoever asks next, and after a restart they are all there at once.
 */
export class ClusterCatalogue implements Disposable {
  readonly #state: State;
  readonly #place: ClusterPlace;
  readonly #subscriptions = new DisposableStack();
  readonly #listeners = new Set<() => void>();
  #current: Catalogue | undefined;

  constructor(state: State, place: ClusterPlace) {
    this.#state = state;
    this.#place = place;
    const own = objectsPrefix(definitions, place);
    const changed = (): void => {
      this.#current = undefined;
      for (const listener of this.#listeners) listener();
    };
    this.#subscriptions.use(
      state.subscribe(definitionRecords, ({ key }) => {
        if (key.startsWith(own)) changed();
      }),
    );
    this.#subscriptions.use(
      state.subscribe(clusters, ({ before, after }) => {
        if (after?.id === place.id && !jsonEqual(after.withoutFunctions, before?.withoutFunctions)) changed();
      }),
    );
  }

  get current(): Catalogue {
    this.#current ??= catalogueOf(this.#state, this.#place);
    return this.#current;
  }

  /** Called whenever it has changed. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#subscriptions.dispose();
  }
}
