import { nodeMetrics, podMetrics } from '../metrics/metrics-objects.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { apiVersionOf, qualifiedName, type Resource, resourceNamed } from '../schema/catalogue.ts';
import type { Cluster } from './cluster.ts';
import { componentStatuses } from './component-statuses.ts';
import type { ListOptions } from './options.ts';
import { type ObjectList, selectionOf } from './read.ts';
import { notFound } from './status.ts';

const nodes = resourceNamed('', 'nodes');
const pods = resourceNamed('', 'pods');

/** What is not kept, by resource: told of what there is at this moment. */
const sources: Readonly<
  Record<string, (cluster: Cluster, namespace: string | undefined) => Promise<readonly KubernetesObject[]>>
> = {
  componentstatuses: componentStatuses,
  'nodes.metrics.k8s.io': async ({ objects, usage, clock }) =>
    (await objects.list(nodes, undefined)).items.flatMap(({ object }) => {
      const used = usage.node(object.metadata.name);
      return used === undefined ? [] : [nodeMetrics(object, used, clock.now())];
    }),
  'pods.metrics.k8s.io': async ({ objects, usage, clock }, namespace) =>
    (await objects.list(pods, namespace)).items.flatMap(({ object }) => {
      const { namespace: own = '', name } = object.metadata;
      const used = usage.pod(own, name);
      return used === undefined ? [] : [podMetrics(object, used, clock.now())];
    }),
};

function computed(
  cluster: Cluster,
  resource: Resource,
  namespace: string | undefined,
): Promise<readonly KubernetesObject[]> {
  const source = sources[qualifiedName(resource)];
  if (source === undefined) throw new Error(`Nothing computes ${qualifiedName(resource)}`);
  return source(cluster, namespace);
}

/** @throws {ApiError} 404 */
export async function getComputed(
  cluster: Cluster,
  {
    resource,
    namespace,
    name,
  }: { readonly resource: Resource; readonly namespace: string | undefined; readonly name: string },
): Promise<KubernetesObject> {
  const found = (await computed(cluster, resource, namespace)).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw notFound(resource, namespace === undefined ? name : `${namespace}/${name}`);
  return found;
}

/** @throws {ApiError} 400 */
export async function listComputed(
  cluster: Cluster,
  resource: Resource,
  namespace: string | undefined,
  options: ListOptions,
): Promise<ObjectList> {
  const selects = selectionOf(resource, options);
  const items = (await computed(cluster, resource, namespace))
    .filter((it) => selects?.(it) ?? true)
    .map(({ kind: _, apiVersion: _2, ...item }) => item as KubernetesObject);
  return {
    ...{ apiVersion: apiVersionOf(resource), kind: resource.listKind },
    metadata: { resourceVersion: String(await cluster.objects.revision()) },
    items,
  };
}
