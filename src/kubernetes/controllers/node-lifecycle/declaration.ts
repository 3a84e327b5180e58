import { watching } from '../../../reconcile/index.ts';
import { namespaces, nodeLeases, nodeLeasesKey, nodes } from '../collections.ts';
import type { Controller } from '../controller.ts';
import type { Node } from '../node-fit.ts';
import type { Kept } from '../objects.ts';
import { readyCondition } from './objects.ts';

/** Who of a cluster's nodes lives: a turn on all of them, for how much has failed decides what is done about each. */
export const nodeHealthController: Controller<Kept> = {
  name: 'node-health',
  account: 'node-controller',
  component: 'node-controller',
  collection: namespaces,
  concerns: ({ metadata }) => metadata.name === nodeLeases,
  watches: () => [
    watching<Node>(nodes, ({ key, before, after }) =>
      before !== undefined && after !== undefined && readyOf(before) === readyOf(after)
        ? []
        : [nodeLeasesKey(key)],
    ),
  ],
  load: async () => (await import('./sync.ts')).nodeHealthSync(),
};

const readyOf = (node: Node): string | undefined => readyCondition(node)?.status;

/** The taints by which the conditions of a node keep pods away. */
export const nodeTaintsController: Controller<Node> = {
  name: 'node-taints',
  account: 'node-controller',
  component: 'node-controller',
  collection: nodes,
  watches: () => [],
  load: async () => (await import('./sync.ts')).syncNodeTaints,
};
