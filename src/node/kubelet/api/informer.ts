import type { Clock, Random } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import { BackOff } from '../../back-off.ts';
import type { KubernetesObject } from '../objects/object.ts';
import type { Api, Selection } from './api-client.ts';
import { isExpired } from './api-error.ts';
import type { Resource } from './resources.ts';

/** As upstream's reflector. */
const backOffBounds = { leastMs: 800, mostMs: 30_000 };

export interface InformerOptions<T extends KubernetesObject> {
  readonly api: Pick<Api, 'list' | 'watch'>;
  readonly resource: Resource<T>;
  readonly selection?: Selection;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /**
   * Told of every object that is new, changed or gone (`now` undefined), after the informer knows it. May not throw.
   */
  readonly onChange?: (now: T | undefined, before: T | undefined) => void;
}

/**
 * What the API server has of one kind, kept in memory: listed once, then followed. A connection that breaks is taken up
 * where it was; only when the server has forgotten that moment, all is listed again.
 */
export class Informer<T extends KubernetesObject> {
  readonly #options: InformerOptions<T>;
  readonly #objects = new Map<string, T>();
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
  }

  /** Resolves when the first list is in. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(keyOf(namespace, name));
  }

  all(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** Follows until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log, resource } = this.#options;
    const backOff = new BackOff(backOffBounds, random);
    let version: string | undefined;
    while (!signal.aborted) {
      try {
        version ??= await this.#list(signal);
        for await (const next of this.#watch(version, signal)) {
          version = next;
          backOff.reset();
        }
        // A server that ends watches at once is not asked without a pause.
        if (!signal.aborted) await clock.sleep(Math.round(random.float() * 100), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isExpired(error)) version = undefined;
        const delayMs = backOff.nextDelayMs();
        log.debug('Objects could not be followed: trying again', { resource: resource.name, delayMs, error });
        await clock.sleep(delayMs, signal).catch(() => {});
      }
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { api, resource, selection = {} } = this.#options;
    const { items, resourceVersion } = await api.list(resource, selection, signal);
    const there = new Map(items.map((item) => [keyOf(item.metadata.namespace, item.metadata.name), item]));
    for (const key of [...this.#objects.keys()]) if (!there.has(key)) this.#put(key, undefined);
    for (const [key, item] of there) this.#put(key, item);
    this.#hasSynced = true;
    this.#synced.resolve();
    return resourceVersion;
  }

  /** Yields how far it is. */
  async *#watch(from: string, signal: AbortSignal): AsyncGenerator<string, void> {
    const { api, resource, selection = {} } = this.#options;
    for await (const event of api.watch(resource, selection, from, signal)) {
      if (event.type === 'BOOKMARK') {
        yield event.resourceVersion;
        continue;
      }
      const { metadata } = event.object;
      const object = event.type === 'DELETED' ? undefined : event.object;
      this.#put(keyOf(metadata.namespace, metadata.name), object, event.object);
      if (metadata.resourceVersion !== undefined) yield metadata.resourceVersion;
    }
  }

  #put(key: string, now: T | undefined, last?: T): void {
    const known = this.#objects.get(key);
    if (now === undefined && known === undefined) return;
    if (now?.metadata.resourceVersion !== undefined && isSameVersion(now, known)) return;
    if (now === undefined) this.#objects.delete(key);
    else this.#objects.set(key, now);
    // What was deleted is told as it last was.
    this.#options.onChange?.(now, now === undefined ? (last ?? known) : known);
  }
}

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

function isSameVersion(one: KubernetesObject, other: KubernetesObject | undefined): boolean {
  return (
    one.metadata.uid === other?.metadata.uid &&
    one.metadata.resourceVersion === other?.metadata.resourceVersion
  );
}
