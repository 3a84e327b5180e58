/** What may be done, as roles of RBAC say it. */
export interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

export const on = (verbs: readonly string[], apiGroup: string, ...resources: readonly string[]): Rule => ({
  ...{ verbs, apiGroups: [apiGroup], resources },
});
export const atPaths = (...nonResourceURLs: readonly string[]): Rule => ({ verbs: ['get'], nonResourceURLs });

const workloads = [
  'daemonsets',
  'deployments',
  'deployments/scale',
  'replicasets',
  'replicasets/scale',
  'statefulsets',
  'statefulsets/scale',
];
const statuses = ['daemonsets/status', 'deployments/status', 'replicasets/status', 'statefulsets/status'];

/** What namespaces hold, without their secrets and roles. */
export const viewRules: readonly Rule[] = [
  on(
    read,
    '',
    ...['bindings', 'configmaps', 'endpoints', 'events', 'limitranges', 'namespaces', 'namespaces/status'],
    ...['persistentvolumeclaims', 'persistentvolumeclaims/status', 'pods', 'pods/log', 'pods/status'],
    ...['replicationcontrollers', 'replicationcontrollers/scale', 'replicationcontrollers/status'],
    ...['resourcequotas', 'resourcequotas/status', 'serviceaccounts', 'services', 'services/status'],
  ),
  on(read, 'discovery.k8s.io', 'endpointslices'),
  on(read, 'apps', 'controllerrevisions', ...workloads, ...statuses),
  on(read, 'autoscaling', 'horizontalpodautoscalers', 'horizontalpodautoscalers/status'),
  on(read, 'batch', 'cronjobs', 'cronjobs/status', 'jobs', 'jobs/status'),
  on(read, 'policy', 'poddisruptionbudgets', 'poddisruptionbudgets/status'),
  on(read, 'networking.k8s.io', 'ingresses', 'ingresses/status', 'networkpolicies'),
];

/** What of it may be changed, and the secrets. */
export const changeRules: readonly Rule[] = [
  on(read, '', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy'),
  on(['impersonate'], '', 'serviceaccounts'),
  on(write, '', 'pods', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'),
  on(
    write,
    '',
    ...['configmaps', 'events', 'persistentvolumeclaims', 'replicationcontrollers'],
    ...['replicationcontrollers/scale', 'secrets', 'serviceaccounts', 'services', 'services/proxy'],
  ),
  on(write, 'apps', ...workloads, 'deployments/rollback'),
  on(write, 'autoscaling', 'horizontalpodautoscalers'),
  on(write, 'batch', 'cronjobs', 'jobs'),
  on(write, 'policy', 'poddisruptionbudgets'),
  on(write, 'networking.k8s.io', 'ingresses', 'networkpolicies'),
];

/** As the ClusterRole `edit` has it; EKS's policy of that name has less. */
export const editRules: readonly Rule[] = [
  ...changeRules,
  on(['create'], '', 'pods/eviction', 'serviceaccounts/token'),
  on([...read, ...write], 'coordination.k8s.io', 'leases'),
];

/** Who may do what in a namespace. */
export const adminRules: readonly Rule[] = [
  on(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews'),
  on([...read, ...write], 'rbac.authorization.k8s.io', 'rolebindings', 'roles'),
];
