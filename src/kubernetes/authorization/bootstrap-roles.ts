import type { Json } from '../../store/index.ts';
import { mastersGroup } from '../authentication/user.ts';
import { adminRules, atPaths, editRules, on, type Rule, viewRules } from './rules.ts';

/** The roles that every cluster has from the beginning, and who has them. */

const group = 'rbac.authorization.k8s.io';
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
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': [
    on(['create'], 'certificates.k8s.io', 'certificatesigningrequests/nodeclient'),
  ],
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': [
    on(['create'], 'certificates.k8s.io', 'certificatesigningrequests/selfnodeclient'),
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
