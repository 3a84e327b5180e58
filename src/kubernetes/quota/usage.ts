import type { Quantity } from '../../quantity.ts';
import { type JsonObject, type KubernetesObject, memberOf, objectsIn, textOf } from '../objects/object.ts';
import { qualifiedName, type Resource } from '../schema/catalogue.ts';
import { type Amounts, amountsOf, count, nothing } from './amounts.ts';
import { podResources } from './pod-resources.ts';

/** Of the core group, those that quotas count also by their bare names. */
const countedByName = new Set([
  ...[
    'configmaps',
    'persistentvolumeclaims',
    'replicationcontrollers',
    'resourcequotas',
    'secrets',
    'services',
  ],
]);

/**
 * What an object counts for, in all words that a ResourceQuota may have for it: `count/<resource>` for each, and what pods, claims
 * and services take besides.
 */
export function usageOf(resource: Resource, object: KubernetesObject): Amounts {
  const name = qualifiedName(resource);
  const used = new Map<string, Quantity>([[`count/${name}`, count(1)]]);
  if (countedByName.has(name)) used.set(name, count(1));
  const spec = memberOf(object, 'spec');
  if (name === 'pods') addPod(used, object, spec);
  if (name === 'persistentvolumeclaims') addClaim(used, spec);
  if (name === 'services') addService(used, spec);
  return used;
}

/** A pod that has ended takes nothing any more. */
export const isTerminal = (pod: object | undefined): boolean =>
  ['Failed', 'Succeeded'].includes(textOf(memberOf(pod, 'status'), 'phase'));

function addPod(used: Map<string, Quantity>, pod: KubernetesObject, spec: JsonObject): void {
  if (isTerminal(pod)) return;
  used.set('pods', count(1));
  for (const [name, quantity] of podResources(spec, 'requests')) {
    used.set(`requests.${name}`, quantity);
    if (isPlain(name)) used.set(name, quantity);
  }
  for (const [name, quantity] of podResources(spec, 'limits')) used.set(`limits.${name}`, quantity);
}

/** Requests that are named without `requests.` as well. */
const isPlain = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-');

function addClaim(used: Map<string, Quantity>, spec: JsonObject): void {
  const requests = amountsOf(memberOf(memberOf(spec, 'resources'), 'requests'));
  const storage = requests.get('storage') ?? nothing;
  used.set('requests.storage', storage);
  const storageClass = textOf(spec, 'storageClassName');
  if (storageClass === '') return;
  used.set(`${storageClass}.storageclass.storage.k8s.io/requests.storage`, storage);
  used.set(`${storageClass}.storageclass.storage.k8s.io/persistentvolumeclaims`, count(1));
}

function addService(used: Map<string, Quantity>, spec: JsonObject): void {
  const type = textOf(spec, 'type');
  const ports = objectsIn(spec, 'ports').length;
  if (type === 'LoadBalancer') used.set('services.loadbalancers', count(1));
  const hasNodePorts =
    type === 'NodePort' || (type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
  if (hasNodePorts) used.set('services.nodeports', count(ports));
}
