import { cidrBlock, type InterfaceTopology, ipv4Text } from '../../../topology/index.ts';
import { linkName } from '../link-name.ts';
import { chainOf, mapOf, type NftChain, type NftSet, setOf } from './nft-table.ts';
import { remembered } from './remembered.ts';
import { type Direction, securityGroupChain } from './security-group-chains.ts';

/** What all interfaces of a VPC are in the kernel. */
export interface InterfaceParts {
  readonly sets: readonly (readonly [string, NftSet])[];
  readonly chains: readonly (readonly [string, NftChain])[];
  /** Of an interface's link, who may say where it is: nobody but itself, also where it forwards for others. */
  readonly arpSenders: NftSet;
  /** By group, the private addresses of the interfaces that carry it. */
  readonly members: ReadonlyMap<string, NftSet>;
}

export const interfaceParts = remembered((interfaces: readonly InterfaceTopology[]): InterfaceParts => {
  const parts = interfaces.map(partsOf);
  return {
    sets: [
      [
        'macs',
        setOf(
          'ifname . ether_addr',
          parts.map(({ mac }) => mac),
        ),
      ],
      [
        'addresses',
        setOf(
          'ifname . ipv4_addr',
          parts.flatMap(({ owned }) => owned),
        ),
      ],
      [
        'unchecked',
        setOf(
          'ifname',
          parts.flatMap(({ unchecked }) => unchecked),
        ),
      ],
      [
        'interface_egress',
        mapOf(
          'ifname : verdict',
          parts.map(({ egress }) => egress),
        ),
      ],
      [
        'interface_ingress',
        mapOf(
          'ifname : verdict',
          parts.map(({ ingress }) => ingress),
        ),
      ],
    ],
    chains: parts.flatMap(({ chains }) => chains),
    arpSenders: setOf(
      'ifname . ether_addr . ipv4_addr',
      parts.flatMap(({ senders }) => senders),
    ),
    members: membersOf(interfaces),
  };
});

/** One interface's elements of the sets and maps of all, and its own chains. */
const partsOf = remembered((networkInterface: InterfaceTopology) => {
  const { id, macAddress, checksSourceAndDestination, securityGroupIds } = networkInterface;
  const link = `"${linkName(id)}"`;
  const addresses = addressesOf(networkInterface);
  return {
    mac: `${link} . ${macAddress}`,
    owned: addresses.map((address) => `${link} . ${address}`),
    senders: addresses.map((address) => `${link} . ${macAddress} . ${address}`),
    unchecked: checksSourceAndDestination ? [] : [link],
    egress: [link, `goto ${interfaceChain(id, 'egress')}`] as const,
    ingress: [link, `goto ${interfaceChain(id, 'ingress')}`] as const,
    // Each group, one after the other; what none of them accepts falls to the policy of the hook.
    chains: (['egress', 'ingress'] as const).map((direction) => {
      const jumps = securityGroupIds
        .toSorted()
        .map((groupId) => `jump ${securityGroupChain(groupId, direction)}`);
      return [interfaceChain(id, direction), chainOf(jumps)] as const;
    }),
  };
});

function interfaceChain(interfaceId: string, direction: Direction): string {
  return `${direction}_${interfaceId}`;
}

function membersOf(interfaces: readonly InterfaceTopology[]): ReadonlyMap<string, NftSet> {
  const members = new Map<string, string[]>();
  for (const networkInterface of interfaces) {
    for (const groupId of networkInterface.securityGroupIds) {
      const addresses = members.get(groupId) ?? [];
      members.set(groupId, addresses);
      addresses.push(...addressesOf(networkInterface));
    }
  }
  return new Map(Array.from(members, ([groupId, addresses]) => [groupId, setOf('ipv4_addr', addresses)]));
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
