import { EventCorrelation } from '../../event-correlation.ts';
import {
  again,
  type Collection,
  done,
  type Outcome,
  type Reader,
  type Reconciler,
  type RecordKey,
  RefusedError,
  type State,
  type Watched,
  watching,
} from '../../reconcile/index.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { ApiError } from '../apiserver/status.ts';
import type { KubernetesContext } from '../context.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import type { Catalogue } from '../schema/catalogue.ts';
import { parsedKey, siblingKey, siblingsOf } from './collections.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { SelectsLabels } from './label-selector.ts';
import { controllerOf, type Kept } from './objects.ts';
import type { PodMetrics } from './pod-metrics.ts';
import type { Writer } from './writer.ts';

/** One turn of a controller on one object. */
export interface Work<T extends Kept> {
  readonly key: RecordKey;
  /** As it stands in memory, what this process has written included. */
  readonly object: T;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly events: EventRecorder;
  /** What its cluster knows of kinds. */
  readonly catalogue: Catalogue;
  /** What the pods of its cluster use. */
  readonly usage: PodMetrics;
  /** Where the services of its cluster have their addresses from. */
  readonly serviceIpv4Cidr: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a controller of one kind is declared by. */
export interface Controller<T extends Kept> {
  /** What it is called in the log, where that is not its account. */
  readonly name?: string;
  /** Its ServiceAccount in kube-system, as upstream names it. */
  readonly account: string;
  /** Who its events say that they are from. */
  readonly component: string;
  /** The kind that it works on, an object a turn. */
  readonly collection: Collection<T, string>;
  /** Those of its kind that it has to do with, where that is not all. */
  readonly concerns?: (object: T) => boolean;
  /** Which changes of its own kind ask for turns. Absent: each, for the object that it is of. */
  readonly own?: (state: State) => Watched;
  /** What else asks for a turn. */
  readonly watches: (state: State) => readonly Watched[];
  /** Loaded when the first object of its kind is there. */
  readonly load: () => Promise<(work: Work<T>) => Promise<Outcome>>;
}

/** Where the running API servers are found. */
export interface RunningClusters {
  clusterOf(place: ClusterPlace): Cluster | undefined;
}

/** A cluster that does not answer yet, or no longer, is looked for again so often. */
const notRunningMs = 250;
/** So soon after another writer was faster. */
const lostRaceMs = 20;

/**
 * Makes a reconciler of a controller, for all clusters. A turn decides by what the state in memory shows, which holds
 * everything that earlier turns have written: each ends only when reads show its own writes. That is what upstream's
 * expectations are for, and why no pod is made twice.
 */
export function reconcilerOf<T extends Kept>(
  { state, store, clock, random }: KubernetesContext,
  running: RunningClusters,
  {
    account,
    name = account,
    component,
    collection,
    concerns = () => true,
    own,
    watches,
    load,
  }: Controller<T>,
): Reconciler {
  const correlation = new EventCorrelation();
  /** Keys whose last turn may have written what reads don't show yet. */
  const behind = new Set<RecordKey>();
  const catchUp = async (key: RecordKey): Promise<void> => {
    await state.reached(await store.revision());
    behind.delete(key);
  };
  let loaded: ReturnType<typeof load> | undefined;
  return {
    name: `kubernetes-${name}`,
    watches: [
      own?.(state) ??
        watching<T>(collection, ({ key, after }) => (after !== undefined && concerns(after) ? [key] : [])),
      ...watches(state),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      if (state.get(collection, key) === undefined) return done;
      const cluster = running.clusterOf(parsedKey(key).place);
      if (cluster === undefined) return again(notRunningMs);
      loaded ??= load();
      const [sync, { Writer, isLostRace, isNamespaceTerminating }, { EventRecorder }] = await Promise.all([
        loaded,
        import('./writer.ts'),
        import('./event-recorder.ts'),
      ]);
      if (behind.has(key)) await catchUp(key);
      const object = state.get(collection, key);
      if (object === undefined) return done;
      behind.add(key);
      const writer = new Writer(cluster, account);
      const events = new EventRecorder(writer, component, { correlation, clock, random });
      try {
        const outcome = await sync({
          ...{ key, object, reader: state, writer, events, now: clock.now() },
          ...{ catalogue: cluster.catalogue, usage: cluster.usage, serviceIpv4Cidr: cluster.serviceIpv4Cidr },
        });
        await events.flush();
        await state.reached(writer.revision);
        behind.delete(key);
        return outcome;
      } catch (error) {
        // What can't be told now is not told; some of what was tried may have been written all the same.
        await events.flush().catch(() => {});
        await catchUp(key);
        if (isNamespaceTerminating(error)) return done;
        if (isLostRace(error)) return again(lostRaceMs);
        // The object's events and conditions tell it to whom it may concern.
        if (error instanceof ApiError && error.code < 500)
          throw new RefusedError(error.message, { cause: error });
        throw error;
      }
    },
  };
}

/**
 * Turns for the owners of what changes: its controller, before and after; where it has none, everybody in its namespace
 * who would adopt it.
 */
export function watchingOwned<C extends Kept, O extends Kept>(
  state: State,
  children: Collection<C, string>,
  owners: {
    readonly collection: Collection<O, string>;
    readonly kind: string;
    readonly selects: (owner: O) => SelectsLabels;
  },
): Watched {
  const { collection, kind, selects } = owners;
  const ownerKeys = (key: string, child: C | undefined): readonly RecordKey[] => {
    const owner = child === undefined ? undefined : controllerOf(child);
    return owner?.kind === kind ? [siblingKey(key, collection, owner.name)] : [];
  };
  const adopters = (key: string, child: C | undefined): readonly RecordKey[] => {
    if (child === undefined || controllerOf(child) !== undefined) return [];
    return [...state.list(collection, siblingsOf(key, collection))]
      .filter(({ value }) => selects(value)(child.metadata.labels))
      .map((record) => record.key);
  };
  return watching<C>(children, ({ key, before, after }) => [
    ...ownerKeys(key, before),
    ...ownerKeys(key, after),
    ...adopters(key, after),
  ]);
}
