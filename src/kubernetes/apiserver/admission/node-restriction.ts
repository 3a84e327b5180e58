import { type Json, jsonEqual } from '../../../store/index.ts';
import { nodeOf, nodeUserPrefix } from '../../authentication/user.ts';
import { mirrorOf } from '../../objects/mirror-pods.ts';
import { type KubernetesObject, memberOf, textOf } from '../../objects/object.ts';
import { qualifiedName } from '../../schema/catalogue.ts';
import { forbidden } from '../status.ts';
import type { Plugin, Proposed } from './attributes.ts';

const leaseNamespace = 'kube-node-lease';

/** A node writes about itself and about the pods that it runs, so that one that is taken over does not take the others. */
export const nodeRestriction: Plugin = {
  name: 'NodeRestriction',
  handles: ({ by }) => by.user.username.startsWith(nodeUserPrefix),
  validate: (attributes) => {
    const node = nodeOf(attributes.by.user);
    if (node === undefined) return undefined;
    const why = refusalOf(attributes, node);
    if (why !== undefined) throw forbidden(attributes.resource, attributes.name, why);
    return undefined;
  },
};

function refusalOf(attributes: Proposed, node: string): string | undefined {
  const { resource, name, namespace } = attributes;
  switch (qualifiedName(resource)) {
    case 'pods':
      return podRefusal(attributes, node);
    case 'nodes':
      return nodeRefusal(attributes, node);
    case 'leases.coordination.k8s.io':
      if (namespace !== leaseNamespace)
        return `can only access leases in the "${leaseNamespace}" system namespace`;
      return name === node
        ? undefined
        : 'can only access node lease with the same name as the requesting node';
    case 'csinodes.storage.k8s.io':
      return name === node ? undefined : 'can only access CSINode with the same name as the requesting node';
    default:
      return undefined;
  }
}

const isOn = (pod: KubernetesObject | undefined, node: string): boolean =>
  textOf(memberOf(pod, 'spec'), 'nodeName') === node;

const labelsOf = (of: KubernetesObject | undefined): Json => ({ ...of?.metadata.labels });

function podRefusal({ operation, subresource, object, before }: Proposed, node: string): string | undefined {
  const self = 'for pods with spec.nodeName set to itself';
  if (operation === 'DELETE')
    return isOn(before, node)
      ? undefined
      : `node "${node}" can only delete pods with spec.nodeName set to itself`;
  if (operation === 'UPDATE') {
    if (subresource !== 'status') return `node "${node}" can only update pod status`;
    if (!isOn(before, node)) return `node "${node}" can only update pod status ${self}`;
    // By them services and network policies know pods.
    if (!jsonEqual(labelsOf(before), labelsOf(object)))
      return `node "${node}" cannot update labels through pod status`;
    // What mirror pods use is no node's to read: one that is none any more would make it so.
    return mirrorOf(before) === mirrorOf(object)
      ? undefined
      : `node "${node}" cannot update the mirror annotation through pod status`;
  }
  if (mirrorOf(object) === undefined)
    return `pod does not have "kubernetes.io/config.mirror" annotation, node "${node}" can only create mirror pods`;
  return isOn(object, node)
    ? undefined
    : `node "${node}" can only create pods with spec.nodeName set to itself`;
}

function nodeRefusal({ operation, name, object, before }: Proposed, node: string): string | undefined {
  if (name !== node) return `node "${node}" is not allowed to modify node "${name}"`;
  if (operation === 'DELETE') return undefined;
  const taintsOf = (of: KubernetesObject | undefined): Json => memberOf(of, 'spec').taints ?? [];
  if (operation === 'UPDATE' && !jsonEqual(taintsOf(object), taintsOf(before)))
    return `node "${node}" is not allowed to modify taints`;
  const labelOf = (of: KubernetesObject | undefined, key: string): string | undefined =>
    of?.metadata.labels?.[key];
  const keys = Object.keys({ ...object?.metadata.labels, ...before?.metadata.labels });
  const changed = keys.filter(
    (key) =>
      /(^|\.)node-restriction\.kubernetes\.io\//.test(key) && labelOf(object, key) !== labelOf(before, key),
  );
  return changed.length === 0
    ? undefined
    : `is not allowed to modify labels: ${changed.toSorted().join(', ')}`;
}
