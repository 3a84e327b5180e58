import { cidrBlock, type InterfaceTopology, ipv4Text, type VpcTopology } from '../../../topology/index.ts';
import { linkName } from '../link-name.ts';
import { chainOf, mapOf, type NftChain, type NftSet, setOf } from './nft-table.ts';
import { type Direction, securityGroupChain } from './security-group-chains.ts';

export function interfaceChain(interfaceId: string, direction: Direction): string {
  return `${direction}_${interfaceId}`;
}

/** Each interface's groups, one after the other; what none of them accepts falls to the base chain's policy. */
export function interfaceChains(vpc: VpcTopology): readonly (readonly [string, NftChain])[] {
  const known = new Set(vpc.securityGroups.map(({ id }) => id));
  return vpc.interfaces.flatMap(({ id, securityGroupIds }) => {
    const groups = securityGroupIds.filter((groupId) => known.has(groupId));
    return (['egress', 'ingress'] as const).map((direction) => {
      const jumps = groups.toSorted().map((groupId) => `jump ${securityGroupChain(groupId, direction)}`);
      return [interfaceChain(id, direction), chainOf(jumps)] as const;
    });
  });
}

export function interfaceSets(vpc: VpcTopology): readonly (readonly [string, NftSet])[] {
  const { interfaces } = vpc;
  const unchecked = interfaces.filter(({ checksSourceAndDestination }) => !checksSourceAndDestination);
  const chainsOf = (direction: Direction) =>
    interfaces.map(({ id }) => [quoted(id), `goto ${interfaceChain(id, direction)}`] as const);
  return [
    [
      'macs',
      setOf(
        'ifname . ether_addr',
        interfaces.map(({ id, macAddress }) => `${quoted(id)} . ${macAddress}`),
      ),
    ],
    ['addresses', setOf('ifname . ipv4_addr', interfaces.flatMap(ownAddresses))],
    [
      'unchecked',
      setOf(
        'ifname',
        unchecked.map(({ id }) => quoted(id)),
      ),
    ],
    ['interface_egress', mapOf('ifname : verdict', chainsOf('egress'))],
    ['interface_ingress', mapOf('ifname : verdict', chainsOf('ingress'))],
  ];
}

/** Of an interface's link, who may say where it is: nobody but itself, also where it forwards for others. */
export function arpSenders({ interfaces }: VpcTopology): NftSet {
  const senders = interfaces.flatMap((networkInterface) =>
    addressesOf(networkInterface).map(
      (address) => `${quoted(networkInterface.id)} . ${networkInterface.macAddress} . ${address}`,
    ),
  );
  return setOf('ifname . ether_addr . ipv4_addr', senders);
}

/** The private addresses of the interfaces that carry a group, for each that is asked for. */
export function memberAddresses(
  { interfaces }: VpcTopology,
  groupIds: Iterable<string>,
): ReadonlyMap<string, NftSet> {
  const members = new Map(Array.from(groupIds, (groupId) => [groupId, [] as string[]]));
  for (const networkInterface of interfaces) {
    for (const groupId of networkInterface.securityGroupIds) {
      members.get(groupId)?.push(...addressesOf(networkInterface));
    }
  }
  return new Map(Array.from(members, ([groupId, addresses]) => [groupId, setOf('ipv4_addr', addresses)]));
}

function ownAddresses(networkInterface: InterfaceTopology): readonly string[] {
  return addressesOf(networkInterface).map((address) => `${quoted(networkInterface.id)} . ${address}`);
}

/** Delegated blocks have 16 addresses: looked up one by one they are as cheap as an address. */
function addressesOf({ addresses, prefixes }: InterfaceTopology): readonly string[] {
  if (prefixes.length === 0) return addresses;
  return [...addresses, ...prefixes.flatMap(addressesIn)];
}

function addressesIn(prefix: string): readonly string[] {
  const { first, last } = cidrBlock(prefix);
  return Array.from({ length: last - first + 1 }, (_, index) => ipv4Text(first + index));
}

function quoted(interfaceId: string): string {
  return `"${linkName(interfaceId)}"`;
}
