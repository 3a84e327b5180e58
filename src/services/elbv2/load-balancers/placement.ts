import type { SubnetMapping } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Transaction } from '../../../reconcile/index.ts';
import { availableAddressCount, readAwsvpc, vpcFacts } from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import {
  invalidConfiguration,
  invalidSecurityGroup,
  invalidSubnet,
  subnetNotFound,
  unsupported,
  validationError,
} from '../errors.ts';
import type { LoadBalancerRecord } from '../records.ts';

/** "Security groups per load balancer" (Elastic Load Balancing quotas). */
const maxGroups = 5;
/** What an application load balancer must find in each of its subnets. */
const neededAddresses = 8;

/** Where a load balancer is to be in one zone, and with which addresses. */
export interface Placement {
  readonly subnetId: string;
  readonly availabilityZone: string;
  readonly privateIpv4?: string;
  readonly allocationId?: string;
}

type WantedPlacement = Omit<Placement, 'availabilityZone'>;

interface GivenPlaces {
  readonly Subnets?: readonly string[] | undefined;
  readonly SubnetMappings?: readonly SubnetMapping[] | undefined;
}

type Balancer = Pick<LoadBalancerRecord, 'type' | 'scheme'>;

/** The subnets that a request names, each once. @throws ValidationError, InvalidConfigurationRequest */
export function readPlaces(
  { type, scheme }: Balancer,
  { Subnets = [], SubnetMappings = [] }: GivenPlaces,
): readonly WantedPlacement[] {
  if (Subnets.length > 0 && SubnetMappings.length > 0)
    throw validationError('You can only specify either subnets or subnet mappings, but not both');
  const wanted = [
    ...Subnets.map((subnetId) => ({ subnetId })),
    ...SubnetMappings.map((mapping) => readMapping({ type, scheme }, mapping)),
  ];
  if (wanted.length === 0) {
    throw validationError(
      type === 'application'
        ? 'At least two subnets in two different Availability Zones must be specified'
        : 'At least one subnet must be specified',
    );
  }
  if (new Set(wanted.map(({ subnetId }) => subnetId)).size < wanted.length)
    throw invalidConfiguration('A load balancer cannot be attached to the same subnet more than once');
  return wanted;
}

function readMapping({ type, scheme }: Balancer, mapping: SubnetMapping): WantedPlacement {
  const { SubnetId = '', AllocationId, PrivateIPv4Address, IPv6Address, SourceNatIpv6Prefix } = mapping;
  if (IPv6Address !== undefined || SourceNatIpv6Prefix !== undefined) throw unsupported('IPv6 addresses are');
  if (type === 'application' && (AllocationId !== undefined || PrivateIPv4Address !== undefined)) {
    throw invalidConfiguration(
      'Addresses cannot be specified in subnet mappings for load balancers of type application',
    );
  }
  if (AllocationId !== undefined && scheme === 'internal')
    throw invalidConfiguration('Allocation IDs cannot be specified for internal load balancers');
  if (PrivateIPv4Address !== undefined && scheme === 'internet-facing') {
    throw invalidConfiguration(
      'Private IPv4 addresses cannot be specified for internet-facing load balancers',
    );
  }
  return {
    subnetId: SubnetId,
    ...(AllocationId !== undefined && { allocationId: AllocationId }),
    ...(PrivateIPv4Address !== undefined && { privateIpv4: PrivateIPv4Address }),
  };
}

/**
 * Finds the subnets and groups that a load balancer is to have, and checks that it can be there.
 * @param present Ids of subnets that it is in already.
 * @throws SubnetNotFound, InvalidSubnet, InvalidSecurityGroup, InvalidConfigurationRequest, ValidationError
 */
export function findPlaces(
  tx: Transaction,
  scope: Scope,
  balancer: Balancer,
  wanted: { readonly places: readonly WantedPlacement[]; readonly groups: readonly string[] },
  present: readonly string[] = [],
): {
  readonly vpcId: string;
  readonly placements: readonly Placement[];
  readonly securityGroupIds: readonly string[];
} {
  const groups = [...new Set(wanted.groups)];
  if (groups.length > maxGroups)
    throw invalidConfiguration(`The maximum number of security groups (${maxGroups}) has been exceeded`);
  const found = readAwsvpc(tx, scope, {
    subnets: wanted.places.map(({ subnetId }) => subnetId),
    securityGroups: groups,
  });
  switch (found.type) {
    case 'found':
      break;
    case 'subnet-missing':
      throw subnetNotFound(found.id);
    case 'security-group-missing':
      throw invalidSecurityGroup(`The security group '${found.id}' does not exist`);
    case 'several-vpcs':
      throw found.of === 'subnets'
        ? invalidConfiguration('All subnets must belong to the same VPC')
        : invalidConfiguration('One or more security groups are not in the same VPC as the load balancer');
  }
  const zones = new Set(found.subnets.map(({ availabilityZone }) => availabilityZone));
  if (balancer.type === 'application' && found.subnets.length < 2)
    throw validationError('At least two subnets in two different Availability Zones must be specified');
  if (zones.size < found.subnets.length) {
    throw invalidConfiguration(
      'A load balancer cannot be attached to multiple subnets in the same Availability Zone',
    );
  }
  const facts = vpcFacts(tx, scope, found.vpcId);
  if (balancer.scheme === 'internet-facing' && facts?.hasInternetGateway !== true)
    throw invalidSubnet(`VPC ${found.vpcId} has no internet gateway`);
  for (const subnet of found.subnets) {
    const isTooSmall =
      balancer.type === 'application' &&
      !present.includes(subnet.id) &&
      availableAddressCount(tx, subnet) < neededAddresses;
    if (!isTooSmall) continue;
    throw invalidSubnet(
      `Not enough IP space available in ${subnet.id}. ` +
        `ELB requires at least ${neededAddresses} free IP addresses in each subnet.`,
    );
  }
  const isInDefault = balancer.type === 'application' && groups.length === 0;
  return {
    vpcId: found.vpcId,
    securityGroupIds: isInDefault && facts ? [facts.defaultSecurityGroupId] : groups,
    placements: wanted.places.map((place, index) => ({
      ...place,
      availabilityZone: found.subnets[index]?.availabilityZone ?? '',
    })),
  };
}
