import { atPaths, on, type Rule, read } from './rules.ts';

/** Roles of the components that clusters are used to, as upstream has them: what each may do is known before it comes. */
const events: readonly Rule[] = [
  on(['create', 'patch', 'update'], '', 'events'),
  on(['create', 'patch', 'update'], 'events.k8s.io', 'events'),
];
const reviews: readonly Rule[] = [
  on(['create'], 'authentication.k8s.io', 'tokenreviews'),
  on(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
];
const certificates = 'certificates.k8s.io';
const approver = (signerName: string): readonly Rule[] => [
  { ...on(['approve'], certificates, 'signers'), resourceNames: [signerName] },
];
const leaderLease = (name: string): readonly Rule[] => [
  on(['create'], 'coordination.k8s.io', 'leases'),
  { ...on(['get', 'update'], 'coordination.k8s.io', 'leases'), resourceNames: [name] },
];

/** Also what the node authorizer lets nodes do, of their own. */
export const nodeRules: readonly Rule[] = [
  ...reviews,
  on(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews'),
  on(read, '', 'services'),
  on(['create', 'get', 'list', 'watch'], '', 'nodes'),
  on(['patch', 'update'], '', 'nodes/status'),
  on(['patch', 'update'], '', 'nodes'),
  on(['create', 'patch', 'update'], '', 'events'),
  on(read, '', 'pods'),
  on(['create', 'delete'], '', 'pods'),
  on(['patch', 'update'], '', 'pods/status'),
  on(['create'], '', 'pods/eviction'),
  on(read, '', 'configmaps', 'secrets'),
  on(['get'], '', 'persistentvolumeclaims', 'persistentvolumes'),
  on(['get'], '', 'endpoints'),
  on(['create', 'get', 'list', 'watch'], certificates, 'certificatesigningrequests'),
  on(['create', 'delete', 'get', 'patch', 'update'], 'coordination.k8s.io', 'leases'),
  on(['get'], 'storage.k8s.io', 'volumeattachments'),
  on(['create'], '', 'serviceaccounts/token'),
  on(['get', 'patch', 'update'], '', 'persistentvolumeclaims/status'),
  on(read, 'storage.k8s.io', 'csidrivers'),
  on(['create', 'delete', 'get', 'patch', 'update'], 'storage.k8s.io', 'csinodes'),
  on(read, 'node.k8s.io', 'runtimeclasses'),
  on(['get'], 'resource.k8s.io', 'resourceclaims'),
  on(['create', 'deletecollection', ...read, 'update'], 'resource.k8s.io', 'resourceslices'),
];

const schedulerRules: readonly Rule[] = [
  ...events,
  ...leaderLease('kube-scheduler'),
  on(read, '', 'nodes'),
  on(['delete', ...read], '', 'pods'),
  on(['create'], '', 'bindings', 'pods/binding'),
  on(['patch', 'update'], '', 'pods/status'),
  on(read, '', 'replicationcontrollers', 'services'),
  on(read, 'apps', 'replicasets', 'statefulsets'),
  on(read, 'policy', 'poddisruptionbudgets'),
  on(read, '', 'persistentvolumeclaims', 'persistentvolumes', 'namespaces'),
  ...reviews,
  on(read, 'storage.k8s.io', 'csidrivers', 'csinodes', 'csistoragecapacities', 'storageclasses'),
];

export const componentClusterRoles: Readonly<Record<string, readonly Rule[]>> = {
  // What EKS's own controller and the agents of the VPC CNI plugin need to carry out network policies.
  'eks:network-policy-controller': [
    on(read, '', 'namespaces', 'pods'),
    on(read, 'networking.k8s.io', 'networkpolicies'),
  ],
  'system:auth-delegator': reviews,
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': [
    on(['create'], certificates, 'certificatesigningrequests/nodeclient'),
  ],
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': [
    on(['create'], certificates, 'certificatesigningrequests/selfnodeclient'),
  ],
  'system:certificates.k8s.io:kube-apiserver-client-approver': approver(
    'kubernetes.io/kube-apiserver-client',
  ),
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': approver(
    'kubernetes.io/kube-apiserver-client-kubelet',
  ),
  'system:certificates.k8s.io:kubelet-serving-approver': approver('kubernetes.io/kubelet-serving'),
  'system:heapster': [on(read, '', 'events', 'namespaces', 'nodes', 'pods'), on(read, 'apps', 'deployments')],
  'system:kube-aggregator': [on(read, '', 'endpoints', 'services')],
  'system:kube-controller-manager': [
    ...events,
    ...leaderLease('kube-controller-manager'),
    on(['create'], '', 'secrets', 'serviceaccounts'),
    on(['delete'], '', 'secrets'),
    on(['get'], '', 'configmaps', 'namespaces', 'secrets', 'serviceaccounts'),
    on(['update'], '', 'secrets', 'serviceaccounts'),
    ...reviews,
    on(['list', 'watch'], '*', '*'),
    on(['create'], '', 'serviceaccounts/token'),
  ],
  'system:kube-dns': [on(['list', 'watch'], '', 'endpoints', 'services')],
  'system:kube-scheduler': schedulerRules,
  'system:kubelet-api-admin': [
    on(read, '', 'nodes'),
    on(['proxy'], '', 'nodes'),
    on(['*'], '', 'nodes/log', 'nodes/metrics', 'nodes/proxy', 'nodes/stats'),
  ],
  'system:monitoring': [
    atPaths(
      '/healthz',
      '/healthz/*',
      '/livez',
      '/livez/*',
      '/metrics',
      '/metrics/slis',
      '/readyz',
      '/readyz/*',
    ),
  ],
  'system:node': nodeRules,
  'system:node-bootstrapper': [on(['create', ...read], certificates, 'certificatesigningrequests')],
  'system:node-problem-detector': [on(['get'], '', 'nodes'), on(['patch'], '', 'nodes/status'), ...events],
  'system:node-proxier': [
    on(['list', 'watch'], '', 'endpoints', 'services'),
    on(read, '', 'nodes'),
    ...events,
    on(['list', 'watch'], 'discovery.k8s.io', 'endpointslices'),
    on(['list', 'watch'], 'networking.k8s.io', 'servicecidrs'),
  ],
  'system:persistent-volume-provisioner': [
    on(['create', 'delete', ...read], '', 'persistentvolumes'),
    on([...read, 'update'], '', 'persistentvolumeclaims'),
    on(read, 'storage.k8s.io', 'storageclasses'),
    on(['watch'], '', 'events'),
    ...events,
  ],
  'system:volume-scheduler': [
    on([...read, 'patch', 'update'], '', 'persistentvolumes'),
    on(read, 'storage.k8s.io', 'storageclasses'),
    on([...read, 'patch', 'update'], '', 'persistentvolumeclaims'),
  ],
};

/** The users and groups that have them. Nodes have no role: what each may read is its own pods'. */
export const componentBindings: readonly (readonly [
  role: string,
  kind: 'Group' | 'User',
  ...names: readonly string[],
])[] = [
  ['system:kube-controller-manager', 'User', 'system:kube-controller-manager'],
  ['system:kube-scheduler', 'User', 'system:kube-scheduler'],
  ['system:monitoring', 'Group', 'system:monitoring'],
  ['system:node-proxier', 'User', 'system:kube-proxy'],
  ['system:volume-scheduler', 'User', 'system:kube-scheduler'],
];

/** In `kube-system`: how servers that extend the API find out whom to trust. */
export const systemRoles: Readonly<Record<string, readonly Rule[]>> = {
  'extension-apiserver-authentication-reader': [
    { ...on(read, '', 'configmaps'), resourceNames: ['extension-apiserver-authentication'] },
  ],
};
