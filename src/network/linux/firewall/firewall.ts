import type { VpcTopology } from '../../../topology/index.ts';
import { gatewaySets, natGatewayChains } from './gateway-parts.ts';
import { hookChains, interfaceLinks } from './hook-chains.ts';
import { arpSenders, interfaceChains, interfaceSets, memberAddresses } from './interface-parts.ts';
import { chainOf, type NftTable } from './nft-table.ts';
import { membersSet, securityGroupParts } from './security-group-chains.ts';

/** The tables of one VPC's namespace. */
export interface Firewall {
  readonly tables: readonly NftTable[];
}

/**
 * What the kernel has to know to let pass exactly what `explainPacket` lets pass. It is the same on every machine that
 * has a part of the VPC: interfaces that are elsewhere have names that no link here bears.
 */
export function firewallOf(vpc: VpcTopology): Firewall {
  const groups = vpc.securityGroups.map(securityGroupParts);
  const referenced = new Set(groups.flatMap((group) => [...group.referenced]));
  const members = Array.from(
    memberAddresses(vpc, referenced),
    ([groupId, set]) => [membersSet(groupId), set] as const,
  );
  const packets: NftTable = {
    family: 'inet',
    name: 'vpc',
    sets: new Map([
      ...interfaceSets(vpc),
      ...gatewaySets(vpc),
      ...members,
      ...groups.flatMap(({ sets }) => sets),
    ]),
    chains: new Map([
      ...hookChains,
      ...natGatewayChains(vpc),
      ...interfaceChains(vpc),
      ...groups.flatMap(({ chains }) => chains),
    ]),
  };
  return { tables: [packets, arpTable(vpc)] };
}

/** Without it an interface could make the router remember any number of neighbours that do not exist. */
function arpTable(vpc: VpcTopology): NftTable {
  const input = chainOf(
    [`iifname != ${interfaceLinks} accept`, 'iifname . arp saddr ether . arp saddr ip @senders accept'],
    'type filter hook input priority filter; policy drop;',
  );
  return {
    family: 'arp',
    name: 'vpc',
    sets: new Map([['senders', arpSenders(vpc)]]),
    chains: new Map([['input', input]]),
  };
}
