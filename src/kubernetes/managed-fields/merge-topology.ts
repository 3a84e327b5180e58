import { extensionsPackage, metaPackage, schemaMessage } from '../schema/messages.ts';
import type { ListKey } from './shape.ts';

/**
 * What of Kubernetes' own kinds merges, as data: which lists have items with names (`name` of a field, or several), which
 * are sets (an empty list of names), and which objects are owned as a whole. Every other list is owned as a whole, every
 * other object by its fields.
 */
const core = 'k8s.io.api.core.v1';
const admission = 'k8s.io.api.admissionregistration.v1';
const batch = 'k8s.io.api.batch.v1';
const flowcontrol = 'k8s.io.api.flowcontrol.v1';
const resource = 'k8s.io.api.resource.v1';
const apiregistration = 'k8s.io.kube_aggregator.pkg.apis.apiregistration.v1';

type Lists = Readonly<Record<string, readonly (string | ListKey)[]>>;

const set: Lists[string] = [];
const name: Lists[string] = ['name'];
const type: Lists[string] = ['type'];
const protocol: ListKey = { name: 'protocol', default: 'TCP' };

const container: Lists = {
  ...{ env: name, ports: ['containerPort', protocol] },
  ...{ volumeDevices: ['devicePath'], volumeMounts: ['mountPath'] },
};
const policyRule: Lists = { apiGroups: set, namespaces: set, resources: set, verbs: set };
const webhook: Lists = { matchConditions: name };

const lists: Readonly<Record<string, Lists>> = {
  [`${metaPackage}.ObjectMeta`]: { ownerReferences: ['uid'], finalizers: set },
  [`${core}.PodSpec`]: {
    ...{ containers: name, initContainers: name, ephemeralContainers: name, volumes: name },
    ...{ imagePullSecrets: name, resourceClaims: name, schedulingGates: name, hostAliases: ['ip'] },
    topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  },
  [`${core}.PodStatus`]: { podIPs: ['ip'], resourceClaimStatuses: name },
  [`${core}.Container`]: container,
  [`${core}.EphemeralContainer`]: container,
  [`${core}.EphemeralContainerCommon`]: container,
  [`${core}.ContainerStatus`]: { volumeMounts: ['mountPath'], allocatedResourcesStatus: name },
  [`${core}.ResourceStatus`]: { resources: ['resourceID'] },
  [`${core}.ResourceRequirements`]: { claims: name },
  [`${core}.ContainerRestartRuleOnExitCodes`]: { values: set },
  [`${core}.ServiceSpec`]: { ports: ['port', protocol] },
  [`${core}.ServiceAccount`]: { secrets: name },
  [`${core}.NodeSpec`]: { podCIDRs: set },
  [`${core}.NodeStatus`]: { addresses: type },
  [`${batch}.PodFailurePolicyOnExitCodesRequirement`]: { values: set },
  [`${batch}.UncountedTerminatedPods`]: { succeeded: set, failed: set },
  [`${admission}.MutatingWebhookConfiguration`]: { webhooks: name },
  [`${admission}.ValidatingWebhookConfiguration`]: { webhooks: name },
  [`${admission}.MutatingWebhook`]: webhook,
  [`${admission}.ValidatingWebhook`]: webhook,
  [`${admission}.ValidatingAdmissionPolicySpec`]: { matchConditions: name, variables: name },
  [`${admission}.MutatingAdmissionPolicySpec`]: { matchConditions: name },
  [`${admission}.ValidatingAdmissionPolicyBindingSpec`]: { validationActions: set },
  'k8s.io.api.discovery.v1.Endpoint': { addresses: set },
  [`${flowcontrol}.ResourcePolicyRule`]: policyRule,
  [`${flowcontrol}.NonResourcePolicyRule`]: { nonResourceURLs: set, verbs: set },
  'k8s.io.api.storage.v1.CSINodeSpec': { drivers: name },
  'k8s.io.api.storage.v1.CSIDriverSpec': { volumeLifecycleModes: set },
  [`${resource}.ResourceClaimStatus`]: {
    devices: ['device', 'driver', 'pool', 'shareID'],
    reservedFor: ['uid'],
  },
  [`${resource}.AllocatedDeviceStatus`]: { conditions: type },
  [`${schemaMessage}`]: { 'x-kubernetes-validations': ['rule'] },
};

/** Whose `conditions` are named by their type. */
const withConditions = new Set([
  ...['NamespaceStatus', 'NodeStatus', 'PersistentVolumeClaimStatus', 'PodStatus', 'ServiceStatus'].map(
    (it) => `${core}.${it}`,
  ),
  ...['ComponentStatus', 'ReplicationControllerStatus'].map((it) => `${core}.${it}`),
  ...['DaemonSetStatus', 'DeploymentStatus', 'ReplicaSetStatus', 'StatefulSetStatus'].map(
    (it) => `k8s.io.api.apps.v1.${it}`,
  ),
  'k8s.io.api.autoscaling.v2.HorizontalPodAutoscalerStatus',
  'k8s.io.api.certificates.v1.CertificateSigningRequestStatus',
  'k8s.io.api.policy.v1.PodDisruptionBudgetStatus',
  ...['FlowSchemaStatus', 'PriorityLevelConfigurationStatus'].map((it) => `${flowcontrol}.${it}`),
  'k8s.io.api.networking.v1.ServiceCIDRStatus',
  `${admission}.ValidatingAdmissionPolicyStatus`,
  `${extensionsPackage}.CustomResourceDefinitionStatus`,
  `${apiregistration}.APIServiceStatus`,
]);

/** Undefined: the list is owned as a whole. Empty: its items are their own names. */
export function listKeysOf(message: string, field: string): readonly ListKey[] | undefined {
  const keys =
    lists[message]?.[field] ?? (field === 'conditions' && withConditions.has(message) ? type : undefined);
  return keys?.map((key) => (typeof key === 'string' ? { name: key } : key));
}

/** Objects that are owned as a whole, wherever they stand. */
const atomicMessages = new Set([
  ...[`${metaPackage}.LabelSelector`, `${metaPackage}.OwnerReference`],
  ...[
    ...['ObjectReference', 'LocalObjectReference', 'TypedLocalObjectReference', 'SecretReference'],
    ...['ConfigMapKeySelector', 'SecretKeySelector', 'FileKeySelector', 'ObjectFieldSelector'],
    ...['ResourceFieldSelector', 'NodeSelector', 'NodeSelectorTerm', 'ScopeSelector'],
    ...['TopologySelectorTerm', 'EndpointAddress', 'EndpointPort'],
  ].map((it) => `${core}.${it}`),
  'k8s.io.api.networking.v1.ServiceBackendPort',
  ...['RoleRef', 'Subject'].map((it) => `k8s.io.api.rbac.v1.${it}`),
  'k8s.io.api.autoscaling.v1.CrossVersionObjectReference',
  ...['MatchResources', 'NamedRuleWithOperations', 'ParamKind', 'ParamRef', 'Variable'].map(
    (it) => `${admission}.${it}`,
  ),
]);

/** Maps of texts that are owned as a whole. */
const atomicMaps = new Set([
  `${core}.PodSpec.nodeSelector`,
  `${core}.ReplicationControllerSpec.selector`,
  `${core}.ServiceSpec.selector`,
  'k8s.io.api.node.v1.Scheduling.nodeSelector',
]);

export const isAtomicMessage = (message: string): boolean => atomicMessages.has(message);
export const isAtomicMap = (message: string, field: string): boolean => atomicMaps.has(`${message}.${field}`);

/** Fields that upstream's programs keep without a pointer: they are there, empty, where nobody said anything. */
const alwaysThere = new Set([
  ...[`${core}.PodSpec.containers`, `${core}.Container.resources`, `${core}.EphemeralContainer.resources`],
  ...[`${core}.PersistentVolumeClaimSpec.resources`, `${core}.PodTemplate.template`],
  ...[`${core}.PodTemplateSpec.metadata`, `${core}.PodTemplateSpec.spec`],
  ...['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'].map(
    (it) => `k8s.io.api.apps.v1.${it}Spec.template`,
  ),
  ...['DaemonSet', 'StatefulSet'].map((it) => `k8s.io.api.apps.v1.${it}Spec.updateStrategy`),
  'k8s.io.api.apps.v1.DeploymentSpec.strategy',
  ...[`${batch}.JobSpec.template`, `${batch}.CronJobSpec.jobTemplate`],
  ...[`${batch}.JobTemplateSpec.metadata`, `${batch}.JobTemplateSpec.spec`],
  ...['involvedObject', 'source'].map((it) => `${core}.Event.${it}`),
]);

export const isAlwaysThere = (message: string, field: string): boolean =>
  alwaysThere.has(`${message}.${field}`);
