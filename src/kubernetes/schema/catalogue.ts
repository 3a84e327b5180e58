import type { CustomVersion } from '../custom-resources/custom-version.ts';
import { packageOf } from './messages.ts';
import type { Subresource } from './subresources.ts';
import { compareVersions } from './version-order.ts';

/**
 * Every resource that all clusters serve, as data. Verbs, discovery, storage and shapes follow from it: nothing else
 * knows which kinds there are. A cluster adds its custom resources: see `ClusterCatalogue`.
 */
export interface Resource {
  /** `''` of the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as in paths. */
  readonly name: string;
  readonly singularName: string;
  readonly kind: string;
  readonly listKind: string;
  readonly isNamespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly Subresource[];
  /** Nothing is kept: it is asked and answered by `create`. */
  readonly isReview: boolean;
  /** The message of its kind, e.g. `k8s.io.api.apps.v1.Deployment`; a custom kind has none, it has a schema. */
  readonly message: string;
  /** Absent: Kubernetes has it from the beginning. */
  readonly custom?: CustomVersion;
  /** Absent: it is kept as what it is. */
  readonly storedAs?: StoredAs;
  /** Nothing is kept: it is told of what there is at that moment. */
  readonly isComputed?: true;
}

/** One kind in two versions, or in two groups: it is kept in one of them. */
export interface StoredAs {
  readonly group: string;
  readonly version: string;
  readonly name: string;
}

type Row = readonly [
  groupVersion: string,
  name: string,
  kind: string,
  scope: 'C' | 'N',
  shortNames?: string,
  categories?: string,
  subresources?: string,
];

const ofPods = 'attach binding ephemeralcontainers eviction exec log portforward proxy resize status';

const policyKinds = ['Mutating', 'Validating'].flatMap((word) => [
  [
    `${word.toLowerCase()}admissionpolicies`,
    `${word}AdmissionPolicy`,
    word === 'Validating' ? 'status' : '',
  ] as const,
  [`${word.toLowerCase()}admissionpolicybindings`, `${word}AdmissionPolicyBinding`, ''] as const,
]);

const admissionPolicies: readonly Row[] = policyKinds.map(([name, kind, subresources]) => [
  ...(['admissionregistration.k8s.io/v1', name, kind, 'C', '', 'api-extensions', subresources] as const),
]);

/** In the order in which clients look kinds up. */
const kept: readonly Row[] = [
  ['v1', 'configmaps', 'ConfigMap', 'N', 'cm'],
  ['v1', 'endpoints', 'Endpoints', 'N', 'ep'],
  ['v1', 'events', 'Event', 'N', 'ev'],
  ['v1', 'limitranges', 'LimitRange', 'N', 'limits'],
  ['v1', 'namespaces', 'Namespace', 'C', 'ns', '', 'finalize status'],
  ['v1', 'nodes', 'Node', 'C', 'no', '', 'proxy status'],
  ['v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', 'N', 'pvc', '', 'status'],
  ['v1', 'persistentvolumes', 'PersistentVolume', 'C', 'pv', '', 'status'],
  ['v1', 'pods', 'Pod', 'N', 'po', 'all', ofPods],
  ['v1', 'podtemplates', 'PodTemplate', 'N'],
  ['v1', 'replicationcontrollers', 'ReplicationController', 'N', 'rc', 'all', 'scale status'],
  ['v1', 'resourcequotas', 'ResourceQuota', 'N', 'quota', '', 'status'],
  ['v1', 'secrets', 'Secret', 'N'],
  ['v1', 'serviceaccounts', 'ServiceAccount', 'N', 'sa', '', 'token'],
  ['v1', 'services', 'Service', 'N', 'svc', 'all', 'proxy status'],
  ['apps/v1', 'controllerrevisions', 'ControllerRevision', 'N'],
  ['apps/v1', 'daemonsets', 'DaemonSet', 'N', 'ds', 'all', 'status'],
  ['apps/v1', 'deployments', 'Deployment', 'N', 'deploy', 'all', 'scale status'],
  ['apps/v1', 'replicasets', 'ReplicaSet', 'N', 'rs', 'all', 'scale status'],
  ['apps/v1', 'statefulsets', 'StatefulSet', 'N', 'sts', 'all', 'scale status'],
  ['events.k8s.io/v1', 'events', 'Event', 'N', 'ev'],
  ['autoscaling/v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', 'N', 'hpa', 'all', 'status'],
  ['autoscaling/v1', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', 'N', 'hpa', 'all', 'status'],
  ['batch/v1', 'cronjobs', 'CronJob', 'N', 'cj', 'all', 'status'],
  ['batch/v1', 'jobs', 'Job', 'N', '', 'all', 'status'],
  [
    ...(['certificates.k8s.io/v1', 'certificatesigningrequests', 'CertificateSigningRequest', 'C'] as const),
    ...(['csr', '', 'approval status'] as const),
  ],
  ['networking.k8s.io/v1', 'ingressclasses', 'IngressClass', 'C'],
  ['networking.k8s.io/v1', 'ingresses', 'Ingress', 'N', 'ing', '', 'status'],
  ['networking.k8s.io/v1', 'ipaddresses', 'IPAddress', 'C', 'ip'],
  ['networking.k8s.io/v1', 'networkpolicies', 'NetworkPolicy', 'N', 'netpol'],
  ['networking.k8s.io/v1', 'servicecidrs', 'ServiceCIDR', 'C', '', '', 'status'],
  ['policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget', 'N', 'pdb', '', 'status'],
  ['rbac.authorization.k8s.io/v1', 'clusterrolebindings', 'ClusterRoleBinding', 'C'],
  ['rbac.authorization.k8s.io/v1', 'clusterroles', 'ClusterRole', 'C'],
  ['rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding', 'N'],
  ['rbac.authorization.k8s.io/v1', 'roles', 'Role', 'N'],
  ['storage.k8s.io/v1', 'csidrivers', 'CSIDriver', 'C'],
  ['storage.k8s.io/v1', 'csinodes', 'CSINode', 'C'],
  ['storage.k8s.io/v1', 'csistoragecapacities', 'CSIStorageCapacity', 'N'],
  ['storage.k8s.io/v1', 'storageclasses', 'StorageClass', 'C', 'sc'],
  ['storage.k8s.io/v1', 'volumeattachments', 'VolumeAttachment', 'C', '', '', 'status'],
  ['storage.k8s.io/v1', 'volumeattributesclasses', 'VolumeAttributesClass', 'C', 'vac'],
  [
    ...(['apiextensions.k8s.io/v1', 'customresourcedefinitions', 'CustomResourceDefinition', 'C'] as const),
    ...(['crd crds', 'api-extensions', 'status'] as const),
  ],
  ['apiregistration.k8s.io/v1', 'apiservices', 'APIService', 'C', '', 'api-extensions', 'status'],
  ...admissionPolicies,
  ['admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', 'C'],
  [
    'admissionregistration.k8s.io/v1',
    'validatingwebhookconfigurations',
    'ValidatingWebhookConfiguration',
    'C',
  ],
  ['scheduling.k8s.io/v1', 'priorityclasses', 'PriorityClass', 'C', 'pc'],
  ['coordination.k8s.io/v1', 'leases', 'Lease', 'N'],
  ['node.k8s.io/v1', 'runtimeclasses', 'RuntimeClass', 'C'],
  ['discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice', 'N'],
  ['resource.k8s.io/v1', 'deviceclasses', 'DeviceClass', 'C'],
  ['resource.k8s.io/v1', 'resourceclaims', 'ResourceClaim', 'N', '', '', 'status'],
  ['resource.k8s.io/v1', 'resourceclaimtemplates', 'ResourceClaimTemplate', 'N'],
  ['resource.k8s.io/v1', 'resourceslices', 'ResourceSlice', 'C'],
  ['flowcontrol.apiserver.k8s.io/v1', 'flowschemas', 'FlowSchema', 'C', '', '', 'status'],
  [
    ...(['flowcontrol.apiserver.k8s.io/v1', 'prioritylevelconfigurations'] as const),
    ...(['PriorityLevelConfiguration', 'C', '', '', 'status'] as const),
  ],
];

const reviews: readonly Row[] = [
  ['v1', 'bindings', 'Binding', 'N'],
  ['authentication.k8s.io/v1', 'selfsubjectreviews', 'SelfSubjectReview', 'C'],
  ['authentication.k8s.io/v1', 'tokenreviews', 'TokenReview', 'C'],
  ['authorization.k8s.io/v1', 'localsubjectaccessreviews', 'LocalSubjectAccessReview', 'N'],
  ['authorization.k8s.io/v1', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview', 'C'],
  ['authorization.k8s.io/v1', 'selfsubjectrulesreviews', 'SelfSubjectRulesReview', 'C'],
  ['authorization.k8s.io/v1', 'subjectaccessreviews', 'SubjectAccessReview', 'C'],
];

/** What metrics-server answers in other clusters. */
export const metricsGroup = 'metrics.k8s.io';

const computed: readonly Row[] = [
  ['v1', 'componentstatuses', 'ComponentStatus', 'C', 'cs'],
  [`${metricsGroup}/v1beta1`, 'nodes', 'NodeMetrics', 'C'],
  [`${metricsGroup}/v1beta1`, 'pods', 'PodMetrics', 'N'],
];

const storedElsewhere: Readonly<Record<string, StoredAs>> = {
  'autoscaling/v1/horizontalpodautoscalers': {
    ...{ group: 'autoscaling', version: 'v2', name: 'horizontalpodautoscalers' },
  },
  'events.k8s.io/v1/events': { group: '', version: 'v1', name: 'events' },
};

/** In the order in which clients look a kind up that several groups have. */
const groupOrder = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  metricsGroup,
];

const builtIn: readonly Resource[] = [
  ...kept.map((row) => resourceOf(row, false)),
  ...reviews.map((row) => resourceOf(row, true)),
  ...computed.map((row) => ({ ...resourceOf(row, false), isComputed: true as const })),
];

/** Which resources there are, of all clusters or of one. What it says never changes: another one takes its place. */
export interface Catalogue {
  readonly resources: readonly Resource[];
  /** In the order in which clients look a kind up that several groups have. */
  readonly groups: readonly Group[];
  find(group: string, version: string, name: string): Resource | undefined;
}

/** A group with its versions, the preferred one first. */
export interface Group {
  readonly name: string;
  readonly versions: readonly [GroupVersion, ...GroupVersion[]];
}

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
  /** Sorted by name. */
  readonly resources: readonly Resource[];
}

/** The built-in resources and these besides. @param withoutMetrics Nobody tells what nodes and pods use. */
export function catalogueWith(
  custom: readonly Resource[],
  { withoutMetrics = false }: { readonly withoutMetrics?: boolean } = {},
): Catalogue {
  const own = withoutMetrics ? builtIn.filter(({ group }) => group !== metricsGroup) : builtIn;
  const resources = [...own, ...custom];
  const byPath = new Map(custom.map((it) => [pathOf(it.group, it.version, it.name), it]));
  // What Kubernetes has goes before what somebody else calls the same.
  for (const it of own) byPath.set(pathOf(it.group, it.version, it.name), it);
  const inOrder = groupOrder.filter((name) => !withoutMetrics || name !== metricsGroup);
  const known = new Set(inOrder);
  const others = [...new Set(custom.map(({ group }) => group))].filter((group) => !known.has(group));
  return {
    resources,
    groups: [...inOrder, ...others.toSorted()].map((name) => groupOf(name, resources)),
    find: (group, version, name) => byPath.get(pathOf(group, version, name)),
  };
}

function pathOf(group: string, version: string, name: string): string {
  return `${group}/${version}/${name}`;
}

function groupOf(name: string, resources: readonly Resource[]): Group {
  const own = resources.filter(({ group }) => group === name);
  const [first, ...rest] = [...new Set(own.map(({ version }) => version))]
    .toSorted(compareVersions)
    .map((version) => ({
      ...{ group: name, version },
      resources: own
        .filter((it) => it.version === version)
        .toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    }));
  if (first === undefined) throw new Error(`The group ${name} has no resources`);
  return { name, versions: [first, ...rest] };
}

/** What every cluster serves. */
export const builtInCatalogue: Catalogue = catalogueWith([]);

export function resourceNamed(group: string, name: string): Resource {
  const found = builtIn.find((it) => it.group === group && it.name === name);
  if (found === undefined) throw new Error(`The catalogue has no ${name} in "${group}"`);
  return found;
}

/** One for each kind that is kept, whichever versions it is served in. */
export const storedResources = (catalogue: Catalogue): readonly Resource[] => [
  ...new Map(
    catalogue.resources
      .filter(({ isReview, isComputed, storedAs }) => !isReview && !isComputed && storedAs === undefined)
      // The version in which it is kept comes last, and is the one: nothing has to be converted then.
      .toSorted((one, other) => Number(isAsKept(one)) - Number(isAsKept(other)))
      .map((it) => [qualifiedName(it), it]),
  ).values(),
];

const isAsKept = ({ custom, version }: Resource): boolean => custom?.storageVersion === version;

/** `v1`, `apps/v1`. */
export const apiVersionOf = ({ group, version }: Pick<Resource, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

/** `pods`, `deployments.apps`, as errors name a resource. */
export const qualifiedName = ({ group, name }: Pick<Resource, 'group' | 'name'>): string =>
  group === '' ? name : `${name}.${group}`;

/** The qualified name under which it is kept. */
export const storedName = (resource: Resource): string => qualifiedName(resource.storedAs ?? resource);

/** Sorted, as discovery lists them. */
export function verbsOf({ isReview, isComputed, group, name }: Resource): readonly string[] {
  if (isReview) return ['create'];
  if (isComputed) return ['get', 'list'];
  const all = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
  // Namespaces go one by one: each takes what is in it along.
  return group === '' && name === 'namespaces' ? all.filter((verb) => verb !== 'deletecollection') : all;
}

function resourceOf(row: Row, isReview: boolean): Resource {
  const [groupVersion, name, kind, scope, shortNames = '', categories = '', subresources = ''] = row;
  const slash = groupVersion.indexOf('/');
  const group = slash === -1 ? '' : groupVersion.slice(0, slash);
  const version = groupVersion.slice(slash + 1);
  const storedAs = storedElsewhere[pathOf(group, version, name)];
  return {
    ...(storedAs && { storedAs }),
    ...{ group, version, name, kind, isReview },
    ...{ singularName: kind.toLowerCase(), listKind: `${kind}List` },
    isNamespaced: scope === 'N',
    shortNames: words(shortNames),
    categories: words(categories),
    subresources: words(subresources) as Subresource[],
    message: `${packageOf(group)}.${version}.${kind}`,
  };
}

function words(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ');
}
