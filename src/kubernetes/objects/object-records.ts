import type { Collection, RecordKey } from '../../reconcile/index.ts';
import { type Resource, storedName } from '../schema/catalogue.ts';
import type { KubernetesObject } from './object.ts';

/** Whose objects: every key of a cluster's objects has it. */
export interface ClusterPlace {
  readonly accountId: string;
  readonly region: string;
  /** Of the cluster: see `ClusterRecord.id`. */
  readonly id: string;
}

/**
 * Objects of a resource as records: the same keys as in the `ObjectStore`, read from memory, for whoever decides or follows.
 * @param noun The resource's qualified name.
 */
export const objectRecords = (noun: string): Collection<KubernetesObject, 'cluster'> => ({
  ...{ service: 'kubernetes', noun, indexes: { cluster: clusterOf } },
});

const clusterOf = (_object: KubernetesObject, key: RecordKey): string => placeOfObject(key).id;

/** Whose an object is: `/kubernetes/<account>/<region>/<resource>/<cluster>/[<namespace>/]<name>`. */
export function placeOfObject(key: string): ClusterPlace {
  const [, , accountId = '', region = '', , id = ''] = key.split('/');
  return { accountId, region, id };
}

/** What the keys of the objects of a resource in a cluster, or in one of its namespaces, begin with. */
export function recordsPrefix(
  noun: string,
  { accountId, region, id }: ClusterPlace,
  namespace?: string,
): string {
  const own = ['', 'kubernetes', accountId, region, noun, id].join('/');
  return namespace === undefined ? `${own}/` : `${own}/${encodeURIComponent(namespace)}/`;
}

/** Of all objects of a resource in a cluster. */
export const objectsPrefix = (resource: Resource, place: ClusterPlace): string =>
  recordsPrefix(storedName(resource), place);
