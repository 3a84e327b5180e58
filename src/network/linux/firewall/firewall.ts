import type { SecurityGroupTopology, VpcTopology } from '../../../topology/index.ts';
import { gatewaySets, natGatewayChains } from './gateway-parts.ts';
import { hookChains, interfaceLinks } from './hook-chains.ts';
import { interfaceParts } from './interface-parts.ts';
import { chainOf, type NftSet, type NftTable, setOf } from './nft-table.ts';
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
  const interfaces = interfaceParts(vpc.interfaces);
  const groups = [...vpc.securityGroups, ...missingGroups(vpc)].map(securityGroupParts);
  const referenced = new Set(groups.flatMap((group) => [...group.referenced]));
  const packets: NftTable = {
    family: 'inet',
    name: 'vpc',
    sets: new Map([
      ...interfaces.sets,
      ...gatewaySets(vpc),
      ...Array.from(referenced, (id) => [membersSet(id), interfaces.members.get(id) ?? nobody] as const),
      ...groups.flatMap(({ sets }) => sets),
    ]),
    chains: new Map([
      ...hookChains,
      ...natGatewayChains(vpc),
      ...interfaces.chains,
      ...groups.flatMap(({ chains }) => chains),
    ]),
  };
  return { tables: [packets, arpTable(interfaces.arpSenders)] };
}

const nobody = setOf('ipv4_addr', []);

/** Chains of interfaces name the chains of all their groups. */
function missingGroups({ interfaces, securityGroups }: VpcTopology): readonly SecurityGroupTopology[] {
  const missing = new Set(interfaces.flatMap(({ securityGroupIds }) => securityGroupIds));
  for (const { id } of securityGroups) missing.delete(id);
  return Array.from(missing, (id) => ({ id, ingress: [], egress: [] }));
}

/** Without it an interface could make the router remember any number of neighbours that do not exist. */
function arpTable(senders: NftSet): NftTable {
  const input = chainOf(
    [`iifname != ${interfaceLinks} accept`, 'iifname . arp saddr ether . arp saddr ip @senders accept'],
    'type filter hook input priority filter; policy drop;',
  );
  return {
    family: 'arp',
    name: 'vpc',
    sets: new Map([['senders', senders]]),
    chains: new Map([['input', input]]),
  };
}
