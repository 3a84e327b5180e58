import { jsonEqual } from '../../store/index.ts';
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../apiserver/status.ts';
import { accountNameAnnotation, tokenSecretType } from '../authentication/service-accounts/token-secrets.ts';
import { customKind } from '../custom-resources/custom-kind.ts';
import { customResourceDefinition } from '../custom-resources/definition-kind.ts';
import { isJsonObject, type KubernetesObject, listOf, memberOf, textOf } from '../objects/object.ts';
import { qualifiedName, type Resource } from '../schema/catalogue.ts';
import { ensured, itemsOf, type Kind, setDefaults } from './kind.ts';
import {
  cronJob,
  daemonSet,
  deployment,
  job,
  pod,
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
function immutableErrors(
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
  const keys = fields.flatMap((field) => Object.keys(memberOf(object, field)).map((key) => ({ field, key })));
  return keys
    .filter(({ key }) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key))
    .map(({ field, key }) =>
      invalidValue(
        `${field}[${key}]`,
        key,
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ),
    );
}

const configMap: Kind = {
  validate: (object, before) => [
    ...dataErrors(object, ['data', 'binaryData']),
    ...immutableErrors(object, before, ['data', 'binaryData']),
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
    ...immutableErrors(object, before, ['data']),
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

const storageClass: Kind = {
  answersDeleted: true,
  defaults: (draft) => setDefaults(draft, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  validate: (object) => (textOf(object, 'provisioner') === '' ? [required('provisioner')] : []),
};

const priorityClass: Kind = {
  hasGeneration: true,
  defaults: (draft) => setDefaults(draft, { preemptionPolicy: 'PreemptLowerPriority' }),
  validate: (object, before) =>
    before !== undefined && object.value !== before.value
      ? [forbiddenField('value', 'may not be changed in an update.')]
      : [],
};

const service: Kind = {
  names: 'dns-label',
  createsOnUpdate: true,
  answersDeleted: true,
  defaults: (draft) => {
    const spec = ensured(draft, 'spec');
    setDefaults(spec, { type: 'ClusterIP', sessionAffinity: 'None' });
    if (spec.sessionAffinity === 'ClientIP')
      setDefaults(ensured(ensured(spec, 'sessionAffinityConfig'), 'clientIP'), { timeoutSeconds: 10_800 });
    if (spec.type !== 'ExternalName') setDefaults(spec, { internalTrafficPolicy: 'Cluster' });
    for (const port of itemsOf(spec, 'ports')) {
      setDefaults(port, { protocol: 'TCP' });
      if (typeof port.port === 'number') setDefaults(port, { targetPort: port.port });
    }
    if (spec.type !== 'ExternalName')
      setDefaults(spec, { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
  },
  onCreate: (draft) => {
    draft.status = { loadBalancer: {} };
  },
  validate: (object, before) => {
    const spec = memberOf(object, 'spec');
    const type = textOf(spec, 'type');
    const errors: FieldError[] = [];
    if (type === 'NodePort' || type === 'LoadBalancer')
      errors.push(forbiddenField('spec.type', `${type} is not supported by this version of Catamaran yet`));
    if (type === 'ClusterIP' && textOf(spec, 'clusterIP') !== 'None' && listOf(spec, 'ports').length === 0)
      errors.push(required('spec.ports'));
    const was = memberOf(before, 'spec');
    if (
      textOf(was, 'clusterIP') !== '' &&
      textOf(was, 'clusterIP') !== textOf(spec, 'clusterIP') &&
      type !== 'ExternalName'
    )
      errors.push(invalidValue('spec.clusterIPs[0]', listOf(spec, 'clusterIPs'), 'may not change once set'));
    return errors;
  },
};

const pathSegment: Kind = { names: 'path-segment' };
const counted: Kind = { hasGeneration: true };
const deleted: Kind = { answersDeleted: true };

/** By the resource's qualified name. What is not here has nothing of its own. */
const kinds: Readonly<Record<string, Kind>> = {
  configmaps: configMap,
  endpoints: { createsOnUpdate: true },
  events: { createsOnUpdate: true },
  namespaces: namespace,
  persistentvolumeclaims: {
    answersDeleted: true,
    defaults: (draft) => setDefaults(ensured(draft, 'spec'), { volumeMode: 'Filesystem' }),
    onCreate: (draft) => {
      draft.status = { phase: 'Pending' };
    },
  },
  persistentvolumes: {
    answersDeleted: true,
    defaults: (draft) =>
      setDefaults(ensured(draft, 'spec'), {
        persistentVolumeReclaimPolicy: 'Retain',
        volumeMode: 'Filesystem',
      }),
    onCreate: (draft) => {
      draft.status = { phase: 'Pending' };
    },
  },
  pods: pod,
  podtemplates: { hasGeneration: true, answersDeleted: true },
  replicationcontrollers: replicationController,
  secrets: secret,
  serviceaccounts: deleted,
  services: service,
  'daemonsets.apps': daemonSet,
  'deployments.apps': deployment,
  'replicasets.apps': replicaSet,
  'statefulsets.apps': statefulSet,
  'cronjobs.batch': cronJob,
  'jobs.batch': job,
  'ingressclasses.networking.k8s.io': counted,
  'ingresses.networking.k8s.io': counted,
  'networkpolicies.networking.k8s.io': counted,
  'poddisruptionbudgets.policy': { hasGeneration: true, needsVersionForUpdate: true },
  'clusterrolebindings.rbac.authorization.k8s.io': roleBinding('ClusterRole'),
  'clusterroles.rbac.authorization.k8s.io': role,
  'rolebindings.rbac.authorization.k8s.io': roleBinding('Role', 'ClusterRole'),
  'roles.rbac.authorization.k8s.io': role,
  'csidrivers.storage.k8s.io': { hasGeneration: true, needsVersionForUpdate: true, answersDeleted: true },
  'csinodes.storage.k8s.io': { needsVersionForUpdate: true, answersDeleted: true },
  'csistoragecapacities.storage.k8s.io': { needsVersionForUpdate: true, answersDeleted: true },
  'storageclasses.storage.k8s.io': storageClass,
  'volumeattachments.storage.k8s.io': { needsVersionForUpdate: true, answersDeleted: true },
  'volumeattributesclasses.storage.k8s.io': deleted,
  'customresourcedefinitions.apiextensions.k8s.io': customResourceDefinition,
  'priorityclasses.scheduling.k8s.io': priorityClass,
  'leases.coordination.k8s.io': { createsOnUpdate: true, needsVersionForUpdate: true },
  'runtimeclasses.node.k8s.io': { createsOnUpdate: true, needsVersionForUpdate: true },
  'endpointslices.discovery.k8s.io': counted,
  'deviceclasses.resource.k8s.io': { hasGeneration: true, answersDeleted: true },
  'resourceclaims.resource.k8s.io': deleted,
  'resourceclaimtemplates.resource.k8s.io': deleted,
  'resourceslices.resource.k8s.io': { hasGeneration: true, answersDeleted: true },
  'ipaddresses.networking.k8s.io': pathSegment,
};

const plain: Kind = {};

export const kindOf = (resource: Resource): Kind =>
  resource.custom === undefined ? (kinds[qualifiedName(resource)] ?? plain) : customKind;
