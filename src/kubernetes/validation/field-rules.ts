/**
 * What single fields may hold, by message and field: words that `check-fields.ts` knows. What depends on several fields, or
 * on what was there before, stands with its kind. A message that is `whole` is looked into also where it is absent: upstream
 * has it always.
 *
 * - `required`, `whole`
 * - `A|B`: one of them; `either:A|B`: the same, in the words of kinds that say it so
 * - `min:n`, `range:n..m`, `port`, `mode` (of a file), `percent` (a number or a percentage that is not negative)
 * - `dns-label`, `dns-subdomain`, `label-key`, `config-key`, `port-name`, `port-or-name`, `relative-path`
 */
export type FieldRules = Readonly<Record<string, Readonly<Record<string, string>>>>;

const protocol = 'required SCTP|TCP|UDP';
const count = 'min:0';
const id = 'range:0..2147483647';

const container = {
  ...{ name: 'required dns-label', image: 'required' },
  ...{ imagePullPolicy: 'required Always|IfNotPresent|Never' },
  ...{ terminationMessagePath: 'required', terminationMessagePolicy: 'required FallbackToLogsOnError|File' },
};

const core: FieldRules = {
  Pod: { spec: 'whole' },
  PodTemplate: { template: 'whole' },
  PodTemplateSpec: { spec: 'whole' },
  PodSpec: {
    ...{ containers: 'required', restartPolicy: 'required Always|Never|OnFailure' },
    ...{ dnsPolicy: 'required ClusterFirst|ClusterFirstWithHostNet|Default|None' },
    ...{ activeDeadlineSeconds: 'range:1..2147483647', preemptionPolicy: 'Never|PreemptLowerPriority' },
    ...{ serviceAccountName: 'dns-subdomain', nodeName: 'dns-subdomain', priorityClassName: 'dns-subdomain' },
    ...{ hostname: 'dns-label', subdomain: 'dns-label', runtimeClassName: 'dns-subdomain' },
  },
  TopologySpreadConstraint: {
    ...{ maxSkew: 'min:1', topologyKey: 'required label-key' },
    ...{ whenUnsatisfiable: 'required DoNotSchedule|ScheduleAnyway' },
    ...{ nodeAffinityPolicy: 'Honor|Ignore', nodeTaintsPolicy: 'Honor|Ignore', minDomains: 'min:1' },
  },
  Toleration: {
    ...{ key: 'label-key', operator: 'Equal|Exists' },
    effect: 'NoExecute|NoSchedule|PreferNoSchedule',
  },
  PodAffinityTerm: { topologyKey: 'required label-key' },
  WeightedPodAffinityTerm: { weight: 'range:1..100', podAffinityTerm: 'whole' },
  PreferredSchedulingTerm: { weight: 'range:1..100' },
  PodSchedulingGate: { name: 'required' },
  HostAlias: { ip: 'required' },
  Container: container,
  EphemeralContainer: container,
  ContainerPort: {
    ...{ name: 'port-name', containerPort: 'required port', hostPort: 'port', protocol },
  },
  EnvVar: { name: 'required' },
  ConfigMapKeySelector: { key: 'required config-key' },
  SecretKeySelector: { key: 'required config-key' },
  ObjectFieldSelector: { apiVersion: 'required', fieldPath: 'required' },
  ResourceFieldSelector: { resource: 'required' },
  VolumeMount: {
    ...{ name: 'required', mountPath: 'required' },
    ...{ mountPropagation: 'Bidirectional|HostToContainer|None' },
    recursiveReadOnly: 'Disabled|Enabled|IfPossible',
  },
  VolumeDevice: { name: 'required', devicePath: 'required' },
  Probe: {
    ...{ initialDelaySeconds: count, timeoutSeconds: count, periodSeconds: count },
    ...{ successThreshold: count, failureThreshold: count, terminationGracePeriodSeconds: 'min:1' },
  },
  HTTPGetAction: { path: 'required', port: 'required port-or-name', scheme: 'required HTTP|HTTPS' },
  HTTPHeader: { name: 'required' },
  TCPSocketAction: { port: 'required port-or-name' },
  GRPCAction: { port: 'required port' },
  ExecAction: { command: 'required' },
  Volume: { name: 'required dns-label' },
  SecretVolumeSource: { secretName: 'required', defaultMode: 'mode' },
  ConfigMapVolumeSource: { name: 'required', defaultMode: 'mode' },
  DownwardAPIVolumeSource: { defaultMode: 'mode' },
  DownwardAPIVolumeFile: { path: 'required relative-path', mode: 'mode' },
  ProjectedVolumeSource: { defaultMode: 'mode' },
  KeyToPath: { key: 'required', path: 'required relative-path', mode: 'mode' },
  ServiceAccountTokenProjection: {
    path: 'required relative-path',
    expirationSeconds: 'range:600..4294967296',
  },
  PersistentVolumeClaimVolumeSource: { claimName: 'required' },
  HostPathVolumeSource: {
    path: 'required',
    type: 'BlockDevice|CharDevice|Directory|DirectoryOrCreate|File|FileOrCreate|Socket',
  },
  NFSVolumeSource: { server: 'required', path: 'required' },
  CSIVolumeSource: { driver: 'required' },
  CSIPersistentVolumeSource: { driver: 'required', volumeHandle: 'required' },
  SecurityContext: { runAsUser: id, runAsGroup: id, procMount: 'Default|Unmasked' },
  PodSecurityContext: {
    ...{ runAsUser: id, runAsGroup: id, fsGroup: id, fsGroupChangePolicy: 'Always|OnRootMismatch' },
    ...{ supplementalGroupsPolicy: 'Merge|Strict', seLinuxChangePolicy: 'MountOption|Recursive' },
  },
  SeccompProfile: {
    ...{ type: 'required Localhost|RuntimeDefault|Unconfined', localhostProfile: 'relative-path' },
  },
  AppArmorProfile: { type: 'required Localhost|RuntimeDefault|Unconfined' },
  Sysctl: { name: 'required' },
  Service: { spec: 'whole' },
  ServiceSpec: {
    ...{
      type: 'required ClusterIP|ExternalName|LoadBalancer|NodePort',
      sessionAffinity: 'required ClientIP|None',
    },
    ...{ internalTrafficPolicy: 'Cluster|Local', externalTrafficPolicy: 'Cluster|Local' },
    ...{ ipFamilyPolicy: 'PreferDualStack|RequireDualStack|SingleStack', ipFamilies: 'IPv4|IPv6' },
    trafficDistribution: 'PreferClose|PreferSameNode|PreferSameZone',
  },
  ServicePort: {
    ...{ name: 'dns-label', port: 'required port', protocol, targetPort: 'port-or-name' },
  },
  ClientIPConfig: { timeoutSeconds: 'range:1..86400' },
  ReplicationController: { spec: 'whole' },
  ReplicationControllerSpec: {
    ...{ replicas: count, minReadySeconds: count, selector: 'required', template: 'required' },
  },
  PersistentVolume: { spec: 'whole' },
  PersistentVolumeSpec: {
    volumeMode: 'Block|Filesystem',
    accessModes: 'required ReadOnlyMany|ReadWriteMany|ReadWriteOnce|ReadWriteOncePod',
    persistentVolumeReclaimPolicy: 'Delete|Recycle|Retain',
  },
  PersistentVolumeClaim: { spec: 'whole' },
  PersistentVolumeClaimSpec: {
    ...{ volumeMode: 'Block|Filesystem', storageClassName: 'dns-subdomain' },
    accessModes: 'ReadOnlyMany|ReadWriteMany|ReadWriteOnce|ReadWriteOncePod',
  },
  Taint: { key: 'required label-key', effect: 'required NoExecute|NoSchedule|PreferNoSchedule' },
  EndpointPort: { port: 'required port', protocol },
  EndpointAddress: { ip: 'required' },
};

const workloads: FieldRules = {
  'apps.v1.Deployment': { spec: 'whole' },
  'apps.v1.DeploymentSpec': {
    ...{
      replicas: count,
      minReadySeconds: count,
      revisionHistoryLimit: count,
      progressDeadlineSeconds: count,
    },
    template: 'whole',
  },
  'apps.v1.DeploymentStrategy': { type: 'required Recreate|RollingUpdate' },
  'apps.v1.RollingUpdateDeployment': { maxUnavailable: 'percent', maxSurge: 'percent' },
  'apps.v1.ReplicaSet': { spec: 'whole' },
  'apps.v1.ReplicaSetSpec': { replicas: count, minReadySeconds: count, template: 'whole' },
  'apps.v1.StatefulSet': { spec: 'whole' },
  'apps.v1.StatefulSetSpec': {
    ...{ replicas: count, minReadySeconds: count, revisionHistoryLimit: count, template: 'whole' },
    podManagementPolicy: 'required either:OrderedReady|Parallel',
  },
  'apps.v1.StatefulSetUpdateStrategy': { type: 'required either:RollingUpdate|OnDelete' },
  'apps.v1.RollingUpdateStatefulSetStrategy': { partition: count, maxUnavailable: 'percent' },
  'apps.v1.StatefulSetOrdinals': { start: count },
  'apps.v1.DaemonSet': { spec: 'whole' },
  'apps.v1.DaemonSetSpec': { minReadySeconds: count, revisionHistoryLimit: count, template: 'whole' },
  'apps.v1.DaemonSetUpdateStrategy': { type: 'required OnDelete|RollingUpdate' },
  'apps.v1.RollingUpdateDaemonSet': { maxUnavailable: 'percent', maxSurge: 'percent' },
  'apps.v1.ControllerRevision': { revision: count },
  'batch.v1.Job': { spec: 'whole' },
  'batch.v1.JobSpec': {
    ...{ parallelism: count, completions: count, activeDeadlineSeconds: count, backoffLimit: count },
    ...{ ttlSecondsAfterFinished: count, backoffLimitPerIndex: count, maxFailedIndexes: count },
    ...{ completionMode: 'Indexed|NonIndexed', podReplacementPolicy: 'Failed|TerminatingOrFailed' },
    template: 'whole',
  },
  'batch.v1.PodFailurePolicyRule': { action: 'required Count|FailIndex|FailJob|Ignore' },
  'batch.v1.CronJob': { spec: 'whole' },
  'batch.v1.CronJobSpec': {
    ...{ schedule: 'required', concurrencyPolicy: 'required Allow|Forbid|Replace', jobTemplate: 'whole' },
    ...{ startingDeadlineSeconds: count, successfulJobsHistoryLimit: count, failedJobsHistoryLimit: count },
  },
  'batch.v1.JobTemplateSpec': { spec: 'whole' },
  'autoscaling.v1.HorizontalPodAutoscaler': { spec: 'whole' },
  'autoscaling.v1.HorizontalPodAutoscalerSpec': {
    ...{ minReplicas: 'min:1', maxReplicas: 'required min:1', scaleTargetRef: 'whole' },
    targetCPUUtilizationPercentage: 'min:1',
  },
  'autoscaling.v1.CrossVersionObjectReference': { kind: 'required', name: 'required' },
  'autoscaling.v2.HorizontalPodAutoscaler': { spec: 'whole' },
  'autoscaling.v2.HorizontalPodAutoscalerSpec': {
    ...{ minReplicas: 'min:1', maxReplicas: 'required min:1', scaleTargetRef: 'whole' },
  },
  'autoscaling.v2.CrossVersionObjectReference': { kind: 'required', name: 'required' },
  'autoscaling.v2.MetricSpec': { type: 'required ContainerResource|External|Object|Pods|Resource' },
  'autoscaling.v2.ResourceMetricSource': { name: 'required', target: 'whole' },
  'autoscaling.v2.MetricTarget': {
    type: 'required AverageValue|Utilization|Value',
    averageUtilization: 'min:1',
  },
  'autoscaling.v2.HPAScalingRules': {
    ...{ stabilizationWindowSeconds: 'range:0..3600', selectPolicy: 'Disabled|Max|Min' },
  },
  'autoscaling.v2.HPAScalingPolicy': {
    ...{ type: 'required Percent|Pods', value: 'min:1', periodSeconds: 'range:1..1800' },
  },
  'policy.v1.PodDisruptionBudgetSpec': {
    ...{ minAvailable: 'percent', maxUnavailable: 'percent' },
    unhealthyPodEvictionPolicy: 'AlwaysAllow|IfHealthyBudget',
  },
};

const others: FieldRules = {
  'networking.v1.HTTPIngressPath': {
    pathType: 'required Exact|ImplementationSpecific|Prefix',
    backend: 'whole',
  },
  'networking.v1.HTTPIngressRuleValue': { paths: 'required' },
  'networking.v1.IngressServiceBackend': { name: 'required' },
  'networking.v1.ServiceBackendPort': { number: 'port' },
  'networking.v1.IngressClassParametersReference': {
    ...{ kind: 'required', name: 'required', scope: 'required Cluster|Namespace' },
  },
  'networking.v1.NetworkPolicySpec': { policyTypes: 'Egress|Ingress' },
  'networking.v1.NetworkPolicyPort': { protocol: 'SCTP|TCP|UDP', port: 'port-or-name', endPort: 'port' },
  'networking.v1.IPBlock': { cidr: 'required' },
  'networking.v1.ServiceCIDR': { spec: 'whole' },
  'networking.v1.IPAddress': { spec: 'whole' },
  'networking.v1.IPAddressSpec': { parentRef: 'required' },
  'networking.v1.ParentReference': { resource: 'required', name: 'required' },
  'storage.v1.StorageClass': {
    ...{ provisioner: 'required', reclaimPolicy: 'required Delete|Recycle|Retain' },
    volumeBindingMode: 'required Immediate|WaitForFirstConsumer',
  },
  'storage.v1.CSIDriverSpec': {
    ...{ fsGroupPolicy: 'File|None|ReadWriteOnceWithFSType', volumeLifecycleModes: 'Ephemeral|Persistent' },
  },
  'storage.v1.CSINodeDriver': { name: 'required', nodeID: 'required' },
  'storage.v1.CSIStorageCapacity': { storageClassName: 'required' },
  'storage.v1.VolumeAttachment': { spec: 'whole' },
  'storage.v1.VolumeAttachmentSpec': { attacher: 'required', nodeName: 'required dns-subdomain' },
  'storage.v1.VolumeAttributesClass': { driverName: 'required' },
  'scheduling.v1.PriorityClass': { preemptionPolicy: 'Never|PreemptLowerPriority' },
  'coordination.v1.LeaseSpec': { leaseDurationSeconds: 'min:1', leaseTransitions: count },
  'events.v1.Event': {
    ...{ eventTime: 'required', reportingController: 'required', reportingInstance: 'required' },
    ...{ action: 'required', reason: 'required', type: 'required Normal|Warning' },
  },
  'node.v1.RuntimeClass': { handler: 'required dns-label' },
  'discovery.v1.EndpointSlice': { addressType: 'required FQDN|IPv4|IPv6' },
  'discovery.v1.Endpoint': { addresses: 'required' },
  'discovery.v1.EndpointPort': { protocol: 'SCTP|TCP|UDP', port: 'port' },
  'resource.v1.ResourceSlice': { spec: 'whole' },
  'resource.v1.ResourceSliceSpec': { driver: 'required dns-subdomain', pool: 'whole' },
  'resource.v1.ResourcePool': { name: 'required', resourceSliceCount: 'min:1', generation: count },
  'resource.v1.DeviceRequest': { name: 'required dns-label' },
  'resource.v1.ExactDeviceRequest': {
    ...{ deviceClassName: 'required', allocationMode: 'required All|ExactCount', count: 'min:1' },
  },
};

const packageName = 'k8s.io.api';

/** By the names of messages. */
export const fieldRules: FieldRules = {
  ...Object.fromEntries(
    Object.entries(core).map(([message, fields]) => [`${packageName}.core.v1.${message}`, fields]),
  ),
  ...Object.fromEntries(
    Object.entries({ ...workloads, ...others }).map(([message, fields]) => [
      `${packageName}.${message}`,
      fields,
    ]),
  ),
};

/** The values that a field may have; undefined: it may have others. */
export function valuesOf(message: string, field: string): readonly string[] | undefined {
  const rule = fieldRules[message]?.[field]?.split(' ').find((word) => word.includes('|'));
  return rule
    ?.slice(rule.indexOf(':') + 1)
    .split('|')
    .toSorted();
}
