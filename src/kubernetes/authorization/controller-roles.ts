import { on, type Rule, read } from './rules.ts';

/** In several groups at a time. */
const within = (
  verbs: readonly string[],
  apiGroups: readonly string[],
  ...resources: readonly string[]
): Rule => ({ verbs: verbs.toSorted(), apiGroups: apiGroups.toSorted(), resources: resources.toSorted() });

const events = within(['create', 'patch', 'update'], ['', 'events.k8s.io'], 'events');
/** Where workloads once were, too. */
const apps = ['apps', 'extensions'];
const certificates = 'certificates.k8s.io';
const signers = (verb: string, ...names: readonly string[]): Rule => ({
  ...on([verb], certificates, 'signers'),
  resourceNames: names.map((name) => `kubernetes.io/${name}`),
});

/** What one owner of pods may do with its own kind. */
const ownerOf = (groups: readonly string[], kind: string, ...verbs: readonly string[]): readonly Rule[] => [
  within(verbs, groups, kind),
  within(['update'], groups, `${kind}/status`),
  within(['update'], groups, `${kind}/finalizers`),
];
const servedPods = within(['create', 'delete', 'list', 'patch', 'watch'], [''], 'pods');

/**
 * By the name of the ServiceAccount in `kube-system` that has it: what upstream lets each controller do, as the ClusterRoles
 * `system:controller:…`. Who runs one of them himself finds its rights there.
 */
export const controllerRoles: Readonly<Record<string, readonly Rule[]>> = {
  'attachdetach-controller': [
    on(['list', 'watch'], '', 'persistentvolumeclaims', 'persistentvolumes'),
    on(read, '', 'nodes'),
    on(['patch', 'update'], '', 'nodes/status'),
    on(['list', 'watch'], '', 'pods'),
    events,
    on(['create', 'delete', ...read], 'storage.k8s.io', 'volumeattachments'),
    on(read, 'storage.k8s.io', 'csidrivers'),
    on(read, 'storage.k8s.io', 'csinodes'),
  ],
  'certificate-controller': [
    on(['delete', ...read], certificates, 'certificatesigningrequests'),
    on(
      ['update'],
      certificates,
      ...['certificatesigningrequests/approval', 'certificatesigningrequests/status'],
    ),
    signers('approve', 'kube-apiserver-client-kubelet'),
    signers(
      'sign',
      ...['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown'],
    ),
    on(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
    events,
  ],
  'clusterrole-aggregation-controller': [
    within(['escalate', ...read, 'patch', 'update'], ['rbac.authorization.k8s.io'], 'clusterroles'),
  ],
  'cronjob-controller': [
    within([...read, 'update'], ['batch'], 'cronjobs'),
    within(['create', 'delete', ...read, 'patch', 'update'], ['batch'], 'jobs'),
    on(['update'], 'batch', 'cronjobs/status'),
    on(['update'], 'batch', 'cronjobs/finalizers'),
    on(['delete', 'list', 'watch'], '', 'pods'),
    events,
  ],
  'daemon-set-controller': [
    ...ownerOf(apps, 'daemonsets', ...read),
    on(['list', 'watch'], '', 'nodes'),
    servedPods,
    on(['create'], '', 'pods/binding'),
    within(['create', 'delete', ...read, 'patch', 'update'], ['apps'], 'controllerrevisions'),
    events,
  ],
  'deployment-controller': [
    ...ownerOf(apps, 'deployments', ...read, 'update'),
    within(['create', 'delete', ...read, 'patch', 'update'], apps, 'replicasets'),
    within([...read, 'update'], [''], 'pods'),
    events,
  ],
  'disruption-controller': [
    within(read, apps, 'deployments'),
    within(read, apps, 'replicasets'),
    on(read, '', 'replicationcontrollers'),
    on(read, 'policy', 'poddisruptionbudgets'),
    on(read, 'apps', 'statefulsets'),
    on(['update'], 'policy', 'poddisruptionbudgets/status'),
    on(['patch', 'update'], '', 'pods/status'),
    on(['get'], '*', '*/scale'),
    events,
  ],
  'endpoint-controller': [
    on(read, '', 'pods', 'services'),
    within(['create', 'delete', ...read, 'update'], [''], 'endpoints'),
    on(['create'], '', 'endpoints/restricted'),
    events,
  ],
  'endpointslice-controller': [
    on(read, '', 'nodes', 'pods', 'services'),
    on(['update'], '', 'services/finalizers'),
    within(['create', 'delete', ...read, 'update'], ['discovery.k8s.io'], 'endpointslices'),
    events,
  ],
  'endpointslicemirroring-controller': [
    on(read, '', 'endpoints', 'services'),
    on(['update'], '', 'services/finalizers'),
    on(['update'], '', 'endpoints/finalizers'),
    within(['create', 'delete', ...read, 'update'], ['discovery.k8s.io'], 'endpointslices'),
    events,
  ],
  'ephemeral-volume-controller': [
    on(read, '', 'pods'),
    on(['update'], '', 'pods/finalizers'),
    on(['create', ...read], '', 'persistentvolumeclaims'),
    events,
  ],
  'expand-controller': [
    within([...read, 'patch', 'update'], [''], 'persistentvolumes'),
    on(['patch', 'update'], '', 'persistentvolumeclaims/status'),
    on(read, '', 'persistentvolumeclaims'),
    events,
    on(['get'], '', 'services'),
  ],
  'generic-garbage-collector': [within(['delete', ...read, 'patch', 'update'], ['*'], '*'), events],
  'horizontal-pod-autoscaler': [
    on(read, 'autoscaling', 'horizontalpodautoscalers'),
    on(['update'], 'autoscaling', 'horizontalpodautoscalers/status'),
    on(['get', 'update'], '*', '*/scale'),
    on(['list', 'watch'], '', 'pods'),
    on(['list', 'watch'], 'metrics.k8s.io', 'pods'),
    on(read, 'custom.metrics.k8s.io', '*'),
    on(read, 'external.metrics.k8s.io', '*'),
    events,
  ],
  'job-controller': [...ownerOf(['batch'], 'jobs', ...read, 'patch', 'update'), servedPods, events],
  'legacy-service-account-token-cleaner': [
    {
      ...on(['get'], '', 'configmaps'),
      resourceNames: ['kube-apiserver-legacy-service-account-token-tracking'],
    },
    on(['delete', 'patch'], '', 'secrets'),
  ],
  'namespace-controller': [
    on(['delete', ...read], '', 'namespaces'),
    on(['update'], '', 'namespaces/finalize', 'namespaces/status'),
    on(['delete', 'deletecollection', ...read], '*', '*'),
  ],
  'node-controller': [
    within(['delete', ...read, 'patch', 'update'], [''], 'nodes'),
    on(['patch', 'update'], '', 'nodes/status'),
    on(['patch', 'update'], '', 'pods/status'),
    on(['delete', ...read], '', 'pods'),
    events,
  ],
  'persistent-volume-binder': [
    within(['create', 'delete', ...read, 'update'], [''], 'persistentvolumes'),
    on(['update'], '', 'persistentvolumes/status'),
    within([...read, 'update'], [''], 'persistentvolumeclaims'),
    on(['update'], '', 'persistentvolumeclaims/status'),
    on(['create', 'delete', ...read], '', 'pods'),
    on(read, 'storage.k8s.io', 'storageclasses'),
    on(['list', 'watch'], '', 'nodes'),
    events,
    on(['watch'], '', 'events'),
    on(['get'], '', 'services'),
  ],
  'pod-garbage-collector': [
    on(['delete', 'list', 'watch'], '', 'pods'),
    on(read, '', 'nodes'),
    on(['patch'], '', 'pods/status'),
  ],
  'pv-protection-controller': [within([...read, 'update'], [''], 'persistentvolumes'), events],
  'pvc-protection-controller': [
    within([...read, 'update'], [''], 'persistentvolumeclaims'),
    on(read, '', 'pods'),
    events,
  ],
  'replicaset-controller': [...ownerOf(apps, 'replicasets', ...read, 'update'), servedPods, events],
  'replication-controller': [
    ...ownerOf([''], 'replicationcontrollers', ...read, 'update'),
    servedPods,
    events,
  ],
  'resource-claim-controller': [
    on(read, '', 'pods'),
    on(['update'], '', 'pods/finalizers'),
    on(['create', 'delete', ...read], 'resource.k8s.io', 'resourceclaims'),
    on(['patch', 'update'], 'resource.k8s.io', 'resourceclaims', 'resourceclaims/status'),
    on(['patch', 'update'], '', 'pods/status'),
    events,
  ],
  'resourcequota-controller': [
    on(['list', 'watch'], '*', '*'),
    on(['update'], '', 'resourcequotas/status'),
    events,
  ],
  'root-ca-cert-publisher': [on(['create', 'update'], '', 'configmaps'), events],
  'route-controller': [on(['list', 'watch'], '', 'nodes'), on(['patch'], '', 'nodes/status'), events],
  'selinux-warning-controller': [
    events,
    on(read, '', 'persistentvolumes'),
    on(read, '', 'persistentvolumeclaims'),
    on(read, '', 'pods'),
    on(read, 'storage.k8s.io', 'csidrivers'),
  ],
  'service-account-controller': [on(['create'], '', 'serviceaccounts'), events],
  'service-cidrs-controller': [
    within([...read, 'patch', 'update'], ['networking.k8s.io'], 'servicecidrs'),
    on(['patch', 'update'], 'networking.k8s.io', 'servicecidrs/finalizers'),
    on(['patch', 'update'], 'networking.k8s.io', 'servicecidrs/status'),
    on(read, 'networking.k8s.io', 'ipaddresses'),
    events,
  ],
  'service-controller': [
    on(read, '', 'services'),
    on(['patch', 'update'], '', 'services/status'),
    on(['list', 'watch'], '', 'nodes'),
    events,
  ],
  'statefulset-controller': [
    on(['list', 'watch'], '', 'pods'),
    ...ownerOf(['apps'], 'statefulsets', ...read),
    within(['create', 'delete', 'get', 'patch', 'update'], [''], 'pods'),
    within(['create', 'delete', ...read, 'patch', 'update'], ['apps'], 'controllerrevisions'),
    on(['create', ...read], '', 'persistentvolumeclaims'),
    on(['delete', 'update'], '', 'persistentvolumeclaims'),
    on(['update'], '', 'pods/finalizers'),
    events,
  ],
  'ttl-after-finished-controller': [on(['delete', ...read], 'batch', 'jobs'), events],
  'ttl-controller': [within(['list', 'patch', 'update', 'watch'], [''], 'nodes'), events],
  'validatingadmissionpolicy-status-controller': [
    on(read, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    on(['get', 'patch', 'update'], 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    events,
  ],
  'volumeattributesclass-protection-controller': [
    on(read, '', 'persistentvolumeclaims'),
    on(read, '', 'persistentvolumes'),
    within([...read, 'update'], ['storage.k8s.io'], 'volumeattributesclasses'),
    events,
  ],
};
