import { createHash } from 'node:crypto';
import {
  cidrBlock,
  holdsBlock,
  type InterfaceTopology,
  ipv4Text,
  type RouteTableTopology,
  type RouteTarget,
  type VpcTopology,
} from '../../topology/index.ts';
import { linkName } from './link-name.ts';
import { mainTable } from './netlink/route.ts';
import type { Part, Way } from './parts.ts';

/**
 * In which order the tables of a VPC's router are asked. The main one has what is attached: each interface's addresses
 * by its link, and never anything else. Before it come routes within the VPC that lead elsewhere than straight there,
 * after it all others of the table of the subnet that a packet comes from. An interface that forwards sends packets from
 * anywhere: its link tells its subnet, before any source does. What the router says itself goes straight there.
 */
const priorities = { own: 100, forwarders: 200, detours: 300, attached: 400, subnets: 500 } as const;

const everywhere = '0.0.0.0/0';
/** The main table's default route is the machine's business, and not the VPC's. */
const attached = { type: 'rule', table: mainTable, suppressedPrefixLength: 0 } as const;

export function routingRules(vpc: VpcTopology): Part[] {
  return [
    { ...attached, priority: priorities.own, inLink: 'lo' },
    { ...attached, priority: priorities.attached },
    ...vpc.subnets.flatMap(({ cidr, routeTableId }): Part[] => {
      const { first, prefixLength } = cidrBlock(cidr);
      const from = { type: 'rule', source: { address: ipv4Text(first), prefixLength } } as const;
      const subnets: Part = { ...from, priority: priorities.subnets, table: tableNumber(routeTableId) };
      if (!hasDetours(vpc, routeTableId)) return [subnets];
      return [{ ...from, priority: priorities.detours, table: detoursNumber(routeTableId) }, subnets];
    }),
  ];
}

/** Of an interface whose source/destination check is off: all that its packets are routed by. */
export function forwarderRules(vpc: VpcTopology, each: InterfaceTopology): Part[] {
  const subnet = vpc.subnets.find(({ id }) => id === each.subnetId);
  if (each.checksSourceAndDestination || subnet === undefined) return [];
  const inLink = linkName(each.id);
  const { routeTableId } = subnet;
  const from = { type: 'rule', inLink } as const;
  const rules: Part[] = [
    { ...attached, inLink, priority: priorities.forwarders + 1 },
    { ...from, priority: priorities.forwarders + 2, table: tableNumber(routeTableId) },
  ];
  if (!hasDetours(vpc, routeTableId)) return rules;
  return [{ ...from, priority: priorities.forwarders, table: detoursNumber(routeTableId) }, ...rules];
}

/** @param wayTo Where a target is. */
export function routeTableParts(vpc: VpcTopology, wayTo: (target: RouteTarget) => Way): Part[] {
  return vpc.routeTables.flatMap((table) => {
    const routes = table.routes.map(({ destination, target }): Part => {
      return { type: 'route', table: tableNumber(table.id), destination, way: wayTo(target) };
    });
    const detours = detoursOf(vpc, table).map(({ destination, target }): Part => {
      return { type: 'route', table: detoursNumber(table.id), destination, way: wayTo(target) };
    });
    // Where a table ends nothing else is asked: a forwarded packet's source may be of a subnet with another one.
    const isWhole = table.routes.some(({ destination }) => destination === everywhere);
    const end: Part = {
      type: 'route',
      table: tableNumber(table.id),
      destination: everywhere,
      way: { type: 'blackhole' },
    };
    return [...routes, ...detours, ...(isWhole ? [] : [end])];
  });
}

/** The number of a route table in the kernel: follows from its id, so that it is the same after a restart. */
export function tableNumber(routeTableId: string): number {
  const hash = createHash('sha256').update(routeTableId).digest().readUInt32BE(0);
  return 1_000 + (hash % 2_000_000_000);
}

function detoursNumber(routeTableId: string): number {
  return tableNumber(`${routeTableId}/detours`);
}

/** Routes within the VPC that do not lead straight there: local ones with another target, and more specific ones. */
function detoursOf({ cidrs }: VpcTopology, { routes }: RouteTableTopology): RouteTableTopology['routes'] {
  const blocks = cidrs.map(cidrBlock);
  return routes.filter(({ destination, target }) => {
    const destinationBlock = cidrBlock(destination);
    return target.type !== 'local' && blocks.some((block) => holdsBlock(block, destinationBlock));
  });
}

function hasDetours(vpc: VpcTopology, routeTableId: string): boolean {
  return vpc.routeTables.some((table) => table.id === routeTableId && detoursOf(vpc, table).length > 0);
}
