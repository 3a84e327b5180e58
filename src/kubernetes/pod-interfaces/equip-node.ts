import { EventCorrelation } from '../../event-correlation.ts';
import { again, done, type Outcome, type RecordKey, recordKey } from '../../reconcile/index.ts';
import { attachTrunk, groupsOfInstance, instanceType, trunkOf } from '../../services/ec2/index.ts';
import {
  type ClusterRecord,
  clusterByPlace,
  type NodeInstanceRecord,
  nodeInstances,
  nodeNameOf,
  scopeOfKey,
  vpcCniSettings,
} from '../../services/eks/index.ts';
import { controller } from '../apiserver/admission/chain.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { ApiError } from '../apiserver/status.ts';
import type { KubernetesContext } from '../context.ts';
import { nodes } from '../controllers/collections.ts';
import type { RunningClusters } from '../controllers/controller.ts';
import { EventRecorder } from '../controllers/event-recorder.ts';
import type { Kept } from '../controllers/objects.ts';
import { Writer } from '../controllers/writer.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { podEni, resourceController, resourcesGroup } from './names.ts';
import { ownerTags, whyNotMade } from './permission.ts';

interface EquippedNode extends Kept {
  readonly status?: {
    readonly capacity?: Readonly<Record<string, string>>;
    readonly allocatable?: Readonly<Record<string, string>>;
  };
}

const nodeResource = resourceNamed('', 'nodes');
const description = 'aws-k8s-trunk-eni';
const notRunningMs = 250;
const refusedMs = 10_000;

/** Takes turns for single instances: with `ENABLE_POD_ENI` they have a trunk interface, and tell how many pods may have theirs. */
export function equippingNodes(context: KubernetesContext, running: RunningClusters) {
  const { state, clock, random } = context;
  const correlation = new EventCorrelation();
  return async (key: RecordKey): Promise<Outcome> => {
    const instance = state.get(nodeInstances, key);
    if (instance?.launched === undefined || instance.fargate !== undefined || instance.isEnding) return done;
    const place: ClusterPlace = { ...scopeOfKey(key), id: instance.clusterId };
    const cluster = running.clusterOf(place);
    const record = clusterByPlace(state, place, place.id);
    if (cluster === undefined || record === undefined) return again(notRunningMs);
    // Its registration brings another turn.
    const node = nodeOf(context, place, instance);
    if (node === undefined) return done;
    const writer = new Writer(cluster, { by: controller(resourceController), program: resourceController });
    const most = vpcCniSettings(state, place, record.name).hasPodInterfaces
      ? (instanceType(instance.instanceType)?.branchInterfaces ?? 0)
      : 0;
    if (most > 0 && trunkOf(state, place, instance.instanceId) === undefined) {
      const events = new EventRecorder(writer, 'vpc-resource-controller', { correlation, clock, random });
      const why = await makeTrunk(context, place, record, instance);
      if (why === undefined) {
        events.normal(node, 'NodeTrunkInitiated', 'The node has trunk interface initialized successfully');
      } else {
        events.warning(
          node,
          'TrunkENICreationFailed',
          `Failed to create trunk interface: Error Code: ${why}`,
        );
      }
      await events.flush();
      if (why !== undefined) return again(refusedMs);
    }
    await ifThere(() => advertise(writer, node, most));
    await tellFeatures(cluster, writer, node, most > 0);
    return done;
  };
}

function nodeOf(
  { state }: KubernetesContext,
  { accountId, region, id }: ClusterPlace,
  instance: NodeInstanceRecord,
): EquippedNode | undefined {
  const key = recordKey(nodes, accountId, region, id, nodeNameOf(instance) ?? '');
  return state.get(nodes, key) as EquippedNode | undefined;
}

/** @returns the code of what is in the way, and what to do about it. */
async function makeTrunk(
  context: KubernetesContext,
  place: ClusterPlace,
  record: ClusterRecord,
  { instanceId, launched }: NodeInstanceRecord,
): Promise<string | undefined> {
  const { state, clock } = context;
  const tags = { ...ownerTags(record.name), 'node.k8s.amazonaws.com/instance_id': instanceId };
  const asked = { description, tags };
  const why = await whyNotMade(context, place, record, {
    ...{ ...asked, subnetId: launched?.subnetId ?? '' },
    securityGroupIds: groupsOfInstance(state, place, instanceId),
  });
  if (why !== undefined) {
    return why.code === 'UnauthorizedOperation'
      ? `${why.code}: Please verify the cluster IAM role has AmazonEKSVPCResourceController policy`
      : why.code;
  }
  return state.transact((tx) => {
    if (trunkOf(tx, place, instanceId) !== undefined) return undefined;
    const made = attachTrunk(tx, context, place, { ...asked, instanceId, now: clock.now() });
    return made.type === 'refused' ? made.code : undefined;
  });
}

/** The kubelet leaves alone what is none of its own. */
async function advertise(writer: Writer, node: EquippedNode, most: number): Promise<void> {
  const wanted = most === 0 ? undefined : String(most);
  const { capacity, allocatable } = node.status ?? {};
  if (capacity?.[podEni] === wanted && allocatable?.[podEni] === wanted) return;
  const withOwn = (all: Readonly<Record<string, string>> = {}) => {
    const { [podEni]: _, ...others } = all;
    return wanted === undefined ? others : { ...others, [podEni]: wanted };
  };
  await writer.change<EquippedNode>(
    nodeResource,
    node,
    ({ status, ...present }) => ({
      ...present,
      status: {
        ...status,
        ...{ capacity: withOwn(status?.capacity), allocatable: withOwn(status?.allocatable) },
      },
    }),
    'status',
  );
}

/** What the Amazon VPC CNI plugin would say of itself. */
async function tellFeatures(
  { catalogue, objects }: Cluster,
  writer: Writer,
  { metadata: { name, uid } }: EquippedNode,
  isOn: boolean,
): Promise<void> {
  const resource = catalogue.find(resourcesGroup, 'v1alpha1', 'cninodes');
  // Somebody has deleted the definition.
  if (resource === undefined) return;
  const features = isOn ? [{ name: 'SecurityGroupsForPods' }] : [];
  const present = await objects.get(resource, undefined, name);
  if (present === undefined) {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }];
    const body = { metadata: { name, ownerReferences }, spec: { features } };
    await ifThere(() => writer.create(resource, undefined, body));
    return;
  }
  const { spec } = present.object as unknown as Kept & { readonly spec?: { readonly features?: unknown } };
  if (JSON.stringify(spec?.features ?? []) === JSON.stringify(features)) return;
  await ifThere(() =>
    writer.changeNamed<Kept & { readonly spec?: object }>(resource, undefined, name, (it) => ({
      ...{ ...it, spec: { ...it.spec, features } },
    })),
  );
}

/** What is gone meanwhile, or was made by another turn, is looked at when that is told. */
async function ifThere(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiError) || (error.reason !== 'NotFound' && error.reason !== 'AlreadyExists'))
      throw error;
  }
}
