/**
 * Interfaces that pods have for themselves, in the security groups of the SecurityGroupPolicies that select them, as the Amazon VPC resource
 * controller gives them. The one idea to know: an interface of EC2's is made in one transaction with a record that says for which
 * pod (`records.ts`), so whatever becomes of the pod, its interface is found and goes; the pod's annotation tells its kubelet which one it is.
 */
import { done, type Reconciler, type RecordKey, watching } from '../../reconcile/index.ts';
import {
  type AddonRecord,
  addons,
  clusterKey,
  clusters,
  instanceIdOfProvider,
  type NodeInstanceRecord,
  nodeInstanceKey,
  nodeInstances,
  scopeOfKey,
} from '../../services/eks/index.ts';
import type { KubernetesContext } from '../context.ts';
import { pods } from '../controllers/collections.ts';
import type { RunningClusters } from '../controllers/controller.ts';
import type { Pod } from '../controllers/objects.ts';
import { memberOf, textOf } from '../objects/object.ts';
import { objectRecords, placeOfObject } from '../objects/object-records.ts';
import { wantsInterface } from './pod.ts';
import { type PodInterfaceRecord, podInterfaces } from './records.ts';

const nodes = objectRecords('nodes');

export function podInterfaceControllers(
  context: KubernetesContext,
  running: RunningClusters,
): readonly Reconciler[] {
  return [podInterfaceController(context, running), trunkController(context, running)];
}

/** One key of work for each pod that has an interface for itself, or is to. */
function podInterfaceController(context: KubernetesContext, running: RunningClusters): Reconciler {
  let loaded: Promise<(key: RecordKey) => ReturnType<Reconciler['reconcile']>> | undefined;
  const load = async () => (await import('./give-interface.ts')).givingInterfaces(context, running);
  return {
    name: 'kubernetes-pod-interfaces',
    watches: [
      watching<Pod>(pods, ({ key, before, after }) =>
        wantsInterface(before) || wantsInterface(after) ? [key] : [],
      ),
      watching<PodInterfaceRecord>(podInterfaces, ({ before, after }) => {
        const record = after ?? before;
        return record === undefined ? [] : [record.podKey];
      }),
    ],
    reconcile: async (key) => {
      loaded ??= load();
      return (await loaded)(key as RecordKey);
    },
  };
}

/** One key of work for each instance of a node group: whether it has a trunk interface, and tells how many pods may have theirs. */
function trunkController(context: KubernetesContext, running: RunningClusters): Reconciler {
  const { state } = context;
  const ofCluster = (key: RecordKey, { clusterName, name }: AddonRecord): readonly RecordKey[] => {
    const scope = scopeOfKey(key);
    const cluster = state.get(clusters, clusterKey(scope, clusterName));
    if (name !== 'vpc-cni' || cluster === undefined) return [];
    return [...state.list(nodeInstances)].flatMap((record) =>
      record.value.clusterId === cluster.id ? [record.key] : [],
    );
  };
  let loaded: Promise<(key: RecordKey) => ReturnType<Reconciler['reconcile']>> | undefined;
  const load = async () => (await import('./equip-node.ts')).equippingNodes(context, running);
  return {
    name: 'kubernetes-trunk-interfaces',
    watches: [
      watching<NodeInstanceRecord>(nodeInstances, ({ key, after }) =>
        after === undefined || after.fargate !== undefined ? [] : [key],
      ),
      watching<AddonRecord>(addons, ({ key, before, after }) => {
        const addon = after ?? before;
        return addon === undefined ? [] : ofCluster(key, addon);
      }),
      watching(nodes, ({ key, after }) => {
        const id = after && instanceIdOfProvider(textOf(memberOf(after, 'spec'), 'providerID'));
        return id === undefined ? [] : [nodeInstanceKey(placeOfObject(key), id)];
      }),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const instance = state.get(nodeInstances, key);
      if (instance?.launched === undefined || instance.fargate !== undefined || instance.isEnding)
        return done;
      loaded ??= load();
      return (await loaded)(key);
    },
  };
}
