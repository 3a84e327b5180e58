import type { Service } from '../environment/service-variables.ts';
import type { CsiNode } from '../objects/csi-node.ts';
import type { Event } from '../objects/event.ts';
import type { Lease, Node } from '../objects/node.ts';
import type { KubernetesObject } from '../objects/object.ts';
import type { Pod } from '../objects/pod.ts';
import type { Secret } from '../objects/secret.ts';
import type { ConfigMap, PersistentVolume, PersistentVolumeClaim } from '../objects/stored.ts';

/** Where the objects of one kind are found. `T` is what they are. */
export interface Resource<T extends KubernetesObject> {
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  /** As in paths: plural, lower case. */
  readonly name: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  /** Never there: it only says which objects these are. */
  readonly objects?: T;
}

export const pods: Resource<Pod> = core('pods', 'Pod', true);
export const events: Resource<Event> = core('events', 'Event', true);
export const secrets: Resource<Secret> = core('secrets', 'Secret', true);
export const namespaces: Resource<KubernetesObject> = core('namespaces', 'Namespace', false);
export const nodes: Resource<Node> = core('nodes', 'Node', false);
export const leases: Resource<Lease> = {
  ...{ group: 'coordination.k8s.io', version: 'v1', name: 'leases', kind: 'Lease', isNamespaced: true },
};

export const csiNodes: Resource<CsiNode> = {
  ...{ group: 'storage.k8s.io', version: 'v1', name: 'csinodes', kind: 'CSINode', isNamespaced: false },
};

/** A class names the handler of a node's container runtime that its pods run in. */
export const runtimeClasses: Resource<KubernetesObject & { readonly handler: string }> = {
  ...{
    group: 'node.k8s.io',
    version: 'v1',
    name: 'runtimeclasses',
    kind: 'RuntimeClass',
    isNamespaced: false,
  },
};

export const configMaps: Resource<ConfigMap> = core('configmaps', 'ConfigMap', true);
export const services: Resource<Service> = core('services', 'Service', true);
export const serviceAccounts: Resource<KubernetesObject> = core('serviceaccounts', 'ServiceAccount', true);
export const persistentVolumeClaims: Resource<PersistentVolumeClaim> = core(
  ...(['persistentvolumeclaims', 'PersistentVolumeClaim', true] as const),
);
export const persistentVolumes: Resource<PersistentVolume> = core(
  ...(['persistentvolumes', 'PersistentVolume', false] as const),
);

export function apiVersionOf({ group, version }: Resource<KubernetesObject>): string {
  return group === '' ? version : `${group}/${version}`;
}

function core<T extends KubernetesObject>(name: string, kind: string, isNamespaced: boolean): Resource<T> {
  return { group: '', version: 'v1', name, kind, isNamespaced };
}
