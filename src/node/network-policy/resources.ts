import type { Resource } from '../kubelet/api/resources.ts';
import type { KubernetesObject } from '../kubelet/objects/object.ts';
import type { NetworkPolicy, PolicyPod } from './objects.ts';

export const networkPolicies: Resource<NetworkPolicy> = {
  ...{ group: 'networking.k8s.io', version: 'v1', name: 'networkpolicies', kind: 'NetworkPolicy' },
  isNamespaced: true,
};
export const namespaces: Resource<KubernetesObject> = {
  ...{ group: '', version: 'v1', name: 'namespaces', kind: 'Namespace', isNamespaced: false },
};
export const pods: Resource<PolicyPod> = {
  ...{ group: '', version: 'v1', name: 'pods', kind: 'Pod', isNamespaced: true },
};
