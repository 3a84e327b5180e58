import type { NodeInfo } from './node-info.ts';
import type { PlacedNode } from './objects.ts';

export const zoneLabel = 'topology.kubernetes.io/zone';
export const regionLabel = 'topology.kubernetes.io/region';
export const hostnameLabel = 'kubernetes.io/hostname';

/** With its region. */
export function zoneOf(node: PlacedNode | undefined): string {
  const { labels = {} } = node?.metadata ?? {};
  return `${labels[regionLabel] ?? ''}/${labels[zoneLabel] ?? ''}`;
}

/** One of each zone, then the next of each: so that the first nodes that are looked at are of all zones. */
export function inTurns(nodes: readonly NodeInfo[]): readonly NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>();
  for (const info of nodes) {
    if (info.node === undefined) continue;
    const zone = zoneOf(info.node);
    const others = zones.get(zone);
    if (others === undefined) zones.set(zone, [info]);
    else others.push(info);
  }
  const order: NodeInfo[] = [];
  const longest = Math.max(0, ...Array.from(zones.values(), (zone) => zone.length));
  for (let turn = 0; turn < longest; turn++)
    for (const zone of zones.values()) {
      const info = zone[turn];
      if (info !== undefined) order.push(info);
    }
  return order;
}
