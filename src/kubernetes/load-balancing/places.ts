import { BlockList, isIPv4 } from 'node:net';
import type { Site } from './infrastructure.ts';
import { ModelError, type WantedBalancer } from './model.ts';

/** A subnet that a load balancer is in. */
interface Place {
  readonly id: string;
  readonly zone: string;
  readonly cidr: string;
}

interface Described {
  readonly SubnetId?: string | undefined;
  readonly AvailabilityZone?: string | undefined;
  readonly CidrBlock?: string | undefined;
}

const placeOf = ({ SubnetId = '', AvailabilityZone = '', CidrBlock = '' }: Described): Place => ({
  ...{ id: SubnetId, zone: AvailabilityZone, cidr: CidrBlock },
});

/** The subnets of a load balancer, with its addresses there. @throws {ModelError} they are not there, or not as many as addresses. */
export async function subnetMappings(
  site: Site,
  { subnets, scheme, addresses }: Pick<WantedBalancer, 'subnets' | 'scheme' | 'addresses'>,
) {
  const places = subnets === undefined ? await tagged(site, scheme) : await named(site, subnets);
  if (addresses === undefined) return places.map(({ id }) => ({ SubnetId: id }));
  const all = 'allocationIds' in addresses ? addresses.allocationIds : addresses.privateIpv4;
  if (all.length !== places.length)
    throw new ModelError(`there are ${all.length} addresses for ${places.length} subnets`);
  if ('allocationIds' in addresses)
    return places.map(({ id }, at) => ({ SubnetId: id, AllocationId: all[at] ?? '' }));
  return places.map(({ id, cidr }) => {
    const own = all.find((address) => isIn(cidr, address));
    if (own === undefined) throw new ModelError(`none of the addresses ${all.join(', ')} is in ${id}`);
    return { SubnetId: id, PrivateIPv4Address: own };
  });
}

function isIn(cidr: string, address: string): boolean {
  const [network = '', length] = cidr.split('/');
  const block = new BlockList();
  block.addSubnet(network, Number(length), 'ipv4');
  return isIPv4(address) && block.check(address);
}

/** In the order in which they are named. */
async function named({ ask, cluster }: Site, names: readonly string[]): Promise<readonly Place[]> {
  const { Subnets = [] } = await ask('ec2', 'DescribeSubnets', {
    Filters: [{ Name: 'vpc-id', Values: [cluster.vpcId] }],
  });
  return findNamed('subnet', names, Subnets, ({ SubnetId }) => SubnetId).map(placeOf);
}

/** The ids of security groups that are named so. @throws {ModelError} they are not there. */
export async function securityGroupIds(
  { ask, cluster }: Site,
  names: readonly string[],
): Promise<readonly string[]> {
  const { SecurityGroups = [] } = await ask('ec2', 'DescribeSecurityGroups', {
    Filters: [{ Name: 'vpc-id', Values: [cluster.vpcId] }],
  });
  const found = findNamed('security group', names, SecurityGroups, ({ GroupId }) => GroupId);
  return found.map(({ GroupId = '' }) => GroupId);
}

/** "Both IDs and names are supported": a name is that of the tag `Name`. */
function findNamed<T extends Tagged>(
  what: string,
  names: readonly string[],
  all: readonly T[],
  idOf: (each: T) => string | undefined,
): readonly T[] {
  return names.flatMap((name) => {
    const found = all.filter(
      (each) => idOf(each) === name || each.Tags?.some(({ Key, Value }) => Key === 'Name' && Value === name),
    );
    if (found.length === 0)
      throw new ModelError(`there is no ${what} ${name} in the VPC of the cluster`, { mayChange: true });
    return found;
  });
}

interface Tagged {
  readonly Tags?:
    | readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[]
    | undefined;
}

/**
 * "Subnet Discovery" of the AWS Load Balancer Controller: those of the VPC with the tag of their role, one of each zone; where
 * none has it, the cluster's own.
 * @throws {ModelError} there is none.
 */
async function tagged({ ask, cluster }: Site, scheme: WantedBalancer['scheme']): Promise<readonly Place[]> {
  const role = scheme === 'internal' ? 'kubernetes.io/role/internal-elb' : 'kubernetes.io/role/elb';
  const { Subnets: ofRole = [] } = await ask('ec2', 'DescribeSubnets', {
    Filters: [
      { Name: 'vpc-id', Values: [cluster.vpcId] },
      { Name: `tag:${role}`, Values: ['', '1'] },
    ],
  });
  const { Subnets: own = [] } =
    ofRole.length > 0
      ? { Subnets: ofRole }
      : await ask('ec2', 'DescribeSubnets', { SubnetIds: [...cluster.subnetIds] });
  const byZone = new Map<string, Place>();
  for (const place of own.map(placeOf).sort((one, other) => (one.id < other.id ? -1 : 1)))
    if (!byZone.has(place.zone)) byZone.set(place.zone, place);
  if (byZone.size === 0) throw new ModelError('unable to resolve at least one subnet', { mayChange: true });
  return [...byZone.values()];
}
