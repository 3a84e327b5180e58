import { again, done, type Outcome, type RecordKey } from '../../reconcile/index.ts';
import {
  activateFargateProfile,
  type ClusterRecord,
  clusterKey,
  clusters,
  type FargateProfileRecord,
  fargateProfiles,
  fargateProfilesOf,
  forgetFargateProfile,
  nodeInstances,
  profileLabel,
  profileText,
  scopeOfKey,
} from '../../services/eks/index.ts';
import { fargateSchedulerName } from '../apiserver/admission/fargate.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import type { KubernetesContext } from '../context.ts';
import { pods } from '../controllers/collections.ts';
import type { RunningClusters } from '../controllers/controller.ts';
import type { Pod } from '../controllers/objects.ts';
import { Writer } from '../controllers/writer.ts';
import { fargateRole, putNodeRole } from '../nodes/aws-auth-rows.ts';
import { recordsPrefix } from '../objects/object-records.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { fargateIdentity } from './identity.ts';

const podResource = resourceNamed('', 'pods');
const notRunningMs = 250;

/** One turn for one profile: it lets the profile's nodes in before the first pod, and takes its pods away before it goes. */
export async function followFargateProfile(
  { state }: KubernetesContext,
  running: RunningClusters,
  key: RecordKey,
): Promise<Outcome> {
  const profile = state.get(fargateProfiles, key);
  if (profile === undefined || (profile.isActive && !profile.isDeleting)) return done;
  const scope = scopeOfKey(key);
  const { clusterName, name, podExecutionRole } = profile;
  const record = state.get(clusters, clusterKey(scope, clusterName));
  if (record === undefined) return done;
  const cluster = running.clusterOf({ ...scope, id: record.id });
  if (cluster === undefined) return again(notRunningMs);
  if (!profile.isDeleting) {
    await letIn(cluster, record, podExecutionRole, true);
    await state.transact((tx) => activateFargateProfile(tx, key));
    return done;
  }
  const nodes = state.byIndex(nodeInstances, 'profile', profileText(scope, clusterName, name));
  const uids = new Set(nodes.map(({ value }) => value.fargate?.uid));
  const left = [...state.list(pods, recordsPrefix(pods.noun, { ...scope, id: record.id }))]
    .map(({ value }) => value)
    // Labels may be changed by whoever has the pod: what runs by the profile is its own all the same.
    .filter((pod) => uids.has(pod.metadata.uid) || isOf(profile, pod));
  const writer = new Writer(cluster, fargateIdentity);
  for (const pod of left)
    if (pod.metadata.deletionTimestamp === undefined) await writer.remove(podResource, pod);
  // Each that goes brings another turn.
  if (left.length > 0 || nodes.length > 0) return done;
  const isUsed = fargateProfilesOf(state, scope, clusterName).some(
    (other) => other.name !== name && other.podExecutionRole === podExecutionRole,
  );
  if (!isUsed) await letIn(cluster, record, podExecutionRole, false);
  await state.transact((tx) => forgetFargateProfile(tx, key));
  return done;
}

/** By a row of `aws-auth`, in clusters that look at it. */
async function letIn(
  cluster: Cluster,
  { authenticationMode }: ClusterRecord,
  role: string,
  isWanted: boolean,
): Promise<void> {
  if (authenticationMode !== 'API') await putNodeRole(cluster, fargateRole(role), isWanted);
}

const isOf = ({ name }: FargateProfileRecord, { metadata, spec }: Pod): boolean =>
  metadata.labels?.[profileLabel] === name && spec.schedulerName === fargateSchedulerName;
