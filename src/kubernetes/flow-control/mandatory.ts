import type { JsonObject } from '../objects/object.ts';

/** With it upstream marks what it keeps as it is; whoever sets it to `false` keeps his own. */
export const autoUpdateAnnotation = 'apf.kubernetes.io/autoupdate-spec';

/** What a cluster has of a kind: its name, and what it says. */
export interface NamedSpec {
  readonly name: string;
  readonly spec: JsonObject;
}

const all = ['*'];
const everything = {
  resourceRules: [{ verbs: all, apiGroups: all, resources: all, namespaces: all, clusterScope: true }],
  nonResourceRules: [{ verbs: all, nonResourceURLs: all }],
};
const groups = (...names: readonly string[]) => names.map((name) => ({ kind: 'Group', group: { name } }));
const users = (...names: readonly string[]) => names.map((name) => ({ kind: 'User', user: { name } }));
const systemAccount = (name: string) => ({
  ...{ kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name } },
});
const everybody = groups('system:unauthenticated', 'system:authenticated');

interface SchemaText {
  readonly level: string;
  readonly precedence: number;
  readonly by?: 'ByNamespace' | 'ByUser';
  readonly subjects: readonly JsonObject[];
  readonly rules?: JsonObject;
}

const schema = (name: string, { level, precedence, by, subjects, rules }: SchemaText): NamedSpec => ({
  name,
  spec: {
    ...{ priorityLevelConfiguration: { name: level }, matchingPrecedence: precedence },
    ...(by !== undefined && { distinguisherMethod: { type: by } }),
    rules: [{ subjects, ...(rules ?? everything) }],
  },
});

const resources = (
  verbs: readonly string[],
  group: string,
  names: readonly string[],
  namespaces: readonly string[] = all,
): JsonObject => ({ verbs, apiGroups: [group], resources: names, namespaces });
const elected = ['get', 'create', 'update'];
const leases = resources(elected, 'coordination.k8s.io', ['leases']);

/** Without these a request might match nothing: they can't be changed, and come back when they are deleted. */
export const mandatorySchemas: readonly NamedSpec[] = [
  schema('exempt', { level: 'exempt', precedence: 1, subjects: groups('system:masters') }),
  schema('catch-all', { level: 'catch-all', precedence: 10_000, by: 'ByUser', subjects: everybody }),
];

/** What upstream suggests: the words of `kubectl get flowschemas` in every cluster. */
export const suggestedSchemas: readonly NamedSpec[] = [
  schema('probes', {
    ...{ level: 'exempt', precedence: 2, subjects: everybody },
    rules: { nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] },
  }),
  schema('system-leader-election', {
    ...{ level: 'leader-election', precedence: 100, by: 'ByUser' },
    subjects: [...users('system:kube-controller-manager', 'system:kube-scheduler'), systemAccount('*')],
    rules: {
      resourceRules: [resources(elected, '', ['endpoints', 'configmaps'], ['kube-system']), leases],
    },
  }),
  schema('endpoint-controller', {
    ...{ level: 'workload-high', precedence: 150, by: 'ByUser' },
    subjects: [
      ...users('system:kube-controller-manager'),
      ...['endpoint-controller', 'endpointslicemirroring-controller'].map(systemAccount),
    ],
    rules: { resourceRules: [resources(elected, '', ['endpoints'])] },
  }),
  schema('workload-leader-election', {
    ...{ level: 'leader-election', precedence: 200, by: 'ByUser', subjects: [systemAccount('*')] },
    rules: { resourceRules: [resources(elected, '', ['endpoints', 'configmaps']), leases] },
  }),
  schema('system-node-high', {
    ...{ level: 'node-high', precedence: 400, by: 'ByUser', subjects: groups('system:nodes') },
    rules: {
      resourceRules: [
        { ...resources(all, '', ['nodes', 'nodes/status']), clusterScope: true },
        resources(all, 'coordination.k8s.io', ['leases']),
      ],
    },
  }),
  schema('system-nodes', {
    ...{ level: 'system', precedence: 500, by: 'ByUser', subjects: groups('system:nodes') },
  }),
  ...['kube-controller-manager', 'kube-scheduler'].map((name) =>
    schema(name, {
      ...{ level: 'workload-high', precedence: 800, by: 'ByNamespace', subjects: users(`system:${name}`) },
    }),
  ),
  schema('kube-system-service-accounts', {
    ...{ level: 'workload-high', precedence: 900, by: 'ByNamespace', subjects: [systemAccount('*')] },
  }),
  schema('service-accounts', {
    ...{ level: 'workload-low', precedence: 9_000, by: 'ByUser' },
    subjects: groups('system:serviceaccounts'),
  }),
  schema('global-default', {
    ...{ level: 'global-default', precedence: 9_900, by: 'ByUser', subjects: everybody },
  }),
];

const queued = (
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  [queues, handSize]: readonly [number, number],
): NamedSpec => ({
  name,
  spec: {
    type: 'Limited',
    limited: {
      ...{ nominalConcurrencyShares, lendablePercent },
      limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } },
    },
  },
});

export const mandatoryLevels: readonly NamedSpec[] = [
  {
    name: 'exempt',
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  {
    name: 'catch-all',
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
    },
  },
];

export const suggestedLevels: readonly NamedSpec[] = [
  queued('system', 30, 33, [64, 6]),
  queued('node-high', 40, 25, [64, 6]),
  queued('leader-election', 10, 0, [16, 4]),
  queued('workload-high', 40, 50, [128, 6]),
  queued('workload-low', 100, 90, [128, 6]),
  queued('global-default', 20, 50, [128, 6]),
];
