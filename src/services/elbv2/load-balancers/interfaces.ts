import { Refusal } from '../../../protocols/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import { createServiceInterface, deleteServiceInterface, giveElasticAddress } from '../../ec2/index.ts';
import { loadBalancerPath, type Scope } from '../arn.ts';
import type { ElbContext } from '../context.ts';
import {
  allocationIdNotFound,
  invalidConfiguration,
  invalidSecurityGroup,
  invalidSubnet,
  subnetNotFound,
} from '../errors.ts';
import type { LoadBalancerRecord, NodeRecord } from '../records.ts';
import type { Placement } from './placement.ts';

/** As EC2 shows who has an interface. */
const requesterId = 'amazon-elb';

type Owner = Pick<LoadBalancerRecord, 'type' | 'name' | 'id' | 'scheme' | 'securityGroupIds'>;

/**
 * Makes the interface of a load balancer in one of its subnets, with a public address when it faces the internet.
 * @throws InvalidSubnet, SubnetNotFound, InvalidSecurityGroup, InvalidConfigurationRequest, AllocationIdNotFound
 */
export function makeNode(
  tx: Transaction,
  context: ElbContext,
  scope: Scope,
  balancer: Owner,
  { subnetId, availabilityZone, privateIpv4, allocationId }: Placement,
  now: number,
): NodeRecord {
  const isNetwork = balancer.type === 'network';
  const made = ofSubnet(() =>
    createServiceInterface(tx, context, scope, {
      ...{ subnetIds: [subnetId], securityGroupIds: balancer.securityGroupIds, isOpen: isNetwork },
      interfaceType: isNetwork ? 'network_load_balancer' : 'interface',
      description: `ELB ${loadBalancerPath(balancer)}`,
      ...{ requesterId, tags: {}, now },
      assignPublicIp: balancer.scheme === 'internet-facing' && allocationId === undefined,
      ...(privateIpv4 !== undefined && { privateIpv4 }),
    }),
  );
  switch (made.type) {
    case 'created':
      break;
    case 'subnet-missing':
      throw subnetNotFound(made.id);
    case 'security-group-missing':
      throw invalidSecurityGroup(`The security group '${made.id}' does not exist`);
    case 'no-free-address':
      throw invalidSubnet(`Not enough IP space available in ${made.id}`);
    case 'no-public-address':
      throw invalidConfiguration(`No public address is free (${context.publicCidr})`);
    case 'too-many-interfaces':
      throw invalidConfiguration('The maximum number of network interfaces has been reached');
  }
  const { record } = made.networkInterface;
  const publicIpv4 =
    allocationId === undefined
      ? record.autoAssignedPublicIpv4
      : elasticAddress(giveElasticAddress(tx, context, scope, record, allocationId), allocationId);
  return {
    ...{ subnetId, availabilityZone, interfaceId: record.id },
    privateIpv4: record.privateIpv4Addresses[0] ?? '',
    ...(publicIpv4 !== undefined && { publicIpv4 }),
    ...(allocationId !== undefined && { allocationId }),
    ...(privateIpv4 !== undefined && { isAddressGiven: true }),
  };
}

export function removeNode(tx: Transaction, scope: Scope, { interfaceId }: NodeRecord): void {
  deleteServiceInterface(tx, scope, interfaceId);
}

function elasticAddress(given: ReturnType<typeof giveElasticAddress>, allocationId: string): string {
  switch (given.type) {
    case 'given':
      return given.publicIpv4;
    case 'missing':
      throw allocationIdNotFound(allocationId);
    case 'in-use':
      throw invalidConfiguration(`The allocation ID '${allocationId}' is already associated`);
  }
}

/** EC2's words about a chosen address, under this API's code. */
function ofSubnet<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof Refusal) throw invalidSubnet(error.message);
    throw error;
  }
}
