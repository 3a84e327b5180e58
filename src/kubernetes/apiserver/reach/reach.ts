import { type KubernetesObject, listOf } from '../../objects/object.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import type { Subresource } from '../../schema/subresources.ts';
import type { Cluster } from '../cluster.ts';
import type { ResourceExchange } from '../exchange.ts';
import { getObject } from '../read.ts';
import type { ResourceRequest } from '../request-info.ts';
import { ApiError } from '../status.ts';
import { proxyNode, readProxyName } from './node-proxy.ts';
import { connectPod } from './pod-connect.ts';
import { streamLog } from './pod-log.ts';
import { nodeOf } from './pod-place.ts';

const endpointSlices = resourceNamed('discovery.k8s.io', 'endpointslices');

/** What is answered by the machine that a pod runs on, or by what runs there. */
const elsewhere: readonly (Subresource | undefined)[] = ['attach', 'exec', 'log', 'portforward', 'proxy'];

export const isReachedElsewhere = ({ subresource }: ResourceRequest): boolean =>
  elsewhere.includes(subresource);

/** Answers with what a node or a pod says. @throws {ApiError} */
export async function reach(exchange: ResourceExchange): Promise<undefined> {
  const { cluster, asked } = exchange;
  using _ = cluster.streams.take();
  switch (asked.subresource) {
    case 'log':
      await streamLog(exchange);
      return;
    case 'attach':
    case 'exec':
    case 'portforward':
      await connectPod(exchange);
      return;
    default:
      if (asked.resource.name !== 'nodes') return refuseToProxy(cluster, asked);
      await proxyNode(exchange);
      return;
  }
}

/** Says why nothing is reached: as Kubernetes does where nothing runs, else that it is not built. @throws {ApiError} always. */
async function refuseToProxy(cluster: Cluster, asked: ResourceRequest): Promise<never> {
  const { resource, namespace, name = '', subresource } = asked;
  const object = await getObject(cluster, { resource, namespace, name: readProxyName(name).name });
  if (resource.name === 'pods') await nodeOf(cluster, object);
  if (resource.name === 'services' && !(await hasEndpoints(cluster, object)))
    throw new ApiError(503, 'ServiceUnavailable', `no endpoints available for service "${name}"`);
  throw new ApiError(
    501,
    'NotImplemented',
    `${resource.name}/${subresource} is not supported by this version of Catamaran yet`,
  );
}

async function hasEndpoints(cluster: Cluster, service: KubernetesObject): Promise<boolean> {
  const { items } = await cluster.objects.list(endpointSlices, service.metadata.namespace);
  return items.some(
    ({ object }) =>
      object.metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name &&
      listOf(object, 'endpoints').length > 0,
  );
}
