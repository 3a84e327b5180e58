import { ensured } from '../../kinds/kind.ts';
import { memberOf, textOf } from '../../objects/object.ts';
import type { ObjectsInMemory } from '../../objects/objects-in-memory.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import type { Plugin } from './attributes.ts';

const pods = resourceNamed('', 'pods');
const nodes = resourceNamed('', 'nodes');
const copied = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'];

/**
 * What a pod on a node learns by its own labels, e.g. through the downward API: where the node is (KEP-4742). Of a node that
 * is not there, or that does not say it, nothing.
 */
export function topologyLabels(
  inMemory: ObjectsInMemory,
  nodeName: string,
): Readonly<Record<string, string>> {
  const { labels = {} } = inMemory.get(nodes, undefined, nodeName)?.metadata ?? {};
  return Object.fromEntries(copied.flatMap((key) => (key in labels ? [[key, labels[key] ?? '']] : [])));
}

/** Pods that name their node themselves; those that are bound to one get the same. Others' values are overwritten. */
export const podTopologyLabels = ({ inMemory }: { readonly inMemory: ObjectsInMemory }): Plugin => ({
  name: 'PodTopologyLabels',
  handles: ({ resource, operation, subresource }) =>
    resource === pods && operation === 'CREATE' && subresource === undefined,
  mutate: ({ draft }) => {
    const nodeName = textOf(memberOf(draft ?? {}, 'spec'), 'nodeName');
    if (draft === undefined || nodeName === '') return undefined;
    const labels = topologyLabels(inMemory, nodeName);
    if (Object.keys(labels).length > 0) Object.assign(ensured(draft.metadata, 'labels'), labels);
    return undefined;
  },
});
