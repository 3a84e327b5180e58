import { hex } from '../../../clock/index.ts';
import {
  again,
  done,
  type Reconciler,
  type RecordKey,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import {
  instanceType,
  launchNode,
  maxPodsOf,
  readAwsvpc,
  shareOf,
  terminateInstance,
} from '../../ec2/index.ts';
import { deregisterInstanceTargets } from '../../elbv2/index.ts';
import { dismissNodes } from '../access-entries/admit-nodes.ts';
import { vpcCniSettings } from '../addons/vpc-cni.ts';
import type { Scope } from '../arn.ts';
import { ensureClusterGroup } from '../clusters/cluster-group.ts';
import type { EksContext } from '../context.ts';
import { imageIdOf } from '../nodegroups/images.ts';
import { type Member, type Plan, planNodegroup } from '../nodegroups/plan.ts';
import {
  type NodegroupIssue,
  type NodegroupRecord,
  nodegroupKey,
  nodegroups,
  nodegroupsOf,
  scalingGroupName,
} from '../nodegroups/record.ts';
import { finishNodegroupUpdate } from '../nodegroups/update-of-nodegroup.ts';
import { allNodes, askAnother, machineFor, refusalOf } from '../nodes/placement.ts';
import {
  type NodegroupInstance,
  type NodeInstanceRecord,
  nodegroupText,
  nodeInstanceKey,
  nodeInstances,
  nodeReportKey,
  nodeReports,
  nodeSightingKey,
  nodeSightings,
} from '../nodes/record.ts';
import { type ClusterRecord, clusterKey, clusters, scopeOfKey } from '../records.ts';

/**
 * Brings node groups to their size and release: it decides which instances there are (`nodegroups/plan.ts`), and EC2 gives
 * them an interface once a machine has room for them. Machines start their kubelets, and the control plane of the cluster
 * tells of their nodes and empties them.
 */
export function nodeGroups(context: EksContext): Reconciler {
  const { state, clock } = context;
  const ofRecord = ({ clusterName, nodegroupName }: NodeInstanceRecord, key: RecordKey) =>
    nodegroupName === undefined ? [] : [nodegroupKey(scopeOfKey(key), clusterName, nodegroupName)];
  return {
    name: 'eks-node-groups',
    watches: [
      watching(nodegroups, ({ key }) => [key]),
      watching(nodeInstances, ({ key, before, after }) => {
        const instance = after ?? before;
        return instance === undefined ? [] : ofRecord(instance, key);
      }),
      watching(nodeReports, ({ after }) => groupOf(after)),
      watching(nodeSightings, ({ after }) => groupOf(after)),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      const scope = scopeOfKey(key);
      const plan = await state.transact((tx) => {
        const group = tx.get(nodegroups, key);
        if (group === undefined) return undefined;
        const cluster = tx.get(clusters, clusterKey(scope, group.clusterName));
        const now = clock.now();
        const decided = planNodegroup(
          withoutFailure(group, membersOf(tx, scope, group)),
          membersOf(tx, scope, group),
          now,
        );
        carryOut(context, tx, scope, group, cluster, decided, now);
        return decided;
      });
      if (plan?.lookAgainAt === undefined) return done;
      return again(Math.max(100, plan.lookAgainAt - clock.now()));
    },
  };
}

/** Whose a report or a sighting is. */
const groupOf = (of: { readonly nodegroupKey?: string } | undefined): readonly string[] =>
  of?.nodegroupKey === undefined ? [] : [of.nodegroupKey];

function membersOf(tx: Transaction, scope: Scope, group: NodegroupRecord): readonly Member[] {
  const found = tx.byIndex(nodeInstances, 'nodegroup', nodegroupText(scope, group.clusterName, group.name));
  return found.flatMap(({ key, value: { instanceId } }) => {
    const instance = tx.get(nodeInstances, key);
    const report = tx.get(nodeReports, nodeReportKey(scope, instanceId));
    const sighting = tx.get(nodeSightings, nodeSightingKey(scope, instanceId));
    return instance === undefined || instance.fargate !== undefined
      ? []
      : [{ instance, ...(report && { report }), ...(sighting && { sighting }) }];
  });
}

/** What could not be launched counts until something was. */
function withoutFailure(group: NodegroupRecord, members: readonly Member[]): NodegroupRecord {
  const { launchFailure, ...rest } = group;
  const isBetter =
    launchFailure !== undefined &&
    members.some(
      ({ instance, report }) =>
        report?.status !== 'no-room' && instance.createdAt > launchFailure.at && report !== undefined,
    );
  return isBetter ? { ...rest, issues: rest.issues.filter(({ code }) => code !== launchIssue) } : group;
}

const launchIssue = 'AsgInstanceLaunchFailures';

function carryOut(
  context: EksContext,
  tx: Transaction,
  scope: Scope,
  present: NodegroupRecord,
  cluster: ClusterRecord | undefined,
  plan: Plan,
  now: number,
): void {
  const key = nodegroupKey(scope, present.clusterName, present.name);
  const members = membersOf(tx, scope, present);
  for (const id of plan.forget) forget(tx, scope, id, now);
  if (plan.isGone) {
    tx.delete(nodegroups, key);
    const others = nodegroupsOf(tx, scope, present.clusterName);
    if (!others.some(({ name, nodeRole }) => name !== present.name && nodeRole === present.nodeRole))
      dismissNodes(tx, scope, present.clusterName, present.nodeRole);
    return;
  }
  const change = (id: string, of: (instance: NodegroupInstance) => NodegroupInstance): void => {
    const instanceKey = nodeInstanceKey(scope, id);
    const instance = tx.get(nodeInstances, instanceKey);
    if (instance !== undefined && instance.fargate === undefined)
      tx.put(nodeInstances, instanceKey, of(instance));
  };
  for (const id of plan.drain) change(id, (instance) => ({ ...instance, drainSince: now }));
  for (const id of plan.end) change(id, (instance) => ({ ...instance, isEnding: true }));
  let group: NodegroupRecord = {
    ...withoutFailure(present, members),
    ...{ phase: plan.phase, issues: plan.issues },
  };
  const others = context.otherMachines();
  for (const { instance, report } of members) {
    const refusal = refusalOf(instance, report, others);
    if (refusal === undefined) continue;
    if (askAnother(tx, scope, others, instance, alikeOf(tx, scope, group))) continue;
    forget(tx, scope, instance.instanceId, now);
    group = withLaunchFailure(group, instance.instanceType, refusal, now);
  }
  if (cluster !== undefined && !present.isDeleting) {
    for (const id of plan.place)
      change(id, (instance) => {
        const placed = placedIn(context, tx, scope, group, cluster, instance, now);
        if ('launched' in placed) return { ...instance, launched: placed.launched };
        group = { ...group, issues: [...group.issues.filter(({ code }) => code !== placed.code), placed] };
        group = { ...group, launchFailure: { at: now, instanceType: instance.instanceType } };
        return { ...instance, isEnding: true };
      });
    for (const { instance } of members) {
      const { labels, taints } = wantedOf(group);
      if (JSON.stringify([instance.labels, instance.taints]) !== JSON.stringify([labels, taints]))
        change(instance.instanceId, (it) => ({ ...it, labels, taints }));
    }
    for (let count = 0; count < plan.launch; count++) launch(context, tx, scope, group, cluster, now);
  }
  if (plan.update?.error !== undefined) group = takenBack(group, members, change);
  if (plan.update !== undefined) finishNodegroupUpdate(tx, scope, group, plan.update.error);
  else if (JSON.stringify(group) !== JSON.stringify(present)) tx.put(nodegroups, key, group);
}

/** The nodes that are left of an update that failed stay, and the group is of their release again. */
function takenBack(
  group: NodegroupRecord,
  members: readonly Member[],
  change: (id: string, of: (instance: NodegroupInstance) => NodegroupInstance) => void,
): NodegroupRecord {
  const left = members.filter(
    ({ instance }) => !instance.isEnding && instance.releaseVersion !== group.releaseVersion,
  );
  for (const { instance } of left) change(instance.instanceId, ({ drainSince: _, ...staying }) => staying);
  const { version, releaseVersion } = left[0]?.instance ?? group;
  return { ...group, version, releaseVersion };
}

/** What is said of what AWS says so of: an Auto Scaling group's activity that failed. */
function withLaunchFailure(
  group: NodegroupRecord,
  instanceType: string,
  message: string,
  now: number,
): NodegroupRecord {
  const issue: NodegroupIssue = {
    code: launchIssue,
    message: `Could not launch ${group.capacityType === 'SPOT' ? 'Spot' : 'On-Demand'} Instances. InsufficientInstanceCapacity - There is not enough room for an instance of the type ${instanceType}. ${message} Launching EC2 instance failed.`,
    resourceIds: [scalingGroupName(group)],
  };
  return {
    ...{ ...group, launchFailure: { at: now, instanceType } },
    issues: [...group.issues.filter(({ code }) => code !== launchIssue), issue],
  };
}

/** Labels and taints of a group's nodes, EKS's own among them. */
function wantedOf(group: NodegroupRecord): Pick<NodeInstanceRecord, 'labels' | 'taints'> {
  return {
    labels: {
      ...group.labels,
      'eks.amazonaws.com/nodegroup': group.name,
      'eks.amazonaws.com/nodegroup-image': imageIdOf(group.amiType, group.releaseVersion),
      'eks.amazonaws.com/capacityType': group.capacityType,
    },
    taints: group.taints,
  };
}

/** The nodes of a group that are kept apart on machines: an update spreads those of the new release. */
const alikeOf = (tx: Transaction, scope: Scope, group: NodegroupRecord): readonly NodegroupInstance[] =>
  membersOf(tx, scope, group)
    .map(({ instance }) => instance)
    .filter(({ releaseVersion }) => releaseVersion === group.releaseVersion);

/** A record: its machine says whether it has room for it. */
function launch(
  { random, otherMachines }: EksContext,
  tx: Transaction,
  scope: Scope,
  group: NodegroupRecord,
  { id: clusterId }: ClusterRecord,
  now: number,
): void {
  const { instanceTypes, launchFailure, clusterName, nodeRole, version, releaseVersion } = group;
  // After one that there was no room for the next of the list, and then the first again.
  const failedAt = launchFailure === undefined ? -1 : instanceTypes.indexOf(launchFailure.instanceType);
  const name = instanceTypes[(failedAt + 1) % instanceTypes.length] ?? '';
  const type = instanceType(name);
  if (type === undefined)
    throw new Error(`${group.name} is of the instance type ${name}, which is not known`);
  const { hasPrefixes } = vpcCniSettings(tx, scope, clusterName);
  const instanceId = `i-${hex(random, 17)}`;
  tx.put(nodeInstances, nodeInstanceKey(scope, instanceId), {
    ...{ instanceId, clusterName, clusterId, nodegroupName: group.name, nodeRole },
    ...{ instanceType: name, isSpot: group.capacityType === 'SPOT', share: shareOf(type) },
    capacity: {
      ...{ cpuMillis: type.vcpus * 1_000, memoryMiB: type.memoryMiB },
      ...{ pods: maxPodsOf(type, hasPrefixes), diskGiB: group.diskGiB },
    },
    ...{ version, releaseVersion, ...wantedOf(group), createdAt: now },
    ...machineFor({
      ...{ others: otherMachines(), alike: alikeOf(tx, scope, group), all: allNodes(tx) },
    }),
  });
}

/** In the subnet with the fewest of the group; what keeps it from there is an issue of the group's. */
function placedIn(
  context: EksContext,
  tx: Transaction,
  scope: Scope,
  group: NodegroupRecord,
  cluster: ClusterRecord,
  { instanceId, instanceType: typeName, isSpot, machineId }: NodegroupInstance,
  now: number,
): Required<Pick<NodeInstanceRecord, 'launched'>> | NodegroupIssue {
  const { clusterName } = group;
  const { clusterSecurityGroupId } = ensureClusterGroup(context, tx, scope, cluster);
  const present = membersOf(tx, scope, group).flatMap(({ instance }) => instance.launched?.subnetId ?? []);
  const countIn = (subnetId: string): number => present.filter((it) => it === subnetId).length;
  const subnetIds = group.subnetIds
    .filter((id) => readAwsvpc(tx, scope, { subnets: [id], securityGroups: [] }).type === 'found')
    .toSorted((a, b) => countIn(a) - countIn(b));
  if (subnetIds.length === 0) {
    return {
      ...{ code: 'Ec2SubnetNotFound', resourceIds: group.subnetIds },
      message: `The subnets of the node group are not there: ${group.subnetIds.join(', ')}`,
    };
  }
  const ownership = {
    'eks:cluster-name': clusterName,
    'eks:nodegroup-name': group.name,
    [`k8s.io/cluster-autoscaler/${clusterName}`]: 'owned',
    'k8s.io/cluster-autoscaler/enabled': 'true',
    [`kubernetes.io/cluster/${clusterName}`]: 'owned',
  };
  const result = launchNode(tx, context, scope, {
    ...{ id: instanceId, instanceType: typeName, isSpot, subnetIds, now },
    imageId: imageIdOf(group.amiType, group.releaseVersion),
    architecture: instanceType(typeName)?.architecture ?? 'x86_64',
    ...(machineId !== undefined && { machineId }),
    securityGroupIds: [clusterSecurityGroupId],
    tags: {
      ...ownership,
      'aws:autoscaling:groupName': scalingGroupName(group),
      'aws:eks:cluster-name': clusterName,
    },
    interfaceTags: {
      ...{ 'cluster.k8s.amazonaws.com/name': clusterName, 'node.k8s.amazonaws.com/instance_id': instanceId },
    },
  });
  switch (result.type) {
    case 'launched':
      return { launched: { ...result.instance, at: now } };
    case 'no-free-address':
      return {
        ...{ code: 'InsufficientFreeAddresses', resourceIds: subnetIds },
        message: `Amazon Autoscaling was unable to launch instances because there are not enough free addresses in the subnet associated with your AutoScaling group(s).`,
      };
    case 'no-public-address':
      return {
        ...{ code: 'InsufficientFreeAddresses', resourceIds: subnetIds },
        message: `The subnets give public addresses to instances (MapPublicIpOnLaunch), and none is free (${context.publicCidr})`,
      };
    case 'security-group-missing':
      return {
        ...{ code: 'Ec2SecurityGroupNotFound', resourceIds: [result.id] },
        message: `The security group '${result.id}' does not exist`,
      };
    case 'subnet-missing':
      return {
        ...{ code: 'Ec2SubnetNotFound', resourceIds: [result.id] },
        message: `The subnet ID '${result.id}' does not exist`,
      };
    case 'too-many-interfaces':
      return {
        ...{ code: 'InstanceLimitExceeded', resourceIds: [scalingGroupName(group)] },
        message: 'The account has as many network interfaces as it may have in the region',
      };
  }
}

/** Its interface goes with it, and nothing is sent to its address, which others may have next. */
function forget(tx: Transaction, scope: Scope, instanceId: string, now: number): void {
  deregisterInstanceTargets(tx, scope, instanceId);
  const instance = tx.get(nodeInstances, nodeInstanceKey(scope, instanceId));
  if (instance?.launched !== undefined) terminateInstance(tx, scope, instanceId, now);
  tx.delete(nodeInstances, nodeInstanceKey(scope, instanceId));
  tx.delete(nodeReports, nodeReportKey(scope, instanceId));
  tx.delete(nodeSightings, nodeSightingKey(scope, instanceId));
}
