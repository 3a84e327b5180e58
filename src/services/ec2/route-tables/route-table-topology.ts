import { isDeepStrictEqual } from 'node:util';
import type { RouteTableTopology, RouteTarget, RouteTopology } from '../../../topology/index.ts';
import type { PrefixListRecord, RouteRecord, RouteTableRecord } from '../records.ts';
import { routesOf } from './table-routes.ts';

/** What a table's routes depend on besides the table. */
export interface RouteFacts {
  /** The VPC's blocks. */
  readonly cidrs: readonly string[];
  /** See `isTargetAvailable`. */
  readonly isAvailable: (target: RouteRecord['target']) => boolean;
  readonly prefixListOf: (id: string) => PrefixListRecord | undefined;
}

const made = new WeakMap<RouteTableRecord, RouteTableTopology>();

/**
 * Where a table sends packets. The same object again for the same record as long as it says the same.
 *
 * A prefix list is a route for each of its blocks; one whose block has a route of its own is left to that one.
 */
export function routeTableTopology(record: RouteTableRecord, facts: RouteFacts): RouteTableTopology {
  const all = routesOf(record, facts.cidrs);
  const routes = new Map<string, RouteTopology>();
  const add = (destination: string, target: RouteTarget) => {
    if (!routes.has(destination)) routes.set(destination, Object.freeze({ destination, target }));
  };
  for (const { destination, target } of all) {
    if (!destination.startsWith('pl-')) add(destination, targetOf(target, facts));
  }
  for (const { destination, target } of all) {
    if (!destination.startsWith('pl-')) continue;
    const list = facts.prefixListOf(destination);
    if (list?.addressFamily !== 'IPv4') continue;
    for (const { cidr } of list.entries) add(cidr, targetOf(target, facts));
  }
  const topology = Object.freeze({ id: record.id, routes: Object.freeze([...routes.values()]) });
  const before = made.get(record);
  if (before !== undefined && isDeepStrictEqual(before, topology)) return before;
  made.set(record, topology);
  return topology;
}

function targetOf(target: RouteRecord['target'], { isAvailable }: RouteFacts): RouteTarget {
  if (!isAvailable(target)) return { type: 'blackhole' };
  const { type, id = '' } = target;
  switch (type) {
    case 'local':
    case 'internet-gateway':
      return { type };
    case 'nat-gateway':
    case 'network-interface':
      return { type, id };
  }
}
