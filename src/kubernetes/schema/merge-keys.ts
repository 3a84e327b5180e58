/**
 * Which lists a strategic merge patch merges, and by which key; all others are replaced. By message and field. An empty
 * key is a list of texts or numbers that is taken as a set. `retainKeys` tells of unions whose other members the patch clears.
 */
export interface MergeRule {
  /** Absent: no list, or one that is replaced. */
  readonly mergeKey?: string;
  readonly retainKeys?: true;
  /** An object that is replaced as a whole. */
  readonly isReplaced?: true;
}

const core = 'k8s.io.api.core.v1';

const conditionsOf = [
  ...['NamespaceStatus', 'NodeStatus', 'PersistentVolumeClaimStatus', 'PodStatus'].map(
    (it) => `${core}.${it}`,
  ),
  ...['ReplicationControllerStatus', 'ServiceStatus'].map((it) => `${core}.${it}`),
  ...['DaemonSetStatus', 'DeploymentStatus', 'ReplicaSetStatus', 'StatefulSetStatus'].map(
    (it) => `k8s.io.api.apps.v1.${it}`,
  ),
  'k8s.io.api.autoscaling.v2.HorizontalPodAutoscalerStatus',
  'k8s.io.api.batch.v1.JobStatus',
  'k8s.io.api.networking.v1.ServiceCIDRStatus',
  'k8s.io.api.policy.v1.PodDisruptionBudgetStatus',
];

const container = {
  ports: 'containerPort',
  env: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
};

const keys: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta': { ownerReferences: 'uid', finalizers: '' },
  [`${core}.PodSpec`]: {
    ...{ volumes: 'name', initContainers: 'name', containers: 'name', ephemeralContainers: 'name' },
    ...{ imagePullSecrets: 'name', hostAliases: 'ip', topologySpreadConstraints: 'topologyKey' },
    ...{ schedulingGates: 'name', resourceClaims: 'name' },
  },
  [`${core}.Container`]: container,
  [`${core}.EphemeralContainerCommon`]: container,
  [`${core}.EphemeralContainer`]: container,
  [`${core}.ServiceSpec`]: { ports: 'port' },
  [`${core}.ServiceAccount`]: { secrets: 'name' },
  [`${core}.NodeSpec`]: { podCIDRs: '' },
  [`${core}.NodeStatus`]: { addresses: 'type' },
  [`${core}.PodStatus`]: { podIPs: 'ip', hostIPs: 'ip', resourceClaimStatuses: 'name' },
  [`${core}.ContainerStatus`]: { volumeMounts: 'mountPath', allocatedResourcesStatus: 'name' },
  'k8s.io.api.storage.v1.CSINodeSpec': { drivers: 'name' },
  'k8s.io.api.resource.v1.ResourceClaimStatus': { reservedFor: 'uid' },
};

const retained = new Set([
  `${core}.PodSpec.volumes`,
  `${core}.PodSpec.resourceClaims`,
  `${core}.PodStatus.resourceClaimStatuses`,
  'k8s.io.api.apps.v1.DeploymentSpec.strategy',
]);
const replaced = new Set(['k8s.io.api.policy.v1.PodDisruptionBudgetSpec.selector']);
const withConditions = new Set(conditionsOf);

export function mergeRuleOf(message: string, field: string): MergeRule {
  const path = `${message}.${field}`;
  const mergeKey =
    keys[message]?.[field] ?? (field === 'conditions' && withConditions.has(message) ? 'type' : undefined);
  return {
    ...(mergeKey !== undefined && { mergeKey }),
    ...(retained.has(path) && { retainKeys: true }),
    ...(replaced.has(path) && { isReplaced: true }),
  };
}
