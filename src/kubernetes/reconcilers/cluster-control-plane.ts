import { done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import { type ClusterRecord, clusters, finishUpdate, forgetCluster } from '../../services/eks/index.ts';
import type { Store } from '../../store/index.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import type { OpenControlPlane } from '../clusters/control-plane.ts';
import type { KeysAhead } from '../clusters/keys-ahead.ts';
import type { KubernetesContext } from '../context.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { apiEndpointKey, apiEndpoints, controlPlaneKey, controlPlanes } from '../records.ts';
import type { ClusterDataKeys } from '../sealing/cluster-data-keys.ts';
import { sealAgain, unsealedKeys } from '../sealing/seal-secrets.ts';

interface Running {
  readonly id: string;
  /** Of Kubernetes. */
  readonly version: string;
  readonly controlPlane: OpenControlPlane;
}

/** The control planes that run in this process, by their clusters' keys. */
export class ControlPlanes implements AsyncDisposable {
  readonly #running = new Map<string, Running>();

  get(key: string): Running | undefined {
    return this.#running.get(key);
  }

  /** The API server of a cluster; undefined: it does not run. */
  clusterOf(place: ClusterPlace): Cluster | undefined {
    return this.ofCluster(place)?.cluster;
  }

  /** Undefined: it does not run. */
  ofCluster({ id }: ClusterPlace): OpenControlPlane | undefined {
    return this.#running.values().find((running) => running.id === id)?.controlPlane;
  }

  set(key: string, running: Running): void {
    this.#running.set(key, running);
  }

  async end(key: string): Promise<void> {
    const running = this.#running.get(key);
    this.#running.delete(key);
    await running?.controlPlane[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.keys()].map((key) => this.end(key)));
  }
}

interface Sealed {
  readonly keys: ClusterDataKeys;
  /** The store as it is, in which nothing is opened. */
  readonly kept: Store;
}

/** Starts the control plane of every cluster that is wanted, and takes down those of clusters that are not. */
export function clusterControlPlane(
  context: KubernetesContext,
  running: ControlPlanes,
  { keys, kept }: Sealed,
  ahead: KeysAhead,
): Reconciler {
  const { state, store } = context;
  return {
    name: 'cluster-control-plane',
    watches: [watching<ClusterRecord>(clusters, ({ key }) => [key])],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const record = state.get(clusters, key);
      const present = running.get(key);
      if (record === undefined || record.isDeleting || !isAsWanted(present, record)) {
        await running.end(key);
        if (present !== undefined) keys.forget({ id: present.id });
      }
      if (record === undefined) return done;
      const place = placeOf(key, record);
      if (record.isDeleting) {
        const { removeObjects } = await import('../clusters/remove-objects.ts');
        await removeObjects({ state, store: kept }, place);
        await state.transact((tx) => {
          tx.delete(controlPlanes, controlPlaneKey(place));
          tx.delete(apiEndpoints, apiEndpointKey(place));
          forgetCluster(tx, key, record.id);
        });
        return done;
      }
      const { id, version, updateId } = record;
      if (running.get(key) === undefined) {
        const { openControlPlane } = await import('../clusters/control-plane.ts');
        running.set(key, {
          id,
          version,
          controlPlane: await openControlPlane(context, place, record, ahead),
        });
        // For the next one: where it fails, that one makes its own, and tells why it can't.
        ahead.prepare().catch(() => {});
      }
      if (updateId !== undefined && record.encryption !== undefined)
        for (const secret of unsealedKeys(state, place)) await sealAgain({ state, store }, secret);
      if (updateId !== undefined) await state.transact((tx) => finishUpdate(tx, key, updateId));
      return done;
    },
  };
}

/** What runs serves the version that is wanted, of the same cluster; nothing that runs can be put in order. */
const isAsWanted = (present: Running | undefined, { id, version }: ClusterRecord): boolean =>
  present === undefined || (present.id === id && present.version === version);

function placeOf(key: RecordKey, { id }: ClusterRecord): ClusterPlace {
  const [, , accountId = '', region = ''] = key.split('/');
  return { accountId, region, id };
}
