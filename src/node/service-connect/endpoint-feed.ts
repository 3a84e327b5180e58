import type { DiscoveryApi, DiscoveryPlace } from './discovery-api.ts';
import { type Endpoint, endpointOf } from './endpoints.ts';

interface Known {
  readonly revision: number | undefined;
  readonly endpoints: readonly Endpoint[];
}

/**
 * Where the tasks of services are, as Cloud Map says: asked for by the number that changes with every change, and only
 * when that has changed for the whole. What can't be asked stays as it was last known.
 */
export class EndpointFeed {
  readonly #api: DiscoveryApi;
  readonly #known = new Map<string, Known>();

  constructor(api: DiscoveryApi) {
    this.#api = api;
  }

  /** Undefined: nobody has been asked yet. The same list as long as nothing has changed. */
  endpoints(place: DiscoveryPlace): readonly Endpoint[] | undefined {
    return this.#known.get(nameOf(place))?.endpoints;
  }

  /** Asks for these, and forgets all others. @throws {Error} some could not be asked; the rest has been. */
  async refresh(places: readonly DiscoveryPlace[], signal: AbortSignal): Promise<void> {
    const wanted = new Map(places.map((place) => [nameOf(place), place]));
    for (const name of this.#known.keys()) if (!wanted.has(name)) this.#known.delete(name);
    const failures: unknown[] = [];
    for (const place of wanted.values()) await this.ask(place, signal).catch((error) => failures.push(error));
    const [failure] = failures;
    if (failure !== undefined) throw new Error('Where services are could not be asked', { cause: failure });
  }

  /** @throws {Error} it could not be asked. */
  async ask(place: DiscoveryPlace, signal: AbortSignal): Promise<void> {
    const known = this.#known.get(nameOf(place));
    if (known !== undefined && (await this.#api.revision(place, signal)) === known.revision) return;
    const found = await this.#api.instances(place, signal);
    const endpoints = (found?.attributes ?? []).flatMap((attributes) => endpointOf(attributes) ?? []);
    this.#known.set(nameOf(place), { revision: found?.revision, endpoints });
  }
}

const nameOf = ({ namespace, service }: DiscoveryPlace): string => `${namespace} ${service}`;
