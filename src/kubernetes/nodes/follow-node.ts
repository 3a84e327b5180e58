import { again, done, type Outcome, type RecordKey, recordKey } from '../../reconcile/index.ts';
import {
  kubernetesEffects,
  type NodeInstanceRecord,
  type NodeSightingRecord,
  type NodeTaint,
  nodeInstances,
  nodeNameOf,
  nodeReportKey,
  nodeReports,
  nodeSightingKey,
  nodeSightings,
  ofNodegroup,
  providerIdOf,
  scopeOfKey,
} from '../../services/eks/index.ts';
import { jsonEqual } from '../../store/index.ts';
import { controller } from '../apiserver/admission/chain.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { evictPod } from '../apiserver/evict-pod.ts';
import { ApiError } from '../apiserver/status.ts';
import type { KubernetesContext } from '../context.ts';
import type { RunningClusters } from '../controllers/controller.ts';
import { type Condition, conditionOf, controllerOf, type Kept, type Pod } from '../controllers/objects.ts';
import { Writer } from '../controllers/writer.ts';
import { mirrorOf } from '../objects/mirror-pods.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { objectRecords, recordsPrefix } from '../objects/object-records.ts';
import { resourceNamed } from '../schema/catalogue.ts';

interface Node extends Kept {
  readonly spec?: {
    readonly unschedulable?: boolean;
    readonly taints?: readonly Taint[];
    readonly providerID?: string;
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}
interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

const nodeRecords = objectRecords('nodes');
const podRecords = objectRecords('pods');
const nodes = resourceNamed('', 'nodes');
/** Whose hand it is in a cluster's managed fields and admission. */
const account = 'node-controller';
const notRunningMs = 250;
/** So often pods that would not leave are asked again. */
const drainAgainMs = 2_000;
const excluded = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** One turn for one instance that has its place. */
export async function followNode(
  context: KubernetesContext,
  running: RunningClusters,
  key: RecordKey,
): Promise<Outcome> {
  const { state } = context;
  const instance = state.get(nodeInstances, key);
  if (instance?.launched === undefined) return done;
  const scope = scopeOfKey(key);
  const place: ClusterPlace = { ...scope, id: instance.clusterId };
  const cluster = running.clusterOf(place);
  if (cluster === undefined) return again(notRunningMs);
  const node = nodeOf(context, place, instance);
  const before = state.get(nodeSightings, nodeSightingKey(scope, instance.instanceId));
  const writer = new Writer(cluster, account);
  if (instance.isEnding) {
    if (state.get(nodeReports, nodeReportKey(scope, instance.instanceId))?.status !== 'ended') return done;
    if (node !== undefined) await writer.remove(nodes, node);
    await note(context, key, { isReady: false, isForgotten: true });
    return done;
  }
  if (node === undefined) {
    // One that never joined, or that somebody has deleted, has no pods that would have to leave.
    const isLeaving = instance.drainSince !== undefined;
    await note(context, key, { isReady: false, ...(isLeaving && { isDrained: true }) });
    return done;
  }
  await giveWhatIsWanted(writer, node, instance, before);
  const isReady = conditionOf(node.status, 'Ready')?.status === 'True';
  const given = { labels: instance.labels, taints: instance.taints };
  if (instance.drainSince === undefined) {
    await note(context, key, { isReady, given });
    return done;
  }
  const stuckPods = await drain(context, cluster, place, node.metadata.name);
  if (stuckPods.length === 0) {
    await note(context, key, { isReady, given, isDrained: true });
    return done;
  }
  await note(context, key, { isReady, given, stuckPods });
  return again(drainAgainMs);
}

/** That of the instance, and of no other that had its name. */
function nodeOf(
  { state }: KubernetesContext,
  place: ClusterPlace,
  instance: NodeInstanceRecord,
): Node | undefined {
  const { accountId, region, id } = place;
  const found = state.get(
    nodeRecords,
    recordKey(nodeRecords, accountId, region, id, nodeNameOf(instance) ?? ''),
  ) as Node | undefined;
  return found?.spec?.providerID === providerIdOf(instance) ? found : undefined;
}

/** Labels and taints of its record, and whether it takes pods. */
async function giveWhatIsWanted(
  writer: Writer,
  node: Node,
  { labels, taints, drainSince }: NodeInstanceRecord,
  before: NodeSightingRecord | undefined,
): Promise<void> {
  const isLeaving = drainSince !== undefined;
  const changed = (present: Node): Node => {
    const gone = Object.keys(before?.given?.labels ?? {}).filter((label) => !Object.hasOwn(labels, label));
    const kept = Object.entries(present.metadata.labels ?? {}).filter(([label]) => !gone.includes(label));
    const wanted: Record<string, string> = { ...Object.fromEntries(kept), ...labels };
    const { [excluded]: _excluded, ...withoutExcluded } = wanted;
    // What draining has made goes with it; what somebody else has said stays.
    const wasLeaving = before?.isDrained !== undefined || before?.stuckPods !== undefined;
    const staying = wasLeaving && !Object.hasOwn(labels, excluded) ? withoutExcluded : wanted;
    const { unschedulable, taints: presentTaints = [], ...spec } = present.spec ?? {};
    const all = taintsOf(presentTaints, taints, before?.given?.taints ?? []);
    const isCordoned = isLeaving || (unschedulable === true && !wasLeaving);
    return {
      ...present,
      metadata: { ...present.metadata, labels: isLeaving ? { ...wanted, [excluded]: 'true' } : staying },
      spec: {
        ...{ ...spec, ...(all.length > 0 && { taints: all }) },
        ...(isCordoned && { unschedulable: true }),
      },
    };
  };
  if (jsonEqual(changed(node) as never, node as never)) return;
  await goneOrDone(() => writer.change<Node>(nodes, node, changed));
}

/** Others' taints stay; the same key and effect is the same taint. */
function taintsOf(
  present: readonly Taint[],
  wanted: readonly NodeTaint[],
  before: readonly NodeTaint[],
): readonly Taint[] {
  const identity = ({ key, effect }: Taint): string => `${key}:${effect}`;
  const given = wanted.map(kubernetesTaint);
  const own = new Set([...before.map(kubernetesTaint), ...given].map(identity));
  // Where they stand already nothing has to be written.
  const kept = present.flatMap((taint) => {
    const same = given.find((it) => identity(it) === identity(taint));
    if (same !== undefined) return [same];
    return own.has(identity(taint)) ? [] : [taint];
  });
  const missing = given.filter((taint) => !kept.some((it) => identity(it) === identity(taint)));
  return [...kept, ...missing];
}

const kubernetesTaint = ({ effect, ...taint }: NodeTaint): Taint => ({
  ...{ ...taint, effect: kubernetesEffects[effect] },
});

/**
 * Evicts the pods of a node, as `kubectl drain` does: not those of DaemonSets, which would come back, nor those that the
 * node has for itself.
 * @returns those that are there yet: `namespace/name`
 */
async function drain(
  { state }: KubernetesContext,
  cluster: Cluster,
  place: ClusterPlace,
  nodeName: string,
): Promise<readonly string[]> {
  const here = [...state.list(podRecords, recordsPrefix(podRecords.noun, place))]
    .map(({ value }) => value as unknown as Pod)
    .filter(
      (pod) =>
        pod.spec.nodeName === nodeName &&
        controllerOf(pod)?.kind !== 'DaemonSet' &&
        mirrorOf(pod) === undefined &&
        !['Failed', 'Succeeded'].includes(pod.status?.phase ?? ''),
    );
  for (const { metadata } of here) {
    if (metadata.deletionTimestamp !== undefined) continue;
    try {
      const { namespace, name } = metadata;
      await evictPod(cluster, { namespace, name }, evictOptions, controller(account));
    } catch (error) {
      // Its disruption budget has no room for it: it is asked again.
      if (!(error instanceof ApiError)) throw error;
    }
  }
  return here.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

const evictOptions = {
  ...{ isDryRun: false, gracePeriodSeconds: undefined, propagationPolicy: undefined },
  ...{ isOrphaningDenied: false, uid: undefined, resourceVersion: undefined },
};

async function goneOrDone(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
  }
}

/** Nothing is said of an instance that EKS has forgotten. */
async function note(
  { state }: KubernetesContext,
  key: RecordKey,
  seen: Omit<NodeSightingRecord, 'nodegroupKey'>,
): Promise<void> {
  await state.transact((tx) => {
    const instance = tx.get(nodeInstances, key);
    if (instance === undefined) return;
    const scope = scopeOfKey(key);
    const sightingKey = nodeSightingKey(scope, instance.instanceId);
    const sighting: NodeSightingRecord = { ...ofNodegroup(scope, instance), ...seen };
    if (!jsonEqual(tx.get(nodeSightings, sightingKey) as never, sighting as never))
      tx.put(nodeSightings, sightingKey, sighting);
  });
}
