import { type KubernetesObject, listOf, memberOf, textOf } from '../objects/object.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { Subresource } from '../schema/subresources.ts';
import type { Cluster } from './cluster.ts';
import { getObject } from './read.ts';
import type { ResourceRequest } from './request-info.ts';
import { ApiError } from './status.ts';

const endpointSlices = resourceNamed('discovery.k8s.io', 'endpointslices');

/** What is answered by the machine that a pod runs on, or by what runs there. */
const elsewhere: readonly (Subresource | undefined)[] = ['attach', 'exec', 'log', 'portforward', 'proxy'];

export const isReachedElsewhere = ({ subresource }: ResourceRequest): boolean =>
  elsewhere.includes(subresource);

/** Says why nothing is reached: as Kubernetes does where nothing runs, else that it is not built. @throws {ApiError} always. */
export async function refuseToReach(cluster: Cluster, asked: ResourceRequest): Promise<never> {
  const { resource, namespace, name = '', subresource } = asked;
  const own = subresource === 'proxy' ? nameInProxyPath(name) : name;
  const object = await getObject(cluster, { resource, namespace, name: own });
  if (resource.name === 'pods' && textOf(memberOf(object, 'spec'), 'nodeName') === '')
    throw new ApiError(400, 'BadRequest', `pod ${object.metadata.name} does not have a host assigned`);
  if (resource.name === 'services' && !(await hasEndpoints(cluster, object)))
    throw new ApiError(503, 'ServiceUnavailable', `no endpoints available for service "${name}"`);
  throw new ApiError(
    501,
    'NotImplemented',
    `${resource.name}/${subresource} is not supported by this version of Catamaran yet`,
  );
}

/** Of `web`, `web:80` and `https:web:443`. */
function nameInProxyPath(text: string): string {
  const parts = text.split(':');
  return (parts.length === 3 ? parts[1] : parts[0]) ?? '';
}

async function hasEndpoints(cluster: Cluster, service: KubernetesObject): Promise<boolean> {
  const { items } = await cluster.objects.list(endpointSlices, service.metadata.namespace);
  return items.some(
    ({ object }) =>
      object.metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name &&
      listOf(object, 'endpoints').length > 0,
  );
}
