import {
  again,
  done,
  type Reconciler,
  type RecordKey,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import { createServiceInterface, deleteServiceInterface, readAwsvpc } from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import { ensureClusterGroup } from '../clusters/cluster-group.ts';
import type { EksContext } from '../context.ts';
import { issueOf } from '../fargate/profile-view.ts';
import { type FargateProfileRecord, fargateProfileKey, fargateProfiles } from '../fargate/record.ts';
import { allNodes, askAnother, lookForMachineMs, refusalOf, waitsForMachine } from '../nodes/placement.ts';
import {
  type FargateInstance,
  instanceIdOfKey,
  nodeInstanceKey,
  nodeInstances,
  nodeReportKey,
  nodeReports,
  nodeSightingKey,
  nodeSightings,
  profileText,
} from '../nodes/record.ts';
import { clusterKey, clusters, scopeOfKey } from '../records.ts';

/** As the interfaces of Fargate's pods say whose they are. */
const requesterId = 'amazon-eks-fargate';
const noCapacity =
  'Fargate capacity is unavailable at this time. Please try again later or in a different availability zone';

/**
 * Gives the nodes of Fargate a place in the VPC once a machine has room for them, and forgets them when nothing is left of them.
 * Whoever schedules the pods asks for nodes and ends them.
 */
export function fargateNodes(context: EksContext): Reconciler {
  const { state } = context;
  const ofInstance = (key: RecordKey): readonly RecordKey[] => {
    const instanceKey = nodeInstanceKey(scopeOfKey(key), instanceIdOfKey(key));
    return state.get(nodeInstances, instanceKey)?.fargate === undefined ? [] : [instanceKey];
  };
  return {
    name: 'eks-fargate-nodes',
    watches: [
      watching(nodeInstances, ({ key, after }) => (after?.fargate === undefined ? [] : [key])),
      watching(nodeReports, ({ key }) => ofInstance(key)),
      watching(nodeSightings, ({ key }) => ofInstance(key)),
    ],
    reconcile: async (workKey) => {
      const key = workKey as RecordKey;
      await state.transact((tx) => {
        const instance = tx.get(nodeInstances, key);
        if (instance?.fargate === undefined) return;
        const scope = scopeOfKey(key);
        const { instanceId, launched, problem, isEnding } = instance;
        const report = tx.get(nodeReports, nodeReportKey(scope, instanceId));
        if (isEnding) {
          const sighting = tx.get(nodeSightings, nodeSightingKey(scope, instanceId));
          const isUnknown = launched === undefined || sighting?.isForgotten === true;
          if (report?.status === 'ended' && isUnknown) forget(tx, scope, instance);
        } else if (launched === undefined && problem === undefined) {
          const others = context.otherMachines();
          const isRefused = refusalOf(instance, report, others) !== undefined;
          if (isRefused && !askAnother(tx, scope, others, instance, allNodes(tx)))
            tx.put(nodeInstances, key, { ...instance, problem: noCapacity });
          if (report?.status === 'reserved')
            tx.put(nodeInstances, key, { ...instance, ...placed(context, tx, scope, instance) });
        }
      });
      const instance = state.get(nodeInstances, key);
      const isWaiting = instance !== undefined && !instance.isEnding && waitsForMachine(instance);
      return isWaiting ? again(lookForMachineMs) : done;
    },
  };
}

/** In the subnet of its profile with the fewest of Fargate's, with the security group of the cluster. */
function placed(
  context: EksContext,
  tx: Transaction,
  scope: Scope,
  { clusterName, clusterId, fargate }: FargateInstance,
): Pick<FargateInstance, 'launched' | 'macAddress' | 'problem'> {
  const { profileName, namespace, name, securityGroupIds } = fargate;
  const profile = tx.get(fargateProfiles, fargateProfileKey(scope, clusterName, profileName));
  const cluster = tx.get(clusters, clusterKey(scope, clusterName));
  if (profile === undefined || cluster?.id !== clusterId)
    return { problem: misconfigured(profileName, 'it is not there any more.') };
  if (issueOf(context, tx, scope, profile) !== undefined) {
    return {
      problem: misconfigured(
        profileName,
        'Pod execution role is not found in auth config or does not have all required permissions for launching fargate pods.',
      ),
    };
  }
  const now = context.clock.now();
  const result = createServiceInterface(tx, context, scope, {
    ...{ subnetIds: subnetsOf(tx, scope, profile), assignPublicIp: false, requesterId, now },
    securityGroupIds: securityGroupIds ?? [
      ensureClusterGroup(context, tx, scope, cluster).clusterSecurityGroupId,
    ],
    description: `Amazon EKS Fargate ${clusterName} ${namespace}/${name}`,
    tags: { 'aws:eks:cluster-name': clusterName, [`kubernetes.io/cluster/${clusterName}`]: 'owned' },
  });
  switch (result.type) {
    case 'created': {
      const { record, privateDnsName } = result.networkInterface;
      const { id: networkInterfaceId, subnetId, availabilityZone, macAddress } = record;
      const [privateIpv4 = ''] = record.privateIpv4Addresses;
      return {
        launched: {
          ...{ networkInterfaceId, privateIpv4, privateDnsName, subnetId, availabilityZone, at: now },
        },
        macAddress,
      };
    }
    case 'no-free-address':
      return {
        problem: misconfigured(
          profileName,
          `the subnets ${profile.subnetIds.join(', ')} have no free IP addresses.`,
        ),
      };
    case 'subnet-missing':
      return { problem: misconfigured(profileName, `the subnet ID '${result.id}' does not exist.`) };
    case 'security-group-missing':
      return { problem: misconfigured(profileName, `the security group '${result.id}' does not exist.`) };
    case 'no-public-address':
    case 'too-many-interfaces':
      return { problem: noCapacity };
  }
}

const misconfigured = (profileName: string, why: string): string =>
  `Misconfigured Fargate Profile: fargate profile ${profileName} blocked for new launches due to: ${why}`;

/** Those that are there, or all of them to tell what is missing. */
function subnetsOf(
  tx: Transaction,
  scope: Scope,
  { clusterName, name, subnetIds }: FargateProfileRecord,
): readonly string[] {
  const present = tx
    .byIndex(nodeInstances, 'profile', profileText(scope, clusterName, name))
    .flatMap(({ value }) => value.launched?.subnetId ?? []);
  const countIn = (subnetId: string): number => present.filter((it) => it === subnetId).length;
  const found = subnetIds.filter(
    (id) => readAwsvpc(tx, scope, { subnets: [id], securityGroups: [] }).type === 'found',
  );
  return (found.length > 0 ? found : subnetIds).toSorted((a, b) => countIn(a) - countIn(b));
}

/** Its interface goes with it. */
function forget(tx: Transaction, scope: Scope, { instanceId, launched }: FargateInstance): void {
  if (launched !== undefined) deleteServiceInterface(tx, scope, launched.networkInterfaceId);
  tx.delete(nodeInstances, nodeInstanceKey(scope, instanceId));
  tx.delete(nodeReports, nodeReportKey(scope, instanceId));
  tx.delete(nodeSightings, nodeSightingKey(scope, instanceId));
}
