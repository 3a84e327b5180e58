/** What carries the network of nodes of Kubernetes: loaded with the first of them. */
export { openClusterDns } from './cluster-dns/open-cluster-dns.ts';
export { KubeProxy } from './kube-proxy/kube-proxy.ts';
export { ApiClient } from './kubelet/api/api-client.ts';
export { nodeInterfaces } from './kubelet/pod-network/node-interfaces.ts';
export { VpcPodNetwork } from './kubelet/pod-network/pod-network.ts';
export { PolicyAgent } from './network-policy/policy-agent.ts';

import { podLabels } from './kubelet/pods/names.ts';

/** By which a sandbox tells whose it is. */
export const podUidLabel = podLabels.uid;
export { openPodIdentityAgent, podIdentityAddress } from './pod-identity/open-agent.ts';
export { metadataAddress, openPodMetadata } from './pod-metadata/open-pod-metadata.ts';
