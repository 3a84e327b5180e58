import type { KubernetesObject } from '../objects/object.ts';
import type { Resource } from '../schema/catalogue.ts';
import type { Cluster } from './cluster.ts';
import type { ListOptions } from './options.ts';
import { type ObjectList, selectionOf } from './read.ts';
import { notFound } from './status.ts';

/**
 * What a control plane is made of, as clients of old ask for it: the store that it keeps its objects in, under the name that
 * stores have there. Controllers and the scheduler tell of themselves by leases.
 */
async function componentStatuses({ objects }: Cluster): Promise<readonly KubernetesObject[]> {
  const answered = await objects.revision().then(
    () => ({ type: 'Healthy', status: 'True', message: 'ok' }),
    (error: unknown) => ({
      ...{ type: 'Healthy', status: 'False', message: '' },
      error: error instanceof Error ? error.message : String(error),
    }),
  );
  return [
    { apiVersion: 'v1', kind: 'ComponentStatus', metadata: { name: 'etcd-0' }, conditions: [answered] },
  ];
}

/** @throws {ApiError} 404 */
export async function getComponentStatus(
  cluster: Cluster,
  resource: Resource,
  name: string,
): Promise<KubernetesObject> {
  const found = (await componentStatuses(cluster)).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw notFound(resource, name);
  return found;
}

/** @throws {ApiError} 400 */
export async function listComponentStatuses(
  cluster: Cluster,
  resource: Resource,
  options: ListOptions,
): Promise<ObjectList> {
  const selects = selectionOf(resource, options);
  const items = (await componentStatuses(cluster))
    .filter((it) => selects?.(it) ?? true)
    .map(({ kind: _, apiVersion: _2, ...item }) => item as KubernetesObject);
  return {
    ...{ apiVersion: 'v1', kind: 'ComponentStatusList' },
    metadata: { resourceVersion: String(await cluster.objects.revision()) },
    items,
  };
}
