import { authenticatedGroup, mastersGroup } from '../authentication/user.ts';
import type { JsonObject } from '../objects/object.ts';
import { componentBindings, componentClusterRoles, systemRoles } from './component-roles.ts';
import { controllerRoles } from './controller-roles.ts';
import { adminRules, atPaths, editRules, on, type Rule, viewRules } from './rules.ts';

/**
 * The roles that every cluster has from the beginning, and who has them. `admin`, `edit` and `view` are made of others, by
 * labels, so that who brings a kind of his own says what of it each may.
 */
const group = 'rbac.authorization.k8s.io';

const clusterRoles: Readonly<Record<string, readonly Rule[]>> = {
  'cluster-admin': [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ],
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
      ...['/.well-known/openid-configuration', '/.well-known/openid-configuration/'],
      ...['/openid/v1/jwks', '/openid/v1/jwks/'],
    ),
  ],
  'system:public-info-viewer': [atPaths('/healthz', '/livez', '/readyz', '/version', '/version/')],
  ...componentClusterRoles,
};

/** The name of a controller's role, and of the binding by which it has it. */
const roleOfController = (controller: string): string => `system:controller:${controller}`;

const aggregates = (to: string): string => `${group}/aggregate-to-${to}`;

/** What goes into which, and with which rules of its own: the whole of `view` is part of `edit`, and so on. */
const aggregated: readonly {
  readonly name: string;
  readonly partOf?: string;
  readonly own: readonly Rule[];
  readonly rules: readonly Rule[];
}[] = [
  { name: 'admin', own: adminRules, rules: [...adminRules, ...editRules, ...viewRules] },
  { name: 'edit', partOf: 'admin', own: editRules, rules: [...editRules, ...viewRules] },
  { name: 'view', partOf: 'edit', own: viewRules, rules: viewRules },
];

const bindings: readonly (readonly [role: string, kind: 'Group' | 'User', ...names: readonly string[]])[] = [
  ['cluster-admin', 'Group', mastersGroup],
  ['system:basic-user', 'Group', authenticatedGroup],
  ['system:discovery', 'Group', authenticatedGroup],
  ['system:service-account-issuer-discovery', 'Group', 'system:serviceaccounts'],
  ['system:public-info-viewer', 'Group', authenticatedGroup, 'system:unauthenticated'],
  ...componentBindings,
];

const apiVersion = `${group}/v1`;

/** Whoever sets it to `false` keeps a role as he made it. */
export const autoupdate = 'rbac.authorization.kubernetes.io/autoupdate';

const metadata = (name: string, labels: JsonObject = {}): JsonObject => ({
  ...{ name, annotations: { [autoupdate]: 'true' } },
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
});

function role(
  kind: 'ClusterRole' | 'Role',
  name: string,
  rules: readonly Rule[],
  { labels = {}, ...more }: { readonly labels?: JsonObject; readonly aggregationRule?: JsonObject } = {},
): JsonObject {
  const given = rules.map(({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }) => ({
    ...(apiGroups && { apiGroups }),
    ...(nonResourceURLs && { nonResourceURLs }),
    ...(resourceNames && { resourceNames }),
    ...(resources && { resources }),
    verbs,
  }));
  return { apiVersion, kind, metadata: metadata(name, labels), ...more, rules: given };
}

/** What permits pods the roles of their annotations is in their namespace, which a node looks up for them. */
const podRoles = 'eks:pod-roles';

export const bootstrapClusterRoles: readonly JsonObject[] = [
  role('ClusterRole', podRoles, [on(['get'], '', 'namespaces')]),
  ...Object.entries(clusterRoles).map(([name, rules]) => role('ClusterRole', name, rules)),
  ...Object.entries(controllerRoles).map(([name, rules]) =>
    role('ClusterRole', roleOfController(name), rules),
  ),
  ...aggregated.flatMap(({ name, partOf, own, rules }) => [
    role('ClusterRole', name, rules, {
      labels: partOf === undefined ? {} : { [aggregates(partOf)]: 'true' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregates(name)]: 'true' } }] },
    }),
    role('ClusterRole', `system:aggregate-to-${name}`, own, { labels: { [aggregates(name)]: 'true' } }),
  ]),
];

const binding = (name: string, role: string, subjects: readonly JsonObject[]): JsonObject => ({
  ...{ apiVersion, kind: 'ClusterRoleBinding', metadata: metadata(name) },
  roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
  subjects,
});

const named = (kind: 'Group' | 'User', names: readonly string[]): readonly JsonObject[] =>
  names.map((name) => ({ kind, apiGroup: group, name }));

const ofNodes = named('Group', ['system:nodes']);

export const bootstrapClusterRoleBindings: readonly JsonObject[] = [
  ...bindings.map(([name, kind, ...names]) => binding(name, name, named(kind, names))),
  ...Object.keys(controllerRoles).map((name) => {
    const own = roleOfController(name);
    return binding(own, own, [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }]);
  }),
  // What leads services to their endpoints is part of a node, and signs in as the node.
  binding('eks:node-proxier', 'system:node-proxier', ofNodes),
  binding(podRoles, podRoles, ofNodes),
  // So is what carries out their network policies.
  binding('eks:network-policy-controller', 'eks:network-policy-controller', ofNodes),
];

/** In `kube-system`. */
export const bootstrapSystemRoles: readonly JsonObject[] = Object.entries(systemRoles).map(([name, rules]) =>
  role('Role', name, rules),
);
