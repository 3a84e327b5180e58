/**
 * Fargate in a cluster: the scheduler that has a node made for each pod of its own, and what a Fargate profile needs of the
 * cluster. The one idea to know: a pod's node is a record of EKS's, `FargateInstance`, which others make real; here it is asked
 * for, waited for and ended.
 */
import { type Reconciler, type RecordKey, recordKey, watching } from '../../reconcile/index.ts';
import {
  clusterByPlace,
  type FargateProfileRecord,
  fargateProfileKey,
  fargateProfiles,
  instanceIdOfKey,
  type NodeInstanceRecord,
  nodeInstanceKey,
  nodeInstances,
  nodeSightings,
  profileLabel,
  scopeOfKey,
} from '../../services/eks/index.ts';
import { fargateSchedulerName } from '../apiserver/admission/fargate.ts';
import type { KubernetesContext } from '../context.ts';
import { parsedKey, pods } from '../controllers/collections.ts';
import type { RunningClusters } from '../controllers/controller.ts';
import type { Pod } from '../controllers/objects.ts';

const isOwn = (pod: Pod | undefined): boolean => pod?.spec.schedulerName === fargateSchedulerName;

/** One key of work for each pod. */
export function fargateScheduler(context: KubernetesContext, running: RunningClusters): Reconciler {
  const { state } = context;
  const ofPod = (key: RecordKey, instance: NodeInstanceRecord | undefined): readonly RecordKey[] => {
    if (instance?.fargate === undefined) return [];
    const { accountId, region } = scopeOfKey(key);
    const { namespace, name } = instance.fargate;
    return [recordKey(pods, accountId, region, instance.clusterId, namespace, name)];
  };
  let loaded: Promise<import('./schedule-pod.ts').SchedulePod> | undefined;
  const load = async () => {
    const { podSchedulingOnFargate } = await import('./schedule-pod.ts');
    return podSchedulingOnFargate(context, running);
  };
  return {
    name: 'kubernetes-fargate-scheduler',
    watches: [
      watching<Pod>(pods, ({ key, before, after }) => (isOwn(before) || isOwn(after) ? [key] : [])),
      watching<NodeInstanceRecord>(nodeInstances, ({ key, before, after }) => ofPod(key, after ?? before)),
      watching(nodeSightings, ({ key }) =>
        ofPod(key, state.get(nodeInstances, nodeInstanceKey(scopeOfKey(key), instanceIdOfKey(key)))),
      ),
    ],
    reconcile: async (key) => {
      loaded ??= load();
      return (await loaded)(key as RecordKey);
    },
  };
}

/** One key of work for each Fargate profile. */
export function fargateProfileFollower(context: KubernetesContext, running: RunningClusters): Reconciler {
  const { state } = context;
  return {
    name: 'kubernetes-fargate-profiles',
    watches: [
      watching<FargateProfileRecord>(fargateProfiles, ({ key, after }) => (after === undefined ? [] : [key])),
      // Those that go are what a profile that is to go waits for.
      watching<Pod>(pods, ({ key, before, after }) => {
        const profile = before?.metadata.labels?.[profileLabel];
        if (profile === undefined || after !== undefined || !isOwn(before)) return [];
        const { place } = parsedKey(key);
        const cluster = clusterByPlace(state, place, place.id);
        return cluster === undefined ? [] : [fargateProfileKey(place, cluster.name, profile)];
      }),
      watching<NodeInstanceRecord>(nodeInstances, ({ key, before, after }) =>
        before?.fargate === undefined || after !== undefined
          ? []
          : [fargateProfileKey(scopeOfKey(key), before.clusterName, before.fargate.profileName)],
      ),
    ],
    reconcile: async (key) => {
      const { followFargateProfile } = await import('./follow-profile.ts');
      return followFargateProfile(context, running, key as RecordKey);
    },
  };
}
