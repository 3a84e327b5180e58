import type { Node, NodeCondition } from '../node-fit.ts';
import { conditionOf, type Kept } from '../objects.ts';

/** By which a node says that it lives: one of its name in `kube-node-lease`. */
export interface Lease extends Kept {
  readonly spec?: { readonly renewTime?: string };
}

export const notReady = 'node.kubernetes.io/not-ready';
export const unreachable = 'node.kubernetes.io/unreachable';

export const readyCondition = ({ status }: Node): NodeCondition | undefined => conditionOf(status, 'Ready');

/** Nodes of one zone fail together: by region and zone, as its labels say. */
export function zoneOf({ metadata: { labels = {} } }: Node): string {
  const region = labels['topology.kubernetes.io/region'] ?? '';
  const zone = labels['topology.kubernetes.io/zone'] ?? '';
  return `${region}:\0:${zone}`;
}
