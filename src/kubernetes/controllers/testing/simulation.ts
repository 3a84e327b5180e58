import { type Random, seededRandom, VirtualClock } from '../../../clock/index.ts';
import { recordingLog } from '../../../log.ts';
import {
  openState,
  type Reconciler,
  type Reconcilers,
  type State,
  startReconcilers,
} from '../../../reconcile/index.ts';
import { delegate } from '../../../reconcile/testing/stores.ts';
import { openMemoryStore, type Store } from '../../../store/index.ts';
import { type Admission, controlPlane } from '../../apiserver/admission/chain.ts';
import type { Cluster } from '../../apiserver/cluster.ts';
import { changeObject, createObject } from '../../apiserver/write.ts';
import type { KubernetesContext } from '../../context.ts';
import type { JsonObject } from '../../objects/object.ts';
import { alone, ObjectStore } from '../../objects/object-store.ts';
import { ObjectsInMemory } from '../../objects/objects-in-memory.ts';
import { builtInCatalogue, resourceNamed } from '../../schema/catalogue.ts';
import { nodeLeases } from '../collections.ts';
import { workloadControllers } from '../index.ts';
import { controllerOf, type Kept, type Pod, type ReplicaSet } from '../objects.ts';
import type { PodMetrics } from '../pod-metrics.ts';
import { withoutVersion } from '../writer.ts';
import { type Decide, fakeKubelet } from './fake-kubelet.ts';
import { fakeNodes } from './fake-nodes.ts';

export const place = { accountId: '111122223333', region: 'eu-west-1', id: 'c1' };
const options = { isDryRun: false, fieldValidation: 'Ignore', fieldManager: 'test' } as const;

/** Controllers, a kubelet that obeys, and a store, on a clock of their own; the controllers' process may be killed. */
export interface Simulation extends AsyncDisposable {
  readonly random: Random;
  readonly clock: VirtualClock;
  /** The most pods that a ReplicaSet ever wanted, by its uid. */
  readonly mostReplicas: ReadonlyMap<string, number>;
  /** Pods that were ever told to go through no fault of theirs, by uid: whose they were. */
  readonly disrupted: ReadonlyMap<string, string | undefined>;
  /** Pods that ever succeeded, likewise: some are gone before anybody looks. */
  readonly succeeded: ReadonlyMap<string, string | undefined>;
  /** How often a commit of the controllers fails, before or after it is done; events come late and twice meanwhile. */
  trouble(share: number): void;
  decide(decide: Decide): void;
  /** Makes a node, which says that it is ready. */
  node(name: string, labels?: Readonly<Record<string, string>>): Promise<void>;
  /** Where pods go that have no node yet. */
  place(place: (pod: Pod) => string): void;
  /** What pods use of the processor from now on, in thousandths; undefined: nobody knows. */
  use(cpuMillis: (podName: string) => number | undefined): void;
  /** A node says nothing from now on, and nothing happens to its pods; or it is back. */
  silence(name: string, isSilent?: boolean): void;
  create(resource: string, body: object): Promise<void>;
  change<T extends Kept>(resource: string, name: string, change: (present: T) => T): Promise<void>;
  remove(resource: string, name: string): Promise<void>;
  list<T extends Kept>(resource: string): Promise<readonly T[]>;
  /** Ends the controllers in the middle of whatever they do, and starts them anew. */
  crash(): Promise<void>;
}

/** What a simulation has beside workloads, kubelets and nodes. */
interface Beside {
  readonly controllers?: typeof workloadControllers;
  /** What is not killed with the controllers. */
  readonly outside?: (state: State) => readonly Reconciler[];
}

export async function openSimulation(seed: number, beside: Beside = {}): Promise<Simulation> {
  const random = seededRandom(seed);
  const clock = new VirtualClock(Date.UTC(2026, 0, 1), { turnsPerStep: 4 });
  const inner = openMemoryStore({ clock });
  const objects = new ObjectStore(inner, place);
  let share = 0;
  const log = recordingLog();
  const outside = clusterOver(inner, objects, clock, random);
  let decide: Decide = () => 'Ready';
  const named = (resource: string) => {
    const [name = '', group = ''] = resource.split(/\.(.*)/);
    return resourceNamed(group, name);
  };
  await createObject(
    outside,
    { resource: named('namespaces'), namespace: undefined },
    { metadata: { name: 'default' } },
    options,
    controlPlane,
  );
  await createObject(
    outside,
    { resource: named('namespaces'), namespace: undefined },
    { metadata: { name: nodeLeases } },
    options,
    controlPlane,
  );
  const silent = new Set<string>();
  let used: (podName: string) => number | undefined = () => undefined;
  const usage: PodMetrics = {
    pod: (_, name) => {
      const cpuMillis = used(name);
      if (cpuMillis === undefined) return undefined;
      const look = {
        cpuNanoCores: cpuMillis * 1_000_000,
        memoryBytes: 0,
        timeMs: clock.now(),
        windowMs: 15_000,
      };
      return { containers: new Map([['c', look]]) };
    },
  };
  let where: (pod: Pod) => string = () => 'n1';
  const kubeletState = await openState(inner, { clock });
  const kubelets = { state: kubeletState, store: inner, now: () => clock.now() };
  const kubelet = startReconcilers({
    ...{ state: kubeletState, store: inner, clock, random, log },
    reconcilers: [
      fakeKubelet(kubelets, (pod) => decide(pod), 1_000, {
        place: (pod) => where(pod),
        isSilent: (name) => silent.has(name),
      }),
      fakeNodes(kubelets, (name) => silent.has(name)),
      ...(beside.outside?.(kubeletState) ?? []),
    ],
  });
  const begin = async (): Promise<Running> => {
    const store = troubled(inner, random, () => share);
    const state = await openState(store, { clock });
    const cluster = clusterOver(store, new ObjectStore(store, place), clock, random);
    // Controllers ask for nothing else of what a control plane is given.
    const context = { store, state, clock, random, log } as unknown as KubernetesContext;
    const inMemory = new ObjectsInMemory(state, place);
    const running = { clusterOf: () => ({ ...cluster, inMemory, usage }) as Cluster };
    const reconcilers = startReconcilers({
      ...{ state, store, clock, random, log },
      reconcilers: [
        ...workloadControllers(context, running),
        ...(beside.controllers?.(context, running) ?? []),
      ],
    });
    return { reconcilers, close: () => state.close() };
  };
  const mostReplicas = new Map<string, number>();
  const disrupted = new Map<string, string | undefined>();
  const succeeded = new Map<string, string | undefined>();
  inner.watch('', (await inner.revision()) + 1, {
    onError: () => {},
    onBatch: ({ changes }) => {
      for (const change of changes) {
        if (change.type !== 'put') continue;
        if (change.key.includes('/replicasets.apps/')) {
          const { metadata, spec } = change.entry.value as unknown as ReplicaSet;
          mostReplicas.set(metadata.uid, Math.max(mostReplicas.get(metadata.uid) ?? 0, spec.replicas));
        } else if (change.key.includes('/pods/')) {
          const pod = change.entry.value as unknown as Pod;
          const owner = controllerOf(pod)?.uid;
          if (pod.status?.conditions?.some(({ type }) => type === 'DisruptionTarget'))
            disrupted.set(pod.metadata.uid, owner);
          if (pod.status?.phase === 'Succeeded') succeeded.set(pod.metadata.uid, owner);
        }
      }
    },
  });
  let running = await begin();
  const within = (text: string) => {
    const resource = named(text);
    return { resource, namespace: resource.isNamespaced ? 'default' : undefined };
  };
  const create = async (resource: string, body: object): Promise<void> => {
    await createObject(outside, within(resource), body as JsonObject, options, controlPlane);
  };
  return {
    ...{ random, clock, mostReplicas, disrupted, succeeded },
    trouble: (next) => {
      share = next;
    },
    decide: (next) => {
      decide = next;
    },
    node: (name, labels = {}) => create('nodes', { metadata: { name, labels } }),
    place: (next) => {
      where = next;
    },
    use: (next) => {
      used = next;
    },
    silence: (name, isSilent = true) => {
      if (isSilent) silent.add(name);
      else silent.delete(name);
    },
    create,
    change: async (resource, name, change) => {
      const target = { ...within(resource), name, subresource: undefined };
      await changeObject(
        outside,
        target,
        (present) => ({
          object: change({
            ...present,
            metadata: withoutVersion(present.metadata),
          } as never) as unknown as JsonObject,
        }),
        options,
        controlPlane,
      );
    },
    remove: async (resource, name) => {
      const { resource: of, namespace } = within(resource);
      const found = await objects.get(of, namespace, name);
      if (found !== undefined) await objects.delete(found);
    },
    list: async <T extends Kept>(resource: string) => {
      const { resource: of, namespace } = within(resource);
      const { items } = await objects.list(of, namespace);
      return items.map(({ object }) => object as unknown as T);
    },
    crash: async () => {
      const ended = running;
      await Promise.all([ended.reconcilers.stop(), ended.close()]);
      running = await begin();
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([running.reconcilers.stop(), running.close(), kubelet.stop(), kubeletState.close()]);
      await inner.close();
    },
  };
}

interface Running {
  readonly reconcilers: Reconcilers;
  close(): Promise<void>;
}

/** What writes ask of a cluster, whose rules let everything pass. */
export function clusterOver(
  store: Store,
  objects: ObjectStore,
  clock: VirtualClock,
  random: Random,
): Cluster {
  // What writes ask of a cluster; nobody calls this one.
  const cluster = {
    ...{
      objects,
      clock,
      random,
      catalogue: builtInCatalogue,
      serviceIpv4Cidr: '10.100.0.0/16',
      version: '1.36',
    },
    admission: {
      mutate: async () => ({ alongside: alone, isPatched: false }),
      validate: async () => alone,
      connect: async ({ object }) => object,
      charged: (_, commit) => commit(alone),
    } satisfies Admission,
    store,
  };
  return cluster as unknown as Cluster;
}

/** A store whose commits fail now and then, before or after they are done, and whose events come late, and all again. */
export function troubled(inner: Store, random: Random, share: () => number): Store {
  const store = delegate(inner);
  store.commit = async (preconditions, writes) => {
    if (random.float() < share()) throw new Error('killed before the commit');
    const outcome = await inner.commit(preconditions, writes);
    if (random.float() < share()) throw new Error('killed after the commit');
    return outcome;
  };
  store.watch = (prefix, from, observer) => {
    let last = Promise.resolve();
    let isOver = false;
    const watch = inner.watch(prefix, from, {
      onError: observer.onError,
      onBatch: (batch) => {
        const turns = share() === 0 ? 0 : random.integer(20);
        const isBroken = random.float() < share() / 10;
        last = last.then(async () => {
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          if (isOver) return;
          if (!isBroken) return observer.onBatch(batch);
          isOver = true;
          observer.onError(new Error('the watch broke'));
        });
      },
    });
    return {
      [Symbol.dispose]: () => {
        isOver = true;
        watch[Symbol.dispose]();
      },
    };
  };
  return store;
}
