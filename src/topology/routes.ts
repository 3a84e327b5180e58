import { cidrBlock, holds, type Ipv4Block, ipv4Number } from './ipv4.ts';
import type { RouteTableTopology, RouteTarget, RouteTopology, VpcTopology } from './topology.ts';

/** The table by which what comes from a subnet is routed. @throws {Error} the topology has no such subnet or table. */
export function routeTableOf(vpc: VpcTopology, subnetId: string): RouteTableTopology {
  const subnet = vpc.subnets.find(({ id }) => id === subnetId);
  const table = vpc.routeTables.find(({ id }) => id === subnet?.routeTableId);
  if (table === undefined) throw new Error(`No route table for ${subnetId} in the topology of ${vpc.id}`);
  return table;
}

/** The route with the longest prefix that holds the address. */
export function routeFor(table: RouteTableTopology, address: string): RouteTopology | undefined {
  const number = ipv4Number(address);
  let best: { readonly route: RouteTopology; readonly prefixLength: number } | undefined;
  for (const route of table.routes) {
    const block = cidrBlock(route.destination);
    if (holds(block, number) && block.prefixLength > (best?.prefixLength ?? -1)) {
      best = { route, prefixLength: block.prefixLength };
    }
  }
  return best?.route;
}

/** Every address whose winning route leads to a kind of target, as ranges that neither overlap nor touch, in order. */
export function rangesRoutedTo(
  table: RouteTableTopology,
  type: RouteTarget['type'],
): readonly Pick<Ipv4Block, 'first' | 'last'>[] {
  const routes = table.routes
    .map((route) => ({ block: cidrBlock(route.destination), isWanted: route.target.type === type }))
    .sort((one, other) => other.block.prefixLength - one.block.prefixLength);
  const firsts = new Set([0, ...routes.flatMap(({ block }) => [block.first, block.last + 1])]);
  const bounds = [...firsts].sort((one, other) => one - other);
  const ranges: { first: number; last: number }[] = [];
  for (const [index, first] of bounds.entries()) {
    // Between two bounds all addresses have the same route.
    if (!routes.find(({ block }) => holds(block, first))?.isWanted) continue;
    const last = (bounds[index + 1] ?? 2 ** 32) - 1;
    const previous = ranges.at(-1);
    if (previous?.last === first - 1) previous.last = last;
    else ranges.push({ first, last });
  }
  return ranges;
}
