/**
 * The scheduler: gives every pod of every cluster a node, as upstream's kube-scheduler does with its default profile. The one
 * idea to know: what decisions look at is kept in memory and changed by what changes (`view.ts`); a decision is a pure
 * function of it (`place.ts`) and counts at once for the next one; only then it is written, by the API server's own binding.
 * A turn is some decisions for one cluster, so clusters take turns.
 */
import {
  again,
  type Collection,
  done,
  type Reconciler,
  type RecordKey,
  watching,
} from '../../reconcile/index.ts';
import type { KubernetesContext } from '../context.ts';
import {
  claims,
  clusterWide,
  namespaces,
  nodes,
  parsedKey,
  pods,
  storageClasses,
  volumes,
} from '../controllers/collections.ts';
import type { RunningClusters } from '../controllers/controller.ts';
import type { Kept, Pod } from '../controllers/objects.ts';
import type { ClusterScheduler } from './cluster-scheduler.ts';
import { csiNodes } from './collections.ts';

/** A cluster that does not answer yet, or no longer, is looked for again so often. */
const notRunningMs = 250;

/** One key of work for each cluster: what the keys of its pods begin with. */
export function podScheduler(context: KubernetesContext, running: RunningClusters): Reconciler {
  const { state, clock, random, log } = context;
  /** Of the clusters that have had a pod to place, in this term. */
  const schedulers = new Map<string, ClusterScheduler>();
  let term: AbortSignal | undefined;
  const note = (key: RecordKey): readonly string[] => {
    const work = clusterWide(key, pods);
    const scheduler = schedulers.get(work);
    scheduler?.note(key);
    return scheduler === undefined ? [] : [work];
  };
  const noting = (collection: Collection<Kept>) => watching<Kept>(collection, ({ key }) => note(key));
  let loaded: ReturnType<typeof load> | undefined;
  return {
    name: 'kubernetes-scheduler',
    watches: [
      watching<Pod>(pods, ({ key, after }) => {
        const noted = note(key);
        const isUnplaced = after !== undefined && (after.spec.nodeName ?? '') === '';
        return isUnplaced ? [clusterWide(key, pods)] : noted;
      }),
      ...[nodes, namespaces, claims, volumes, storageClasses, csiNodes].map((kind) => noting(kind)),
    ],
    reconcile: async (work, signal) => {
      // Whoever decides again after another did begins anew: what was missed meanwhile nobody has noted.
      if (term !== signal) schedulers.clear();
      term = signal;
      const cluster = running.clusterOf(parsedKey(work).place);
      if (cluster === undefined) {
        schedulers.delete(work);
        for (const _ of state.list(pods, work)) return again(notRunningMs);
        return done;
      }
      loaded ??= load();
      const { ClusterScheduler, takeTurn, correlation } = await loaded;
      let scheduler = schedulers.get(work);
      if (scheduler === undefined) {
        const words = { namesTaints: Number(cluster.version.split('.')[1]) < 36 };
        scheduler = new ClusterScheduler(state, (kind) => clusterWide(work, kind), {
          ...{ random, words, now: clock.now() },
        });
        schedulers.set(work, scheduler);
      }
      if (signal.aborted) return done;
      return takeTurn({ state, clock, random, log, correlation }, cluster, scheduler);
    },
  };
}

async function load() {
  const [{ ClusterScheduler }, { takeTurn }, { EventCorrelation }] = await Promise.all([
    import('./cluster-scheduler.ts'),
    import('./turn.ts'),
    import('../../event-correlation.ts'),
  ]);
  return { ClusterScheduler, takeTurn, correlation: new EventCorrelation() };
}
