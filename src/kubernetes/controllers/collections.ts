import { type Collection, everyNoun, type RecordKey, recordKey } from '../../reconcile/index.ts';
import type { Ingress, IngressClass } from '../load-balancing/ingress-objects.ts';
import type { ClusterPlace } from '../objects/object-records.ts';
import type { Autoscaler } from './autoscaler/objects.ts';
import type { CronJob } from './cron-job/objects.ts';
import type { DaemonSet } from './daemon-set/objects.ts';
import type { DisruptionBudget } from './disruption/objects.ts';
import type { EndpointSlice, Endpoints, Service } from './endpoints/objects.ts';
import type { Job } from './job/objects.ts';
import type { Node } from './node-fit.ts';
import type { Lease } from './node-lifecycle/objects.ts';
import {
  controllerOf,
  type Deployment,
  type Kept,
  type Pod,
  type ReplicaSet,
  type ReplicationController,
} from './objects.ts';
import { isTerminal } from './pods.ts';
import type { ControllerRevision } from './revisions.ts';
import type { IpAddress, ServiceCidr } from './service-cidrs/objects.ts';
import type { StatefulSet } from './stateful-set/objects.ts';
import type { Claim, StorageClass, Volume } from './volumes/objects.ts';

/** How what controllers make is found: by its controller, or, having none, by its namespace. */
export type ByOwner = 'owner' | 'orphan';

/** Objects of all clusters as records: the keys of `ObjectStore`, read from memory. */
const plain = <T extends Kept>(noun: string): Collection<T> => ({
  ...{ service: 'kubernetes', noun, indexes: {} },
});

const ownerIndexes = {
  owner: (object: Kept) => controllerOf(object)?.uid,
  orphan: (object: Kept, key: string) => (controllerOf(object) === undefined ? namespaceOf(key) : undefined),
};

const byOwner = <T extends Kept>(noun: string): Collection<T, ByOwner> => ({
  ...{ service: 'kubernetes', noun, indexes: ownerIndexes },
});

/** Labels as they are found by: `<namespace's keys begin>/<name>=<value>`. */
const pairsIn = (namespace: string, labels: Readonly<Record<string, string>> = {}): readonly string[] =>
  Object.entries(labels).map(([name, value]) => `${namespace}${name}=${value}`);

/**
 * Also found by each of their labels, in their namespace, by the key of their node, by those of the claims that they use, and
 * those that have ended by their cluster.
 */
export const pods: Collection<Pod, ByOwner | 'claim' | 'label' | 'node' | 'terminated'> = {
  ...{ service: 'kubernetes', noun: 'pods' },
  indexes: {
    ...ownerIndexes,
    label: (pod, key) => pairsIn(namespaceOf(key), pod.metadata.labels),
    node: ({ spec: { nodeName = '' } }, key) => (nodeName === '' ? undefined : nodeKey(key, nodeName)),
    claim: (pod, key) => claimKeysOf(pod, key),
    terminated: (pod, key) => (isTerminal(pod) ? clusterWide(key, pods) : undefined),
  },
};
export const replicaSets: Collection<ReplicaSet, ByOwner> = byOwner('replicasets.apps');
export const replicationControllers: Collection<ReplicationController> = plain('replicationcontrollers');
export const jobs: Collection<Job, ByOwner> = byOwner('jobs.batch');
export const cronJobs: Collection<CronJob> = plain('cronjobs.batch');
export const daemonSets: Collection<DaemonSet> = plain('daemonsets.apps');
export const nodes: Collection<Node> = plain('nodes');
export const leases: Collection<Lease> = plain('leases.coordination.k8s.io');
export const namespaces: Collection<Kept> = plain('namespaces');
export const statefulSets: Collection<StatefulSet> = plain('statefulsets.apps');
export const controllerRevisions: Collection<ControllerRevision, ByOwner> =
  byOwner('controllerrevisions.apps');

/** Also found by the key of the volume that they have, and those that have none by their cluster and class. */
export const claims: Collection<Claim, 'pending' | 'volume'> = {
  ...{ service: 'kubernetes', noun: 'persistentvolumeclaims' },
  indexes: {
    volume: ({ spec: { volumeName = '' } }, key) =>
      volumeName === '' ? undefined : clusterKey(key, volumes, volumeName),
    pending: ({ spec: { volumeName = '', storageClassName = '' } }, key) =>
      volumeName === '' ? `${clusterWide(key, claims)}${storageClassName}` : undefined,
  },
};

/** Also found by the key of the claim that they are kept for, and those that are free by their cluster and class. */
export const volumes: Collection<Volume, 'claim' | 'free'> = {
  ...{ service: 'kubernetes', noun: 'persistentvolumes' },
  indexes: {
    claim: ({ spec: { claimRef: { namespace = '', name = '' } = {} } }, key) =>
      namespace === '' || name === '' ? undefined : keyWithin(key, claims, namespace, name),
    free: ({ spec: { claimRef, storageClassName = '' } }, key) =>
      claimRef === undefined ? `${clusterWide(key, volumes)}${storageClassName}` : undefined,
  },
};
export const autoscalers: Collection<Autoscaler> = plain('horizontalpodautoscalers.autoscaling');
export const storageClasses: Collection<StorageClass> = plain('storageclasses.storage.k8s.io');
export const budgets: Collection<DisruptionBudget> = plain('poddisruptionbudgets.policy');
export const endpoints: Collection<Endpoints> = plain('endpoints');
/** Those of clusters that have a key are sealed here: what is in one is read by the store that opens them. */
export const secrets: Collection<object> = { service: 'kubernetes', noun: 'secrets', indexes: {} };
export const ingresses: Collection<Ingress> = plain('ingresses.networking.k8s.io');
export const ingressClasses: Collection<IngressClass> = plain('ingressclasses.networking.k8s.io');

/** Also found by each label that they select pods by, in their namespace. */
export const services: Collection<Service, 'selector'> = {
  ...{ service: 'kubernetes', noun: 'services' },
  indexes: { selector: ({ spec }, key) => pairsIn(namespaceOf(key), spec.selector) },
};

/** Also found by the key of their service. */
export const endpointSlices: Collection<EndpointSlice, 'service'> = {
  ...{ service: 'kubernetes', noun: 'endpointslices.discovery.k8s.io' },
  indexes: {
    service: ({ metadata }, key) => {
      const name = metadata.labels?.['kubernetes.io/service-name'] ?? '';
      return name === '' ? undefined : siblingKey(key, services, name);
    },
  },
};
export const serviceCidrs: Collection<ServiceCidr> = plain('servicecidrs.networking.k8s.io');
export const ipAddresses: Collection<IpAddress> = plain('ipaddresses.networking.k8s.io');
export const deployments: Collection<Deployment> = plain('deployments.apps');

/** All objects of all clusters, with the records that control planes keep beside them. */
export const everything: Collection<Kept> = plain(everyNoun);

/** Of a key, what all objects of its kind in its namespace begin with. */
const namespaceOf = (key: string): string => key.slice(0, key.lastIndexOf('/') + 1);

/** Which object a key is of: `/kubernetes/<account>/<region>/<resource>/<cluster>/<namespace>/<name>`. */
export interface ObjectKey {
  readonly place: ClusterPlace;
  readonly namespace: string;
  readonly name: string;
}

export function parsedKey(key: string): ObjectKey {
  const [, , accountId = '', region = '', , id = '', namespace = '', name = ''] = key.split('/');
  return { place: { accountId, region, id }, namespace, name };
}

/** The key of an object of another kind in the same namespace. */
export function siblingKey(key: string, { noun }: { readonly noun: string }, name: string): RecordKey {
  const { place, namespace } = parsedKey(key);
  const collection = { service: 'kubernetes', noun, indexes: {} };
  return recordKey(collection, place.accountId, place.region, place.id, namespace, name);
}

/** The key of an object of any namespace in the same cluster. */
export function keyWithin(
  key: string,
  { noun }: { readonly noun: string },
  namespace: string,
  name: string,
): RecordKey {
  return `${clusterWide(key, { noun })}${namespace}/${name}` as RecordKey;
}

/** The key of an object without a namespace in the same cluster. */
export const clusterKey = (key: string, { noun }: { readonly noun: string }, name: string): RecordKey =>
  `${clusterWide(key, { noun })}${name}` as RecordKey;

/** The key of a node in the same cluster. */
export const nodeKey = (key: string, name: string): RecordKey => clusterKey(key, nodes, name);

interface PodVolume {
  readonly name: string;
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly ephemeral?: object;
}

/** The keys of the claims that a pod uses, those that are made for it alone included. */
export const claimKeysOf = ({ metadata, spec }: Pod, key: string): readonly RecordKey[] =>
  ((spec.volumes ?? []) as readonly PodVolume[]).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    const claimName = persistentVolumeClaim?.claimName ?? (ephemeral && `${metadata.name}-${name}`);
    return claimName === undefined ? [] : [siblingKey(key, claims, claimName)];
  });

/** The namespace of the leases of a cluster's nodes: it stands for the cluster where work is on all nodes at once. */
export const nodeLeases = 'kube-node-lease';

export const nodeLeasesKey = (key: string): RecordKey =>
  `${clusterWide(key, namespaces)}${nodeLeases}` as RecordKey;

/** What keys of another kind begin with in the same cluster. */
export function clusterWide(key: string, { noun }: { readonly noun: string }): string {
  const { place } = parsedKey(key);
  const collection = { service: 'kubernetes', noun, indexes: {} };
  return `${recordKey(collection, place.accountId, place.region, place.id)}/`;
}

/** What keys of another kind begin with in the same namespace. */
export function siblingsOf(key: string, { noun }: { readonly noun: string }): string {
  const nounStart = key.indexOf('/', key.indexOf('/', key.indexOf('/', 1) + 1) + 1) + 1;
  // Asked of whatever changes: the parts of a key that is one need no look of their own.
  return key.slice(0, nounStart) + noun + key.slice(key.indexOf('/', nounStart), key.lastIndexOf('/') + 1);
}
