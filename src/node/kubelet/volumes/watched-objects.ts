import type { Clock, Random } from '../../../clock/index.ts';
import { withTimeout } from '../../../clock/index.ts';
import type { Log } from '../../../log.ts';
import type { Api } from '../api/api-client.ts';
import { Informer } from '../api/informer.ts';
import { configMaps, type Resource, secrets } from '../api/resources.ts';
import type { Pod } from '../objects/pod.ts';
import type { ConfigMapEntries, Entries, ReferencedObjects } from '../objects/referenced-objects.ts';
import type { Secret } from '../objects/secret.ts';
import type { ConfigMap } from '../objects/stored.ts';
import { type ObjectKind, referencesOf } from './references.ts';

const syncTimeoutMs = 5_000;

interface Watched {
  readonly informer: Informer<ConfigMap | Secret>;
  readonly stop: AbortController;
  readonly podUids: Set<string>;
}

export interface WatchedObjectsOptions {
  readonly api: Pick<Api, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** One of a pod's objects has changed. May not throw. */
  onChange(podUids: ReadonlySet<string>): void;
}

/**
 * The ConfigMaps and Secrets that pods of this node refer to, each followed by itself while there is such a pod: a node
 * sees no others. One that is immutable is read once.
 */
export class WatchedObjects implements ReferencedObjects, Disposable {
  readonly #options: WatchedObjectsOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: WatchedObjectsOptions) {
    this.#options = options;
  }

  /** What this pod refers to is followed from now on; what only it did and does no longer, is not. */
  register(pod: Pod): void {
    const { uid, namespace } = pod.metadata;
    const wanted = new Map(
      referencesOf(pod).map(({ kind, name }) => [keyOf(kind, namespace, name), { kind, name }]),
    );
    for (const [key, { kind, name }] of wanted) {
      const watched = this.#watched.get(key) ?? this.#follow(key, kind, namespace, name);
      watched.podUids.add(uid);
    }
    this.#release(uid, (key) => !wanted.has(key));
  }

  unregister(podUid: string): void {
    this.#release(podUid, () => true);
  }

  async configMap(
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<ConfigMapEntries | undefined> {
    const found: ConfigMap | undefined = await this.#get('ConfigMap', namespace, name, signal);
    return found && { text: new Map(Object.entries(found.data ?? {})), binary: decoded(found.binaryData) };
  }

  async secret(namespace: string, name: string, signal: AbortSignal): Promise<Entries | undefined> {
    const found: Secret | undefined = await this.#get('Secret', namespace, name, signal);
    return found && decoded(found.data);
  }

  [Symbol.dispose](): void {
    for (const { stop } of this.#watched.values()) stop.abort();
    this.#watched.clear();
  }

  async #get(
    kind: ObjectKind,
    namespace: string,
    name: string,
    signal: AbortSignal,
  ): Promise<ConfigMap | Secret | undefined> {
    const { informer } = this.#watched.get(keyOf(kind, namespace, name)) ?? {};
    if (informer === undefined) throw new Error(`object "${namespace}"/"${name}" not registered`);
    if (!informer.hasSynced) await this.#untilSynced(kind, informer, signal);
    return informer.get(namespace, name);
  }

  async #untilSynced(
    kind: ObjectKind,
    informer: Informer<ConfigMap | Secret>,
    signal: AbortSignal,
  ): Promise<void> {
    using deadline = withTimeout(this.#options.clock, syncTimeoutMs, signal);
    const { promise, resolve } = Promise.withResolvers<void>();
    deadline.signal.addEventListener('abort', () => resolve(), { once: true });
    await Promise.race([informer.synced, promise]);
    signal.throwIfAborted();
    if (informer.hasSynced) return;
    throw new Error(`failed to sync ${kind.toLowerCase()} cache: timed out waiting for the condition`);
  }

  #follow(key: string, kind: ObjectKind, namespace: string, name: string): Watched {
    const { api, clock, random, log, onChange } = this.#options;
    const stop = new AbortController();
    const podUids = new Set<string>();
    const resource: Resource<ConfigMap | Secret> = kind === 'ConfigMap' ? configMaps : secrets;
    const informer = new Informer({
      ...{ api, resource, clock, random, log },
      selection: { namespace, fieldSelector: `metadata.name=${name}` },
      onChange: (now) => {
        if (now?.immutable) stop.abort();
        onChange(podUids);
      },
    });
    const watched = { informer, stop, podUids };
    this.#watched.set(key, watched);
    void informer.run(stop.signal);
    return watched;
  }

  #release(podUid: string, isReleased: (key: string) => boolean): void {
    for (const [key, { podUids, stop }] of this.#watched) {
      if (!isReleased(key) || !podUids.delete(podUid) || podUids.size > 0) continue;
      stop.abort();
      this.#watched.delete(key);
    }
  }
}

const keyOf = (kind: ObjectKind, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;

const decoded = (data: Readonly<Record<string, string>> = {}): Entries =>
  new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')]));
