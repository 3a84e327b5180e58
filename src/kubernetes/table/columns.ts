import {
  type JsonObject,
  type KubernetesObject,
  listOf,
  memberOf,
  numberOf,
  textOf,
} from '../objects/object.ts';
import { type Resource, storedName } from '../schema/catalogue.ts';
import { age, duration } from './age.ts';
import {
  ageColumn,
  type Column,
  count,
  nameColumn,
  none,
  objects,
  orNone,
  spec,
  status,
  text,
  texts,
  truth,
  wide,
} from './column.ts';
import { flowControlColumns } from './flow-control-columns.ts';
import { podCells } from './pod-cells.ts';
import { scalingColumns } from './scaling-columns.ts';
import { storageColumns } from './storage-columns.ts';

const templateContainers = (object: KubernetesObject): readonly JsonObject[] =>
  objects(memberOf(memberOf(spec(object), 'template'), 'spec'), 'containers');
const names = (containers: readonly JsonObject[]): string =>
  containers.map((it) => textOf(it, 'name')).join(',');
const images = (containers: readonly JsonObject[]): string =>
  containers.map((it) => textOf(it, 'image')).join(',');
const containerColumns = (of: (object: KubernetesObject) => readonly JsonObject[] = templateContainers) => [
  wide('Containers', (object) => names(of(object))),
  wide('Images', (object) => images(of(object))),
];
const selectorColumn = wide('Selector', (object) => selectorText(memberOf(spec(object), 'selector')));

const labelsText = (labels: object): string =>
  orNone(
    Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
  );

/** Of a LabelSelector, or of plain labels. */
function selectorText(selector: JsonObject): string {
  if (selector.matchLabels === undefined && selector.matchExpressions === undefined)
    return labelsText(selector);
  const expressions = objects(selector, 'matchExpressions').map((it) => {
    const [key, operator] = [textOf(it, 'key'), textOf(it, 'operator')];
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator.toLowerCase()} (${texts(it, 'values').join(',')})`;
  });
  const labels = Object.entries(memberOf(selector, 'matchLabels')).map(([key, value]) => `${key}=${value}`);
  return orNone([...labels, ...expressions].join(','));
}

const replicaColumns = [
  count('Desired', (object) => numberOf(spec(object), 'replicas')),
  count('Current', (object) => numberOf(status(object), 'replicas')),
  count('Ready', (object) => numberOf(status(object), 'readyReplicas')),
  ageColumn,
  ...containerColumns(),
  selectorColumn,
];

const bindingColumns = [
  nameColumn,
  text('Role', (object) => {
    const role = memberOf(object, 'roleRef');
    return `${textOf(role, 'kind')}/${textOf(role, 'name')}`;
  }),
  ageColumn,
  wide('Users', (object) => subjects(object, 'User')),
  wide('Groups', (object) => subjects(object, 'Group')),
  wide('ServiceAccounts', (object) => subjects(object, 'ServiceAccount')),
];

const subjects = (object: KubernetesObject, kind: string): string =>
  objects(object, 'subjects')
    .filter((it) => it.kind === kind)
    .map((it) => (kind === 'ServiceAccount' ? `${textOf(it, 'namespace')}/` : '') + textOf(it, 'name'))
    .join(', ');

const accessModes: Readonly<Record<string, string>> = {
  ...{ ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' },
};
const modes = (of: JsonObject): string =>
  texts(of, 'accessModes')
    .map((mode) => accessModes[mode] ?? mode)
    .join(',');

function servicePorts(object: KubernetesObject): string {
  const ports = objects(spec(object), 'ports').map((it) => {
    const node = numberOf(it, 'nodePort');
    return `${numberOf(it, 'port')}${node === 0 ? '' : `:${node}`}/${textOf(it, 'protocol')}`;
  });
  return orNone(ports.join(','));
}

function externalIp(object: KubernetesObject): string {
  const own = spec(object);
  if (own.type === 'ExternalName') return orNone(textOf(own, 'externalName'));
  const external = texts(own, 'externalIPs');
  if (own.type !== 'LoadBalancer') return orNone(external.join(','));
  const balancer = objects(memberOf(status(object), 'loadBalancer'), 'ingress').map(
    (it) => textOf(it, 'ip') || textOf(it, 'hostname'),
  );
  return [...balancer, ...external].join(',') || '<pending>';
}

function nodeStatus(object: KubernetesObject): string {
  const ready = objects(status(object), 'conditions').find((it) => it.type === 'Ready');
  const told = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec(object).unschedulable === true ? `${told},SchedulingDisabled` : told;
}

const roleLabel = 'node-role.kubernetes.io/';
const nodeRoles = ({ metadata: { labels = {} } }: KubernetesObject): string =>
  orNone(
    Object.keys(labels)
      .filter((key) => key.startsWith(roleLabel))
      .map((key) => key.slice(roleLabel.length))
      .toSorted()
      .join(','),
  );
const nodeAddress = (object: KubernetesObject, type: string): string =>
  orNone(
    textOf(
      objects(status(object), 'addresses').find((it) => it.type === type),
      'address',
    ),
  );
const nodeInfo = (object: KubernetesObject, name: string): string =>
  textOf(memberOf(status(object), 'nodeInfo'), name) || '<unknown>';

function jobStatus(object: KubernetesObject): string {
  const is = (type: string): boolean =>
    objects(status(object), 'conditions').some((it) => it.type === type && it.status === 'True');
  if (is('Complete')) return 'Complete';
  if (is('Failed')) return 'Failed';
  if (object.metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(is) ?? 'Running';
}

function jobDuration(object: KubernetesObject, now: number): string {
  const [start, end] = [textOf(status(object), 'startTime'), textOf(status(object), 'completionTime')];
  if (start === '') return '';
  return end === '' ? age(start, now) : duration((Date.parse(end) - Date.parse(start)) / 1_000);
}

const involved = (event: KubernetesObject): string => {
  const about = memberOf(event, 'involvedObject');
  return `${textOf(about, 'kind').toLowerCase()}/${textOf(about, 'name')}`;
};
const lastSeen = (event: KubernetesObject): string =>
  textOf(event, 'lastTimestamp') || textOf(event, 'eventTime') || textOf(event, 'firstTimestamp');

const dataCount = (object: KubernetesObject): number =>
  Object.keys(memberOf(object, 'data')).length + Object.keys(memberOf(object, 'binaryData')).length;

const isDefaultClass = ({ metadata: { annotations = {} } }: KubernetesObject): boolean =>
  annotations['storageclass.kubernetes.io/is-default-class'] === 'true';

const componentCondition = (object: KubernetesObject): JsonObject =>
  objects(object, 'conditions').find((it) => it.type === 'Healthy') ?? {};

/** By the resource's qualified name. */
const columns: Readonly<Record<string, readonly Column[]>> = {
  ...scalingColumns,
  ...storageColumns,
  componentstatuses: [
    nameColumn,
    text('Status', (object) => (componentCondition(object).status === 'True' ? 'Healthy' : 'Unhealthy')),
    text('Message', (object) => textOf(componentCondition(object), 'message')),
    text('Error', (object) => textOf(componentCondition(object), 'error')),
  ],
  configmaps: [nameColumn, count('Data', dataCount), ageColumn],
  endpoints: [nameColumn, text('Endpoints', endpointsText), ageColumn],
  events: [
    text('Last Seen', (object, now) => age(lastSeen(object), now)),
    text('Type', (object) => textOf(object, 'type')),
    text('Reason', (object) => textOf(object, 'reason')),
    text('Object', involved),
    wide('Subobject', (object) => textOf(memberOf(object, 'involvedObject'), 'fieldPath')),
    wide('Source', (object) => textOf(memberOf(object, 'source'), 'component')),
    text('Message', (object) => textOf(object, 'message').trim()),
    wide('First Seen', (object, now) => age(textOf(object, 'firstTimestamp') || lastSeen(object), now)),
    wide('Count', (object) => String(numberOf(object, 'count'))),
    wide('Name', ({ metadata }) => metadata.name),
  ],
  namespaces: [nameColumn, text('Status', (object) => textOf(status(object), 'phase')), ageColumn],
  nodes: [
    nameColumn,
    text('Status', nodeStatus),
    text('Roles', nodeRoles),
    ageColumn,
    text('Version', (object) => nodeInfo(object, 'kubeletVersion')),
    wide('Internal-IP', (object) => nodeAddress(object, 'InternalIP')),
    wide('External-IP', (object) => nodeAddress(object, 'ExternalIP')),
    wide('OS-Image', (object) => nodeInfo(object, 'osImage')),
    wide('Kernel-Version', (object) => nodeInfo(object, 'kernelVersion')),
    wide('Container-Runtime', (object) => nodeInfo(object, 'containerRuntimeVersion')),
  ],
  persistentvolumeclaims: [
    nameColumn,
    text('Status', (object) => textOf(status(object), 'phase')),
    text('Volume', (object) => textOf(spec(object), 'volumeName')),
    text('Capacity', (object) => textOf(memberOf(status(object), 'capacity'), 'storage')),
    text('Access Modes', (object) => modes(status(object))),
    text('StorageClass', (object) => textOf(spec(object), 'storageClassName')),
    text('VolumeAttributesClass', (object) => textOf(spec(object), 'volumeAttributesClassName') || '<unset>'),
    ageColumn,
    wide('VolumeMode', (object) => textOf(spec(object), 'volumeMode')),
  ],
  persistentvolumes: [
    nameColumn,
    text('Capacity', (object) => textOf(memberOf(spec(object), 'capacity'), 'storage')),
    text('Access Modes', (object) => modes(spec(object))),
    text('Reclaim Policy', (object) => textOf(spec(object), 'persistentVolumeReclaimPolicy')),
    text('Status', (object) => textOf(status(object), 'phase')),
    text('Claim', (object) => {
      const claim = memberOf(spec(object), 'claimRef');
      return claim.name === undefined ? '' : `${textOf(claim, 'namespace')}/${textOf(claim, 'name')}`;
    }),
    text('StorageClass', (object) => textOf(spec(object), 'storageClassName')),
    text('VolumeAttributesClass', (object) => textOf(spec(object), 'volumeAttributesClassName') || '<unset>'),
    text('Reason', (object) => textOf(status(object), 'reason')),
    ageColumn,
    wide('VolumeMode', (object) => textOf(spec(object), 'volumeMode')),
  ],
  pods: [
    nameColumn,
    text('Ready', (object, now) => podCells(object, now).ready),
    text('Status', (object, now) => podCells(object, now).status),
    text('Restarts', (object, now) => podCells(object, now).restarts),
    ageColumn,
    wide('IP', (object) => orNone(textOf(status(object), 'podIP'))),
    wide('Node', (object) => orNone(textOf(spec(object), 'nodeName'))),
    wide('Nominated Node', (object) => orNone(textOf(status(object), 'nominatedNodeName'))),
    wide('Readiness Gates', () => none),
  ],
  podtemplates: [
    nameColumn,
    text('Containers', (object) =>
      names(objects(memberOf(memberOf(object, 'template'), 'spec'), 'containers')),
    ),
    text('Images', (object) => images(objects(memberOf(memberOf(object, 'template'), 'spec'), 'containers'))),
    text('Pod Labels', (object) =>
      labelsText(memberOf(memberOf(memberOf(object, 'template'), 'metadata'), 'labels')),
    ),
  ],
  replicationcontrollers: [nameColumn, ...replicaColumns],
  secrets: [
    nameColumn,
    text('Type', (object) => textOf(object, 'type')),
    count('Data', dataCount),
    ageColumn,
  ],
  serviceaccounts: [nameColumn, ageColumn],
  services: [
    nameColumn,
    text('Type', (object) => textOf(spec(object), 'type')),
    text('Cluster-IP', (object) => orNone(textOf(spec(object), 'clusterIP'))),
    text('External-IP', externalIp),
    text('Port(s)', servicePorts),
    ageColumn,
    wide('Selector', (object) => labelsText(memberOf(spec(object), 'selector'))),
  ],
  'controllerrevisions.apps': [
    nameColumn,
    text('Controller', ({ metadata }) => {
      const owner = metadata.ownerReferences?.find((it) => it.controller);
      return owner === undefined ? none : `${owner.kind.toLowerCase()}.apps/${owner.name}`;
    }),
    count('Revision', (object) => numberOf(object, 'revision')),
    ageColumn,
  ],
  'daemonsets.apps': [
    nameColumn,
    count('Desired', (object) => numberOf(status(object), 'desiredNumberScheduled')),
    count('Current', (object) => numberOf(status(object), 'currentNumberScheduled')),
    count('Ready', (object) => numberOf(status(object), 'numberReady')),
    count('Up-to-date', (object) => numberOf(status(object), 'updatedNumberScheduled')),
    count('Available', (object) => numberOf(status(object), 'numberAvailable')),
    text('Node Selector', (object) =>
      labelsText(memberOf(memberOf(memberOf(spec(object), 'template'), 'spec'), 'nodeSelector')),
    ),
    ageColumn,
    ...containerColumns(),
    selectorColumn,
  ],
  'deployments.apps': [
    nameColumn,
    text(
      'Ready',
      (object) => `${numberOf(status(object), 'readyReplicas')}/${numberOf(spec(object), 'replicas')}`,
    ),
    count('Up-to-date', (object) => numberOf(status(object), 'updatedReplicas')),
    count('Available', (object) => numberOf(status(object), 'availableReplicas')),
    ageColumn,
    ...containerColumns(),
    selectorColumn,
  ],
  'replicasets.apps': [nameColumn, ...replicaColumns],
  'statefulsets.apps': [
    nameColumn,
    text(
      'Ready',
      (object) => `${numberOf(status(object), 'readyReplicas')}/${numberOf(spec(object), 'replicas')}`,
    ),
    ageColumn,
    ...containerColumns(),
  ],
  'cronjobs.batch': [
    nameColumn,
    text('Schedule', (object) => textOf(spec(object), 'schedule')),
    text('Timezone', (object) => orNone(textOf(spec(object), 'timeZone'))),
    truth('Suspend', (object) => spec(object).suspend === true),
    count('Active', (object) => listOf(status(object), 'active').length),
    text('Last Schedule', (object, now) => {
      const last = textOf(status(object), 'lastScheduleTime');
      return last === '' ? none : age(last, now);
    }),
    ageColumn,
    ...containerColumns((object) =>
      objects(
        memberOf(memberOf(memberOf(memberOf(spec(object), 'jobTemplate'), 'spec'), 'template'), 'spec'),
        'containers',
      ),
    ),
    wide('Selector', () => none),
  ],
  'jobs.batch': [
    nameColumn,
    text('Status', jobStatus),
    text('Completions', (object) => {
      const done = numberOf(status(object), 'succeeded');
      if (spec(object).completions !== undefined) return `${done}/${numberOf(spec(object), 'completions')}`;
      const parallel = numberOf(spec(object), 'parallelism');
      return parallel > 1 ? `${done}/1 of ${parallel}` : `${done}/1`;
    }),
    text('Duration', jobDuration),
    ageColumn,
    ...containerColumns(),
    selectorColumn,
  ],
  'ingressclasses.networking.k8s.io': [
    nameColumn,
    text('Controller', (object) => textOf(spec(object), 'controller')),
    text('Parameters', (object) => {
      const parameters = memberOf(spec(object), 'parameters');
      return parameters.kind === undefined
        ? none
        : `${textOf(parameters, 'kind')}/${textOf(parameters, 'name')}`;
    }),
    ageColumn,
  ],
  'ingresses.networking.k8s.io': [
    nameColumn,
    text('Class', (object) => orNone(textOf(spec(object), 'ingressClassName'))),
    text(
      'Hosts',
      (object) =>
        objects(spec(object), 'rules')
          .map((it) => textOf(it, 'host') || '*')
          .join(',') || '*',
    ),
    text('Address', (object) =>
      objects(memberOf(status(object), 'loadBalancer'), 'ingress')
        .map((it) => textOf(it, 'ip') || textOf(it, 'hostname'))
        .join(','),
    ),
    text('Ports', (object) => (listOf(spec(object), 'tls').length > 0 ? '80, 443' : '80')),
    ageColumn,
  ],
  'ipaddresses.networking.k8s.io': [
    nameColumn,
    text('ParentRef', (object) => {
      const parent = memberOf(spec(object), 'parentRef');
      return `${textOf(parent, 'resource')}/${textOf(parent, 'namespace')}/${textOf(parent, 'name')}`;
    }),
  ],
  'networkpolicies.networking.k8s.io': [
    nameColumn,
    text('Pod-Selector', (object) => selectorText(memberOf(spec(object), 'podSelector'))),
    ageColumn,
  ],
  'servicecidrs.networking.k8s.io': [
    nameColumn,
    text('CIDRs', (object) => texts(spec(object), 'cidrs').join(',')),
    ageColumn,
  ],
  'clusterrolebindings.rbac.authorization.k8s.io': bindingColumns,
  'rolebindings.rbac.authorization.k8s.io': bindingColumns,
  'storageclasses.storage.k8s.io': [
    text('Name', (object) => `${object.metadata.name}${isDefaultClass(object) ? ' (default)' : ''}`),
    text('Provisioner', (object) => textOf(object, 'provisioner')),
    text('ReclaimPolicy', (object) => textOf(object, 'reclaimPolicy')),
    text('VolumeBindingMode', (object) => textOf(object, 'volumeBindingMode')),
    truth('AllowVolumeExpansion', (object) => object.allowVolumeExpansion === true),
    ageColumn,
  ],
  'priorityclasses.scheduling.k8s.io': [
    nameColumn,
    count('Value', (object) => numberOf(object, 'value')),
    truth('Global-Default', (object) => object.globalDefault === true),
    ageColumn,
    text('PreemptionPolicy', (object) => textOf(object, 'preemptionPolicy')),
  ],
  ...flowControlColumns,
  'certificatesigningrequests.certificates.k8s.io': [
    nameColumn,
    ageColumn,
    text('SignerName', (object) => textOf(spec(object), 'signerName')),
    text('Requestor', (object) => textOf(spec(object), 'username')),
    text('RequestedDuration', (object) => {
      const seconds = numberOf(spec(object), 'expirationSeconds');
      return seconds === 0 ? none : duration(seconds);
    }),
    text('Condition', (object) => {
      const has = (type: string): boolean =>
        objects(status(object), 'conditions').some((it) => textOf(it, 'type') === type);
      const decided = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
      const isIssued = textOf(status(object), 'certificate') !== '';
      return `${decided}${has('Failed') ? ',Failed' : ''}${isIssued ? ',Issued' : ''}`;
    }),
  ],
  'apiservices.apiregistration.k8s.io': [
    nameColumn,
    text('Service', (object) => {
      const service = memberOf(spec(object), 'service');
      const name = textOf(service, 'name');
      return name === '' ? 'Local' : `${textOf(service, 'namespace')}/${name}`;
    }),
    text('Available', (object) => {
      const found = objects(status(object), 'conditions').find((it) => it.type === 'Available');
      if (found === undefined) return 'Unknown';
      return found.status === 'True' ? 'True' : `${textOf(found, 'status')} (${textOf(found, 'reason')})`;
    }),
    ageColumn,
  ],
  'leases.coordination.k8s.io': [
    nameColumn,
    text('Holder', (object) => textOf(spec(object), 'holderIdentity')),
    ageColumn,
  ],
  'runtimeclasses.node.k8s.io': [
    nameColumn,
    text('Handler', (object) => textOf(object, 'handler')),
    ageColumn,
  ],
};

function endpointsText(object: KubernetesObject): string {
  const all = objects(object, 'subsets').flatMap((subset) =>
    objects(subset, 'addresses').flatMap((address) => {
      const ports = objects(subset, 'ports');
      const ip = textOf(address, 'ip');
      return ports.length === 0 ? [ip] : ports.map((port) => `${ip}:${numberOf(port, 'port')}`);
    }),
  );
  if (all.length === 0) return none;
  return all.length <= 3 ? all.join(',') : `${all.slice(0, 3).join(',')} + ${all.length - 3} more...`;
}

const otherColumns: readonly Column[] = [
  nameColumn,
  {
    name: 'Created At',
    type: 'date',
    isWide: false,
    cell: ({ metadata }) => metadata.creationTimestamp ?? null,
  },
];

export const columnsOf = (resource: Resource): readonly Column[] =>
  resource.custom === undefined
    ? (columns[storedName(resource)] ?? otherColumns)
    : [nameColumn, ...resource.custom.columns];
