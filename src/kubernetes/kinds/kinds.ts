import { type Json, jsonEqual } from '../../store/index.ts';
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../apiserver/status.ts';
import { accountNameAnnotation, tokenSecretType } from '../authentication/service-accounts/token-secrets.ts';
import { customKind } from '../custom-resources/custom-kind.ts';
import { customResourceDefinition } from '../custom-resources/definition-kind.ts';
import { copyOf, isJsonObject, type KubernetesObject, listOf, memberOf, textOf } from '../objects/object.ts';
import { apiVersionOf, qualifiedName, type Resource } from '../schema/catalogue.ts';
import { namePatterns, wordsAgainst } from '../validation/name-forms.ts';
import { podSpecErrors } from '../validation/pod-errors.ts';
import {
  mutatingAdmissionPolicy,
  mutatingAdmissionPolicyBinding,
  validatingAdmissionPolicy,
  validatingAdmissionPolicyBinding,
} from './admission-policies.ts';
import { apiService } from './api-service.ts';
import { horizontalPodAutoscaler, horizontalPodAutoscalerV1 } from './autoscaling.ts';
import { certificateSigningRequest } from './certificate-signing-request.ts';
import { event, newerEvent } from './events.ts';
import { flowSchema, priorityLevelConfiguration } from './flow-control.ts';
import { immutableErrors } from './immutable.ts';
import { ensured, itemsOf, type Kind, setDefaults } from './kind.ts';
import { networkPolicy } from './network-policy.ts';
import { endpointSlice, endpoints, ingress, ingressClass, ipAddress, service } from './networking.ts';
import { pod } from './pod.ts';
import { podSpecDefaults } from './pod-defaults.ts';
import { limitRange, resourceQuota } from './quotas.ts';
import { serviceCidr } from './service-cidr.ts';
import {
  csiDriver,
  csiStorageCapacity,
  persistentVolume,
  persistentVolumeClaim,
  storageClass,
  volumeAttachment,
  volumeAttributesClass,
} from './storage.ts';
import { mutatingWebhookConfiguration, validatingWebhookConfiguration } from './webhook-configurations.ts';
import {
  cronJob,
  daemonSet,
  deployment,
  job,
  replicaSet,
  replicationController,
  statefulSet,
} from './workloads.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

const namespace: Kind = {
  names: 'dns-label',
  answersDeleted: true,
  onCreate: (draft) => {
    draft.spec = { finalizers: ['kubernetes'] };
    draft.status = { phase: 'Active' };
  },
  defaults: (draft) => {
    ensured(draft.metadata, 'labels')['kubernetes.io/metadata.name'] = draft.metadata.name;
  },
};

/** What data may not do once it is immutable. */
function frozenErrors(
  object: KubernetesObject,
  before: KubernetesObject | undefined,
  fields: readonly string[],
) {
  if (before?.immutable !== true) return [];
  const frozen = 'field is immutable when `immutable` is set';
  const errors: FieldError[] = [];
  if (object.immutable !== true) errors.push(forbiddenField('immutable', frozen));
  for (const field of fields)
    if (!jsonEqual(memberOf(object, field), memberOf(before, field)))
      errors.push(forbiddenField(field, frozen));
  return errors;
}

function dataErrors(object: KubernetesObject, fields: readonly string[]): readonly FieldError[] {
  return fields.flatMap((field) =>
    Object.keys(memberOf(object, field)).flatMap((key) =>
      wordsAgainst(namePatterns['config-key'], key).map((words) =>
        invalidValue(`${field}[${key}]`, key, words),
      ),
    ),
  );
}

const configMap: Kind = {
  validate: (object, before) => [
    ...dataErrors(object, ['data', 'binaryData']),
    ...frozenErrors(object, before, ['data', 'binaryData']),
  ],
};

const secret: Kind = {
  defaults: (draft) => {
    setDefaults(draft, { type: 'Opaque' });
    if (draft.stringData === undefined) return;
    const data = ensured(draft, 'data');
    for (const [key, text] of Object.entries(ensured(draft, 'stringData')))
      data[key] = Buffer.from(String(text)).toString('base64');
    delete draft.stringData;
  },
  validate: (object, before) => [
    ...dataErrors(object, ['data']),
    ...(textOf(object, 'type') === tokenSecretType &&
    (object.metadata.annotations?.[accountNameAnnotation] ?? '') === ''
      ? [required(`metadata.annotations[${accountNameAnnotation}]`)]
      : []),
    ...(before !== undefined && textOf(object, 'type') !== textOf(before, 'type')
      ? [invalidValue('type', textOf(object, 'type'), 'field is immutable')]
      : []),
    ...frozenErrors(object, before, ['data']),
  ],
};

/** @param kinds Of the roles that it may bind. */
const roleBinding = (...kinds: readonly string[]): Kind => ({
  names: 'path-segment',
  createsOnUpdate: true,
  defaults: (draft) => {
    setDefaults(ensured(draft, 'roleRef'), { apiGroup: rbacGroup });
    for (const subject of itemsOf(draft, 'subjects'))
      if (subject.kind !== 'ServiceAccount') setDefaults(subject, { apiGroup: rbacGroup });
  },
  validate: (object, before) => {
    const role = memberOf(object, 'roleRef');
    const errors: FieldError[] = [];
    if (textOf(role, 'apiGroup') !== rbacGroup)
      errors.push(notSupported('roleRef.apiGroup', textOf(role, 'apiGroup'), [rbacGroup]));
    if (!kinds.includes(textOf(role, 'kind')))
      errors.push(notSupported('roleRef.kind', textOf(role, 'kind'), kinds));
    if (textOf(role, 'name') === '') errors.push(required('roleRef.name'));
    for (const [index, subject] of listOf(object, 'subjects').entries())
      if (!isJsonObject(subject) || textOf(subject, 'name') === '')
        errors.push(required(`subjects[${index}].name`));
    if (before !== undefined && !jsonEqual(role, memberOf(before, 'roleRef')))
      errors.push(invalidValue('roleRef', role, 'cannot change roleRef'));
    return errors;
  },
});

const role: Kind = {
  names: 'path-segment',
  createsOnUpdate: true,
  validate: (object) =>
    listOf(object, 'rules').flatMap((rule, index) =>
      isJsonObject(rule) && listOf(rule, 'verbs').length > 0
        ? []
        : [required(`rules[${index}].verbs`, 'verbs must contain at least one value')],
    ),
};

const mostPriority = 1_000_000_000;

const priorityClass: Kind = {
  hasGeneration: true,
  defaults: (draft) => setDefaults(draft, { preemptionPolicy: 'PreemptLowerPriority' }),
  validate: (object, before) => {
    const { name } = object.metadata;
    if (before !== undefined)
      return [
        ...(object.value === before.value
          ? []
          : [forbiddenField('value', 'may not be changed in an update.')]),
        ...immutableErrors(object, before, ['preemptionPolicy']),
      ];
    if (keptPriorities.has(name) || Number(object.value) <= mostPriority)
      return name.startsWith('system-') && !keptPriorities.has(name)
        ? [
            forbiddenField(
              'metadata.name',
              "priority class names with 'system-' prefix are reserved for system use only",
            ),
          ]
        : [];
    return [forbiddenField('value', `maximum allowed value of a user defined priority is ${mostPriority}`)];
  },
};

/** Every cluster has them. */
const keptPriorities = new Set(['system-cluster-critical', 'system-node-critical']);

const podDisruptionBudget: Kind = {
  ...{ hasGeneration: true, needsVersionForUpdate: true },
  validate: (object) => {
    const { minAvailable, maxUnavailable } = memberOf(object, 'spec');
    return minAvailable !== undefined && maxUnavailable !== undefined
      ? [invalidValue('spec', memberOf(object, 'spec'), 'minAvailable and maxUnavailable cannot be both set')]
      : [];
  },
};

const runtimeClass: Kind = {
  ...{ createsOnUpdate: true, needsVersionForUpdate: true },
  validate: (object, before) => immutableErrors(object, before, ['handler']),
};

const node: Kind = {
  keepsStatus: true,
  defaults: (draft) => {
    if (draft.status === undefined) return;
    const status = ensured(draft, 'status');
    if (status.capacity !== undefined) status.allocatable ??= copyOf(ensured(status, 'capacity') as Json);
  },
  validate: (object, before) => {
    const [spec, was] = [memberOf(object, 'spec'), memberOf(before, 'spec')];
    const errors: FieldError[] = [];
    const seen = new Set<string>();
    for (const [index, taint] of listOf(spec, 'taints').entries()) {
      if (!isJsonObject(taint)) continue;
      const key = `${textOf(taint, 'key')}:${textOf(taint, 'effect')}`;
      if (seen.has(key)) errors.push(duplicate(`spec.taints[${index}]`, taint));
      seen.add(key);
    }
    for (const field of ['podCIDR', 'providerID'])
      if (textOf(was, field) !== '' && spec[field] !== was[field])
        errors.push(
          forbiddenField(`spec.${field}`, 'node updates may not change it except from "" to a value'),
        );
    return errors;
  },
};

const controllerRevision: Kind = {
  validate: (object, before) => [
    ...(object.data === undefined ? [required('data', 'data is mandatory')] : []),
    ...immutableErrors(object, before, ['data']),
  ],
};

const podTemplate: Kind = {
  ...{ hasGeneration: true, answersDeleted: true },
  defaults: (draft) => podSpecDefaults(ensured(ensured(draft, 'template'), 'spec')),
  validate: (object) => podSpecErrors(memberOf(memberOf(object, 'template'), 'spec'), 'template.spec'),
};

const deleted: Kind = { answersDeleted: true };

/** By the resource's qualified name. What is not here has nothing of its own. */
const kinds: Readonly<Record<string, Kind>> = {
  configmaps: configMap,
  endpoints,
  events: event,
  limitranges: limitRange,
  namespaces: namespace,
  nodes: node,
  persistentvolumeclaims: persistentVolumeClaim,
  persistentvolumes: persistentVolume,
  pods: pod,
  podtemplates: podTemplate,
  replicationcontrollers: replicationController,
  resourcequotas: resourceQuota,
  secrets: secret,
  serviceaccounts: deleted,
  services: service,
  'daemonsets.apps': daemonSet,
  'deployments.apps': deployment,
  'replicasets.apps': replicaSet,
  'statefulsets.apps': statefulSet,
  'controllerrevisions.apps': controllerRevision,
  'horizontalpodautoscalers.autoscaling': horizontalPodAutoscaler,
  'cronjobs.batch': cronJob,
  'jobs.batch': job,
  'ingressclasses.networking.k8s.io': ingressClass,
  'ingresses.networking.k8s.io': ingress,
  'networkpolicies.networking.k8s.io': networkPolicy,
  'poddisruptionbudgets.policy': podDisruptionBudget,
  'certificatesigningrequests.certificates.k8s.io': certificateSigningRequest,
  'clusterrolebindings.rbac.authorization.k8s.io': roleBinding('ClusterRole'),
  'clusterroles.rbac.authorization.k8s.io': role,
  'rolebindings.rbac.authorization.k8s.io': roleBinding('Role', 'ClusterRole'),
  'roles.rbac.authorization.k8s.io': role,
  'csidrivers.storage.k8s.io': csiDriver,
  'csinodes.storage.k8s.io': { needsVersionForUpdate: true, answersDeleted: true },
  'csistoragecapacities.storage.k8s.io': csiStorageCapacity,
  'storageclasses.storage.k8s.io': storageClass,
  'volumeattachments.storage.k8s.io': volumeAttachment,
  'volumeattributesclasses.storage.k8s.io': volumeAttributesClass,
  'apiservices.apiregistration.k8s.io': apiService,
  'customresourcedefinitions.apiextensions.k8s.io': customResourceDefinition,
  'mutatingadmissionpolicies.admissionregistration.k8s.io': mutatingAdmissionPolicy,
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io': mutatingAdmissionPolicyBinding,
  'validatingadmissionpolicies.admissionregistration.k8s.io': validatingAdmissionPolicy,
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': validatingAdmissionPolicyBinding,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': mutatingWebhookConfiguration,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': validatingWebhookConfiguration,
  'priorityclasses.scheduling.k8s.io': priorityClass,
  'flowschemas.flowcontrol.apiserver.k8s.io': flowSchema,
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': priorityLevelConfiguration,
  'leases.coordination.k8s.io': { createsOnUpdate: true, needsVersionForUpdate: true },
  'runtimeclasses.node.k8s.io': runtimeClass,
  'endpointslices.discovery.k8s.io': endpointSlice,
  'deviceclasses.resource.k8s.io': { hasGeneration: true, answersDeleted: true },
  'resourceclaims.resource.k8s.io': deleted,
  'resourceclaimtemplates.resource.k8s.io': deleted,
  'resourceslices.resource.k8s.io': { hasGeneration: true, answersDeleted: true },
  'ipaddresses.networking.k8s.io': ipAddress,
  'servicecidrs.networking.k8s.io': serviceCidr,
};

const plain: Kind = {};

/** Of kinds that are kept in another version, by group and version. */
const otherVersions: Readonly<Record<string, Kind>> = {
  'autoscaling/v1': horizontalPodAutoscalerV1,
  'events.k8s.io/v1': newerEvent,
};

export function kindOf(resource: Resource): Kind {
  if (resource.custom !== undefined) return customKind(resource.custom);
  const own =
    resource.storedAs === undefined ? kinds[qualifiedName(resource)] : otherVersions[apiVersionOf(resource)];
  return own ?? plain;
}
