import type { Json } from '../../store/index.ts';
import { mastersGroup } from '../authentication/user.ts';

/** The roles that every cluster has from the beginning, and who has them. */
interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

const group = 'rbac.authorization.k8s.io';
const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

const on = (verbs: readonly string[], apiGroup: string, ...resources: readonly string[]): Rule => ({
  ...{ verbs, apiGroups: [apiGroup], resources },
});
const atPaths = (...nonResourceURLs: readonly string[]): Rule => ({ verbs: ['get'], nonResourceURLs });

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

const viewRules: readonly Rule[] = [
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

const editRules: readonly Rule[] = [
  on(['create'], '', 'serviceaccounts/token'),
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
  on([...read, ...write], 'coordination.k8s.io', 'leases'),
];

const adminRules: readonly Rule[] = [
  on(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews'),
  on([...read, ...write], group, 'rolebindings', 'roles'),
];

const clusterRoles: Readonly<Record<string, readonly Rule[]>> = {
  'cluster-admin': [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ],
  admin: [...viewRules, ...editRules, ...adminRules],
  edit: [...viewRules, ...editRules],
  view: viewRules,
  'system:basic-user': [
    on(['create'], 'authorization.k8s.io', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'),
    on(['create'], 'authentication.k8s.io', 'selfsubjectreviews'),
  ],
  'system:discovery': [
    atPaths(
      ...['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz'],
      ...['/version', '/version/'],
    ),
  ],
  'system:service-account-issuer-discovery': [
    atPaths(
      '/.well-known/openid-configuration',
      '/.well-known/openid-configuration/',
      '/openid/v1/jwks',
      '/openid/v1/jwks/',
    ),
  ],
  'system:public-info-viewer': [atPaths('/healthz', '/livez', '/readyz', '/version', '/version/')],
};

const bindings: readonly (readonly [role: string, ...groups: readonly string[]])[] = [
  ['cluster-admin', mastersGroup],
  ['system:basic-user', 'system:authenticated'],
  ['system:discovery', 'system:authenticated'],
  ['system:service-account-issuer-discovery', 'system:serviceaccounts'],
  ['system:public-info-viewer', 'system:authenticated', 'system:unauthenticated'],
];

const metadata = (name: string): Json => ({
  ...{ name, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' } },
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
});

const apiVersion = `${group}/v1`;

export const bootstrapClusterRoles: readonly Json[] = Object.entries(clusterRoles).map(([name, rules]) => ({
  ...{ apiVersion, kind: 'ClusterRole', metadata: metadata(name) },
  rules: rules as unknown as Json,
}));

export const bootstrapClusterRoleBindings: readonly Json[] = bindings.map(([name, ...groups]) => ({
  ...{ apiVersion, kind: 'ClusterRoleBinding', metadata: metadata(name) },
  roleRef: { apiGroup: group, kind: 'ClusterRole', name },
  subjects: groups.map((it) => ({ kind: 'Group', apiGroup: group, name: it })),
}));
