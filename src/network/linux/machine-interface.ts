import { createHash } from 'node:crypto';
import { type InterfaceTopology, routerOf, type VpcTopology } from '../../topology/index.ts';
import { machineLinkName } from './link-name.ts';
import type { Part } from './parts.ts';
import { machineInterfaces } from './router-parts.ts';
import { routerMac } from './sandbox-link.ts';

/**
 * An interface of a VPC that is the machine's own. Its addresses are the machine's beside those that it has; what is sent
 * from one of them goes to the VPC's router, by a table that no other packet asks. So whoever asks an address is answered
 * by the same way, and the machine's own ways to other networks stay what they are, whatever blocks the VPC has.
 */
export interface MachineInterface {
  readonly id: string;
  readonly addresses: readonly string[];
  readonly router: string;
  readonly routerMac: string;
}

/** Those that a VPC has on this machine. */
export function machineInterfacesOf(vpc: VpcTopology, machineId: string | undefined): MachineInterface[] {
  return machineInterfaces(vpc, machineId).flatMap((each: InterfaceTopology) => {
    const subnet = vpc.subnets.find(({ id }) => id === each.subnetId);
    if (subnet === undefined) return [];
    return [
      {
        ...{ id: each.id, addresses: each.addresses },
        ...{ router: routerOf(subnet.cidr), routerMac: routerMac(each) },
      },
    ];
  });
}

/** @param priority Of rules: see `rulePriority`. */
export function partsOfMachineInterface(
  { id, addresses, router, routerMac: macAddress }: MachineInterface,
  priority: number,
): Part[] {
  const link = machineLinkName(id);
  const table = tableOf(link);
  return [
    { type: 'neighbour', of: 'arp', link, address: router, macAddress },
    { type: 'route', table, destination: '0.0.0.0/0', way: { type: 'link', link, gateway: router } },
    ...addresses.flatMap((address): Part[] => [
      { type: 'address', link, address, prefixLength: 32 },
      { type: 'rule', priority, table, source: { address, prefixLength: 32 } },
    ]),
  ];
}

/** An installation's rules have a priority of their own, before that of the machine's main table (32766). */
export function rulePriority(installationId: string): number {
  return 20_000 + (numberOf(installationId) % 10_000);
}

/** A table for each link of the kind: far above those that anybody numbers by hand. */
export function tableOf(linkName: string): number {
  return 1_000_000_000 + (numberOf(linkName) % 1_000_000_000);
}

function numberOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}
