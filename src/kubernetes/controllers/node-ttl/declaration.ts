import { watching } from '../../../reconcile/index.ts';
import { namespaces, nodeLeases, nodeLeasesKey, nodes } from '../collections.ts';
import type { Controller } from '../controller.ts';
import type { Node } from '../node-fit.ts';
import type { Kept } from '../objects.ts';
import { ttlAnnotation } from './plan.ts';

/** How long kubelets may use a Secret or ConfigMap before they ask for it again: the longer, the more nodes there are. */
export const nodeTtlController: Controller<Kept> = {
  name: 'node-ttl',
  account: 'ttl-controller',
  component: 'ttl-controller',
  collection: namespaces,
  concerns: ({ metadata }) => metadata.name === nodeLeases,
  watches: () => [
    watching<Node>(nodes, ({ key, before, after }) =>
      before !== undefined && after !== undefined && ttlOf(before) === ttlOf(after)
        ? []
        : [nodeLeasesKey(key)],
    ),
  ],
  load: async () => (await import('./sync.ts')).nodeTtlSync(),
};

const ttlOf = ({ metadata }: Node): string | undefined => metadata.annotations?.[ttlAnnotation];
