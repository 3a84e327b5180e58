import { EventCorrelation } from '../../event-correlation.ts';
import { again, done, type Outcome, type RecordKey, type Transaction } from '../../reconcile/index.ts';
import {
  createBranch,
  deleteServiceInterface,
  groupsOfInstance,
  instanceType,
  trunkOf,
} from '../../services/ec2/index.ts';
import {
  type ClusterRecord,
  clusterByPlace,
  instanceIdOfProvider,
  type NodegroupInstance,
  nodeInstanceKey,
  nodeInstances,
} from '../../services/eks/index.ts';
import { controller } from '../apiserver/admission/chain.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { ApiError } from '../apiserver/status.ts';
import type { KubernetesContext } from '../context.ts';
import { nodeKey, nodes, parsedKey, pods } from '../controllers/collections.ts';
import type { RunningClusters } from '../controllers/controller.ts';
import { EventRecorder } from '../controllers/event-recorder.ts';
import type { Pod } from '../controllers/objects.ts';
import { isTerminal } from '../controllers/pods.ts';
import { Writer } from '../controllers/writer.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { podEni, resourceController } from './names.ts';
import { ownerTags, whyNotMade } from './permission.ts';
import { wantsInterface } from './pod.ts';
import { securityGroupsOf } from './policies.ts';
import { type BranchInterface, type PodInterfaceRecord, podInterfaceKey, podInterfaces } from './records.ts';

/** So long nobody else has the address of a pod that has gone. */
const coolDownMs = 60_000;
const notRunningMs = 250;
const notReadyMs = 1_000;
const refusedMs = 10_000;
const description = 'aws-k8s-branch-eni';
/** As interfaces say whose they are. */
const requesterId = 'amazon-eks';
const podResource = resourceNamed('', 'pods');

/** Takes turns for single pods: what they had goes after it has rested, and what they are to have is made and told to them. */
export function givingInterfaces(context: KubernetesContext, running: RunningClusters) {
  const { state, clock, random } = context;
  const correlation = new EventCorrelation();
  return async (key: RecordKey): Promise<Outcome> => {
    const pod = state.get(pods, key);
    const isOver = pod === undefined || isTerminal(pod);
    const restsUntil = await release(context, key, isOver ? undefined : pod.metadata.uid);
    const later = restsUntil === undefined ? done : again(Math.max(100, restsUntil - clock.now()));
    if (isOver || !isToHave(pod)) return later;
    const { place } = parsedKey(key);
    const cluster = running.clusterOf(place);
    const record = clusterByPlace(state, place, place.id);
    if (cluster === undefined || record === undefined) return again(notRunningMs);
    const writer = new Writer(cluster, { by: controller(resourceController), program: resourceController });
    const events = new EventRecorder(writer, 'vpc-resource-controller', { correlation, clock, random });
    const outcome = await give(context, { key, pod, cluster, record, writer, events });
    await events.flush();
    return outcome === done ? later : outcome;
  };
}

/** It is on a node, asks for an interface, and has not been told of one. */
const isToHave = (pod: Pod): boolean =>
  wantsInterface(pod) &&
  (pod.spec.nodeName ?? '') !== '' &&
  pod.metadata.deletionTimestamp === undefined &&
  pod.metadata.annotations?.[podEni] === undefined;

interface Turn {
  readonly key: RecordKey;
  readonly pod: Pod;
  readonly cluster: Cluster;
  readonly record: ClusterRecord;
  readonly writer: Writer;
  readonly events: EventRecorder;
}

async function give(context: KubernetesContext, turn: Turn): Promise<Outcome> {
  const { state } = context;
  const { key, pod } = turn;
  const { place } = parsedKey(key);
  const instance = nodeOf(context, key, pod);
  const known = state.get(podInterfaces, podInterfaceKey(place, pod.metadata.uid));
  if (known !== undefined) return tell(turn, known.told);
  // Its trunk interface may be on its way.
  if (instance === undefined || trunkOf(state, place, instance.instanceId) === undefined)
    return again(notReadyMs);
  const { namespace = '', labels = {} } = pod.metadata;
  const serviceAccount = String(pod.spec.serviceAccountName ?? 'default');
  const selected = securityGroupsOf(state, place, { namespace, labels, serviceAccount });
  if (selected.length === 0) {
    turn.events.warning(
      pod,
      'SecurityGroupRequested',
      "Pod will get the instance security group as the pod didn't match any Security Group from SecurityGroupPolicy",
    );
  } else {
    const groups = `[${selected.join(' ')}]`;
    turn.events.normal(pod, 'SecurityGroupRequested', `Pod will get the following Security Groups ${groups}`);
  }
  const groups = selected.length > 0 ? selected : groupsOfInstance(state, place, instance.instanceId);
  const made = await make(context, turn, instance, groups);
  if ('told' in made) return tell(turn, made.told);
  if (made.code === isFull) return again(notReadyMs);
  turn.events.warning(
    pod,
    'BranchAllocationFailed',
    `failed to allocate branch ENI to pod: creating network interface, ${made.code}: ${made.message}`,
  );
  return again(refusedMs);
}

function nodeOf({ state }: KubernetesContext, key: RecordKey, { spec }: Pod): NodegroupInstance | undefined {
  const node = state.get(nodes, nodeKey(key, spec.nodeName ?? '')) as
    | { readonly spec?: { readonly providerID?: string } }
    | undefined;
  const id = instanceIdOfProvider(node?.spec?.providerID ?? '');
  const found = id && state.get(nodeInstances, nodeInstanceKey(parsedKey(key).place, id));
  return found === undefined || found === '' || found.fargate !== undefined ? undefined : found;
}

const isFull = 'full';

/** The interface, and in the same transaction the record that says whose it is. */
async function make(
  context: KubernetesContext,
  { key, pod, record }: Turn,
  { instanceId, launched, instanceType: typeName }: NodegroupInstance,
  securityGroupIds: readonly string[],
): Promise<Pick<PodInterfaceRecord, 'told'> | { readonly code: string; readonly message: string }> {
  const { state, clock } = context;
  const { place } = parsedKey(key);
  const most = instanceType(typeName)?.branchInterfaces ?? 0;
  const asked = { securityGroupIds, description, tags: ownerTags(record.name) };
  const why = await whyNotMade(context, place, record, { ...asked, subnetId: launched?.subnetId ?? '' });
  if (why !== undefined) return why;
  return state.transact((tx) => {
    const recordKey = podInterfaceKey(place, pod.metadata.uid);
    const present = tx.get(podInterfaces, recordKey);
    if (present !== undefined) return present;
    const trunk = trunkOf(tx, place, instanceId);
    const others = tx.byIndex(podInterfaces, 'instance', instanceId).map(({ value }) => value);
    if (others.length >= most) return { code: isFull, message: '' };
    const used = new Set(others.map(({ told }) => told.vlanId));
    let vlanId = 1;
    while (used.has(vlanId)) vlanId += 1;
    const tags = {
      ...asked.tags,
      'vpcresources.k8s.aws/trunk-eni-id': trunk?.id ?? '',
      'vpcresources.k8s.aws/vlan-id': String(vlanId),
    };
    const result = createBranch(tx, context, place, {
      ...{ ...asked, instanceId, requesterId, tags, now: clock.now() },
    });
    if (result.type === 'refused') return result;
    const { id: eniId, macAddress, privateIpv4Addresses } = result.networkInterface;
    const [privateIp = ''] = privateIpv4Addresses;
    const told = { eniId, ifAddress: macAddress, privateIp, vlanId, subnetCidr: result.subnetCidr };
    tx.put(podInterfaces, recordKey, { podKey: key, uid: pod.metadata.uid, instanceId, told });
    return { told };
  });
}

async function tell({ pod, writer, events }: Turn, told: BranchInterface): Promise<Outcome> {
  const text = JSON.stringify([told]);
  try {
    await writer.change<Pod>(podResource, pod, ({ metadata, ...present }) => ({
      ...present,
      metadata: { ...metadata, annotations: { ...metadata.annotations, [podEni]: text } },
    }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // It is gone, which brings another turn.
    if (error.reason === 'NotFound') return done;
    events.warning(
      pod,
      'BranchENIAnnotationFailed',
      `failed to annotate pod with branch ENI details: ${error.message}`,
    );
    return again(notReadyMs);
  }
  events.normal(pod, 'ResourceAllocated', `Allocated ${text} to the pod`);
  return done;
}

/**
 * Lets interfaces rest that pods of this name had, and deletes those that have rested.
 * @param uid Of the pod that has the name now, and is not over.
 * @returns when the next one has rested.
 */
function release(
  { state, clock }: KubernetesContext,
  key: RecordKey,
  uid: string | undefined,
): Promise<number | undefined> {
  const { place } = parsedKey(key);
  const isLeft = (record: PodInterfaceRecord): boolean => record.uid !== uid;
  if (!state.byIndex(podInterfaces, 'pod', key).some(({ value }) => isLeft(value)))
    return Promise.resolve(undefined);
  return state.transact((tx: Transaction) => {
    const now = clock.now();
    const rests = tx.byIndex(podInterfaces, 'pod', key).flatMap(({ key: recordKey }) => {
      const record = tx.get(podInterfaces, recordKey);
      if (record === undefined || !isLeft(record)) return [];
      const { releasedAt = now, told, instanceId } = record;
      // With its node goes the trunk that it is behind.
      const hasNode = trunkOf(tx, place, instanceId) !== undefined;
      if (hasNode && now - releasedAt < coolDownMs) {
        if (record.releasedAt === undefined) tx.put(podInterfaces, recordKey, { ...record, releasedAt });
        return [releasedAt + coolDownMs];
      }
      deleteServiceInterface(tx, place, told.eniId);
      tx.delete(podInterfaces, recordKey);
      return [];
    });
    return rests.length === 0 ? undefined : Math.min(...rests);
  });
}
