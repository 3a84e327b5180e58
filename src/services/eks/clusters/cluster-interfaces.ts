import type { Transaction } from '../../../reconcile/index.ts';
import {
  createServiceInterface,
  deleteServiceInterface,
  moveServiceInterface,
  readAwsvpc,
  readServiceInterface,
} from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import type { EksContext } from '../context.ts';
import { invalidParameter, limitExceeded } from '../errors.ts';
import type { ClusterInterface, ClusterRecord } from '../records.ts';

/** As many as EKS makes to begin with, each in a zone of its own. */
const wantedInterfaces = 2;
/** As EC2 shows who has an interface. */
const requesterId = 'amazon-eks';

/**
 * The interfaces by which a control plane is in its cluster's VPC, in the cluster's subnets and security groups ("View Amazon
 * EKS networking requirements for VPC and subnets"): those that are missing are made, those in other subnets go.
 * @returns the cluster with them, for the caller to write.
 * @throws InvalidParameterException a subnet has no address left; ResourceLimitExceededException
 */
export function settleClusterInterfaces(
  context: Pick<EksContext, 'clock' | 'random' | 'state'>,
  tx: Transaction,
  scope: Scope,
  cluster: ClusterRecord,
): ClusterRecord {
  const { clusterSecurityGroupId, subnetIds, networkInterfaces: before = [] } = cluster;
  const own = clusterSecurityGroupId === undefined ? [] : [clusterSecurityGroupId];
  const groups = [...own, ...cluster.securityGroupIds];
  const present = before.filter(({ id }) => readServiceInterface(tx, scope, id) !== undefined);
  const networkInterfaces = subnetsByZone(tx, scope, subnetIds)
    .slice(0, wantedInterfaces)
    .map((inZone) => {
      const kept = present.find(({ subnetId }) => inZone.includes(subnetId));
      if (kept === undefined) return made(context, tx, scope, cluster, inZone, groups);
      moveInto(tx, scope, kept, groups);
      return kept;
    });
  for (const it of present) if (!networkInterfaces.includes(it)) deleteServiceInterface(tx, scope, it.id);
  const isSame =
    networkInterfaces.length === cluster.networkInterfaces?.length &&
    networkInterfaces.every((it, index) => it === before[index]);
  return isSame ? cluster : { ...cluster, networkInterfaces };
}

/** Those that are there, in their order. */
function subnetsByZone(
  tx: Transaction,
  scope: Scope,
  subnetIds: readonly string[],
): readonly (readonly string[])[] {
  const zones = new Map<string, string[]>();
  for (const id of subnetIds) {
    const found = readAwsvpc(tx, scope, { subnets: [id], securityGroups: [] });
    const [subnet] = found.type === 'found' ? found.subnets : [];
    if (subnet === undefined) continue;
    zones.set(subnet.availabilityZone, [...(zones.get(subnet.availabilityZone) ?? []), id]);
  }
  return [...zones.values()];
}

function moveInto(
  tx: Transaction,
  scope: Scope,
  { id }: ClusterInterface,
  securityGroupIds: readonly string[],
): void {
  const now = readServiceInterface(tx, scope, id)?.record.securityGroupIds ?? [];
  if (now.join() !== securityGroupIds.join()) moveServiceInterface(tx, scope, id, securityGroupIds);
}

function made(
  context: Pick<EksContext, 'clock' | 'random' | 'state'>,
  tx: Transaction,
  scope: Scope,
  { name: clusterName }: ClusterRecord,
  subnetIds: readonly string[],
  securityGroupIds: readonly string[],
): ClusterInterface {
  const result = createServiceInterface(tx, context, scope, {
    ...{ subnetIds, securityGroupIds, requesterId, tags: {}, assignPublicIp: false },
    ...{ description: `Amazon EKS ${clusterName}`, now: context.clock.now() },
  });
  const about = { clusterName };
  switch (result.type) {
    case 'created': {
      const { id, subnetId, privateIpv4Addresses } = result.networkInterface.record;
      return { id, subnetId, privateIpv4: privateIpv4Addresses[0] ?? '' };
    }
    case 'no-free-address':
      throw invalidParameter(
        `Subnets ${subnetIds.join(', ')} have no free address for a network interface of the cluster`,
        about,
      );
    case 'too-many-interfaces':
      throw limitExceeded('The maximum number of network interfaces has been reached', about);
    case 'subnet-missing':
    case 'security-group-missing':
      throw invalidParameter(`${result.id} does not exist`, about);
    case 'no-public-address':
      throw new Error('An interface that asks for no public address was refused one');
  }
}
