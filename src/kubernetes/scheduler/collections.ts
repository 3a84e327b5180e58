import type { Collection } from '../../reconcile/index.ts';
import type { CsiNode } from './volume-objects.ts';

export const csiNodes: Collection<CsiNode> = {
  ...{ service: 'kubernetes', noun: 'csinodes.storage.k8s.io', indexes: {} },
};
