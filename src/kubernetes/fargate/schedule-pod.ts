import { EventCorrelation } from '../../event-correlation.ts';
import { again, done, type Outcome, type RecordKey } from '../../reconcile/index.ts';
import {
  type ClusterRecord,
  clusterByPlace,
  endFargateNode,
  type FargateInstance,
  fargateProfileKey,
  fargateProfiles,
  nodeInstanceKey,
  nodeInstances,
  nodeNameOf,
  nodeSightingKey,
  nodeSightings,
  podText,
  profileLabel,
  requestFargateNode,
} from '../../services/eks/index.ts';
import { fargateSchedulerName } from '../apiserver/admission/fargate.ts';
import { bindPod } from '../apiserver/bind-pod.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { ApiError } from '../apiserver/status.ts';
import type { KubernetesContext } from '../context.ts';
import { parsedKey, pods } from '../controllers/collections.ts';
import type { RunningClusters } from '../controllers/controller.ts';
import { EventRecorder } from '../controllers/event-recorder.ts';
import { Writer } from '../controllers/writer.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { fargateGroups } from '../pod-interfaces/names.ts';
import type { PlacedPod } from '../scheduler/objects.ts';
import { putUnschedulable, saysUnschedulable } from '../scheduler/pod-scheduled.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { type Decision, decideOnFargate } from './decide.ts';
import { fargateIdentity } from './identity.ts';
import { sizeText } from './pod-size.ts';

export type SchedulePod = (key: RecordKey) => Promise<Outcome>;

const configMaps = resourceNamed('', 'configmaps');
const notRunningMs = 250;
/** Between two nodes that are asked for for one pod. */
const retryMs = 15_000;

/**
 * Takes turns for single pods: has a node made for each, waits until it is ready and binds the pod to it. The node stays as long
 * as the pod's object does, also after the pod has ended: so its logs can be read.
 */
export function podSchedulingOnFargate(context: KubernetesContext, running: RunningClusters): SchedulePod {
  const { state, clock, random } = context;
  const correlation = new EventCorrelation();
  /** Of pods whose node came to nothing, when they get another. */
  const retries = new Map<RecordKey, { readonly uid: string; readonly at: number }>();
  return async (key) => {
    const { place, namespace, name } = parsedKey(key);
    const pod = state.get(pods, key) as PlacedPod | undefined;
    const nodes = nodesFor(context, place, { namespace, name });
    const node = nodes.find((it) => pod !== undefined && isFor(it, pod));
    for (const other of nodes) if (other !== node) await end(context, place, other);
    if (pod === undefined || !isWaiting(pod)) {
      retries.delete(key);
      return done;
    }
    const cluster = running.clusterOf(place);
    const record = clusterByPlace(state, place, place.id);
    if (cluster === undefined || record === undefined) return again(notRunningMs);
    const writer = new Writer(cluster, fargateIdentity);
    const events = new EventRecorder(writer, fargateSchedulerName, { correlation, clock, random });
    const { uid, labels } = pod.metadata;
    const profileName = labels?.[profileLabel] ?? '';
    const profile =
      profileName === ''
        ? undefined
        : state.get(fargateProfiles, fargateProfileKey(place, record.name, profileName));
    const sighting = node && state.get(nodeSightings, nodeSightingKey(place, node.instanceId));
    const decision = decideOnFargate({ pod, profileName, profile, node, sighting }, clock.now());
    // Whoever dies in between tells of it once more.
    const tell = async (why: string): Promise<void> => {
      events.warning(pod, 'FailedScheduling', why);
      await events.flush();
      await putUnschedulable(writer, pod, why, clock.now());
    };
    switch (decision.type) {
      case 'refuse':
        if (!saysUnschedulable(pod, decision.why)) await tell(decision.why);
        return decision.mayChange ? again(retryMs) : done;
      case 'request': {
        const retry = retries.get(key);
        const wait = retry?.uid === uid ? retry.at - clock.now() : 0;
        if (wait > 0) return again(wait);
        await request(context, place, record, pod, decision);
        return done;
      }
      case 'give-up': {
        retries.set(key, { uid, at: clock.now() + retryMs });
        await tell(decision.why);
        if (node !== undefined) await end(context, place, node);
        return again(retryMs);
      }
      case 'wait':
        return again(decision.ms);
      case 'bind':
        return bind(cluster, events, pod, decision);
    }
  };
}

/** It is to be placed. */
const isWaiting = ({ metadata, spec }: PlacedPod): boolean =>
  spec.schedulerName === fargateSchedulerName &&
  (spec.nodeName ?? '') === '' &&
  (spec.schedulingGates ?? []).length === 0 &&
  metadata.deletionTimestamp === undefined;

/** It was asked for for this pod, which runs on it or may yet. */
function isFor(node: FargateInstance, pod: PlacedPod): boolean {
  const { uid } = node.fargate;
  const { nodeName = '' } = pod.spec;
  if (uid !== pod.metadata.uid || node.isEnding) return false;
  return nodeName === '' ? isWaiting(pod) : nodeName === nodeNameOf(node);
}

function nodesFor(
  { state }: KubernetesContext,
  place: ClusterPlace,
  pod: { readonly namespace: string; readonly name: string },
): readonly FargateInstance[] {
  const found = state.byIndex(nodeInstances, 'pod', podText(place, place.id, pod));
  return found.flatMap(({ value }) => (value.fargate === undefined ? [] : [value]));
}

async function end(
  { state }: KubernetesContext,
  place: ClusterPlace,
  { instanceId }: FargateInstance,
): Promise<void> {
  await state.transact((tx) => endFargateNode(tx, nodeInstanceKey(place, instanceId)));
}

/** Unless another turn has done so: two nodes for one pod there are never. */
async function request(
  { state, clock, random, otherMachines }: KubernetesContext,
  place: ClusterPlace,
  cluster: ClusterRecord,
  { metadata }: PlacedPod,
  { profile, size, diskGiB }: Extract<Decision, { readonly type: 'request' }>,
): Promise<void> {
  const { namespace = '', name, uid, annotations } = metadata;
  const groups = annotations?.[fargateGroups];
  await state.transact((tx) => {
    const present = tx.byIndex(nodeInstances, 'pod', podText(place, place.id, { namespace, name }));
    if (present.some(({ value }) => value.fargate?.uid === uid && !value.isEnding)) return;
    requestFargateNode(tx, random, place, {
      ...{ cluster, profile, size, diskGiB, now: clock.now() },
      pod: { namespace, name, uid, ...(groups !== undefined && { securityGroupIds: groups.split(',') }) },
      otherMachines: otherMachines(),
    });
  });
}

/** A pod that is gone, or has a node by now, is looked at again. */
async function bind(
  cluster: Cluster,
  events: EventRecorder,
  pod: PlacedPod,
  { nodeName, size }: Extract<Decision, { readonly type: 'bind' }>,
): Promise<Outcome> {
  const { namespace = '', name, uid } = pod.metadata;
  const isAsked = (await cluster.objects.get(configMaps, 'aws-observability', 'aws-logging')) !== undefined;
  const annotations = {
    CapacityProvisioned: sizeText(size),
    Logging: `LoggingDisabled: ${isAsked ? 'LOGGING_NOT_SUPPORTED' : 'LOGGING_CONFIGMAP_NOT_FOUND'}`,
  };
  const binding = { metadata: { name, uid, annotations }, target: { kind: 'Node', name: nodeName } };
  const { by, program } = fargateIdentity;
  const options = { isDryRun: false, fieldValidation: 'Ignore', fieldManager: program } as const;
  try {
    await bindPod(cluster, { namespace, name }, binding, options, by);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return again(notRunningMs);
  }
  events.warning(pod, 'LoggingDisabled', isAsked ? noLogRouter : noLoggingConfigMap);
  events.normal(pod, 'Scheduled', `Successfully assigned ${namespace}/${name} to ${nodeName}`);
  await events.flush();
  return done;
}

const noLoggingConfigMap =
  'Disabled logging because aws-logging configmap was not found. configmap "aws-logging" not found';
const noLogRouter =
  'Disabled logging because a log router is not supported by this version of Catamaran yet: read the logs with kubectl, or send them from a sidecar';
