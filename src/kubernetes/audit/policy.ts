import type { User } from '../authentication/user.ts';
import type { Attributes } from '../authorization/rbac.ts';

/** How much of a request is told. */
export type AuditLevel = 'Metadata' | 'None' | 'Request' | 'RequestResponse';

/** The first rule that is about a request says how much of it is told; what a rule does not say it is about all of. */
interface AuditRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly namespaces?: readonly string[];
  /** `<resource>[/<subresource>]` by their group; undefined: all of a group. */
  readonly resources?: Readonly<Record<string, readonly string[] | undefined>>;
  readonly names?: readonly string[];
  /** Paths that are no resources'; one that ends with `*` is all that begin so. */
  readonly paths?: readonly string[];
}

const system = (name: string): string => `system:${name}`;
/** The groups whose objects are told whole. */
const told = Object.fromEntries(
  [
    ...['', 'admissionregistration.k8s.io', 'apiextensions.k8s.io', 'apiregistration.k8s.io', 'apps'],
    ...['authentication.k8s.io', 'authorization.k8s.io', 'autoscaling', 'batch', 'certificates.k8s.io'],
    ...['extensions', 'metrics.k8s.io', 'networking.k8s.io', 'node.k8s.io', 'policy'],
    ...['rbac.authorization.k8s.io', 'scheduling.k8s.io', 'settings.k8s.io', 'storage.k8s.io'],
  ].map((group) => [group, undefined]),
);

/** As EKS audits: what is secret by its metadata alone, what is frequent not at all, reads without what they show. */
const rules: readonly AuditRule[] = [
  {
    ...{ level: 'RequestResponse', namespaces: ['kube-system'], verbs: ['update', 'patch', 'delete'] },
    ...{ resources: { '': ['configmaps'] }, names: ['aws-auth'] },
  },
  {
    ...{ level: 'None', users: [system('kube-proxy')], verbs: ['watch'] },
    resources: { '': ['endpoints', 'services', 'services/status'] },
  },
  {
    ...{ level: 'None', users: ['kubelet'], verbs: ['get'] },
    resources: { '': ['nodes', 'nodes/status'] },
  },
  {
    ...{ level: 'None', groups: [system('nodes')], verbs: ['get'] },
    resources: { '': ['nodes', 'nodes/status'] },
  },
  {
    level: 'None',
    users: [
      'kube-controller-manager',
      'kube-scheduler',
      'serviceaccount:kube-system:endpoint-controller',
    ].map(system),
    ...{ verbs: ['get', 'update'], namespaces: ['kube-system'], resources: { '': ['endpoints'] } },
  },
  {
    ...{ level: 'None', users: [system('apiserver')], verbs: ['get'] },
    resources: { '': ['namespaces', 'namespaces/status', 'namespaces/finalize'] },
  },
  { level: 'None', paths: ['/healthz*', '/version', '/swagger*'] },
  { level: 'None', resources: { '': ['events'] } },
  {
    ...{ level: 'Request', groups: [system('nodes')], verbs: ['update', 'patch'] },
    resources: { '': ['nodes/status', 'pods/status'] },
  },
  {
    ...{ level: 'Request', users: [system('serviceaccount:kube-system:namespace-controller')] },
    verbs: ['deletecollection'],
  },
  {
    level: 'Metadata',
    resources: {
      '': ['secrets', 'configmaps', 'serviceaccounts/token'],
      'authentication.k8s.io': ['tokenreviews'],
    },
  },
  { level: 'Request', verbs: ['get', 'list', 'watch'], resources: told },
  { level: 'RequestResponse', resources: told },
  { level: 'Metadata' },
];

/** How much is told of a request. @param user Who asks, or in whose name. */
export function auditLevelOf(user: User, asked: Attributes): AuditLevel {
  return rules.find((rule) => isAbout(rule, user, asked))?.level ?? 'None';
}

function isAbout(rule: AuditRule, { username, groups }: User, asked: Attributes): boolean {
  const has = (values: readonly string[] | undefined, value: string): boolean =>
    values === undefined || values.includes(value);
  if (!has(rule.users, username) || !has(rule.verbs, asked.verb)) return false;
  if (rule.groups !== undefined && !rule.groups.some((group) => groups.includes(group))) return false;
  if (!asked.isResource) {
    if (rule.resources !== undefined || rule.namespaces !== undefined) return false;
    return rule.paths === undefined || rule.paths.some((path) => covers(path, asked.path));
  }
  if (rule.paths !== undefined) return false;
  if (!has(rule.namespaces, asked.namespace) || !has(rule.names, asked.name)) return false;
  if (rule.resources === undefined) return true;
  if (!Object.hasOwn(rule.resources, asked.group)) return false;
  const what = asked.subresource === '' ? asked.resource : `${asked.resource}/${asked.subresource}`;
  return has(rule.resources[asked.group], what);
}

const covers = (wanted: string, path: string): boolean =>
  wanted.endsWith('*') ? path.startsWith(wanted.slice(0, -1)) : path === wanted;
