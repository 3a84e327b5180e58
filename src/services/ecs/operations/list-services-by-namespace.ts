import type {
  ListServicesByNamespaceCommandInput,
  ListServicesByNamespaceResponse,
} from '@aws-sdk/client-ecs';
import type { Call } from '../../service.ts';
import { findDiscoveryNamespace } from '../../servicediscovery/index.ts';
import { serviceArn } from '../arn.ts';
import type { EcsContext } from '../context.ts';
import { ecsRefusal } from '../errors.ts';
import { page } from '../pagination.ts';
import { connectedServices } from '../service-connect/connect-service.ts';

const defaultPage = 10;
const maxPage = 100;

/**
 * The services with Service Connect in a namespace, of whatever cluster.
 * @throws NamespaceNotFoundException
 */
export function listServicesByNamespace(
  ecs: EcsContext,
  input: ListServicesByNamespaceCommandInput,
  call: Call,
): ListServicesByNamespaceResponse {
  const { namespace: wanted = '' } = input;
  const namespace = findDiscoveryNamespace(ecs.state, call, wanted);
  if (namespace === undefined)
    throw ecsRefusal('NamespaceNotFoundException', `The namespace ${wanted} was not found.`);
  const arns = connectedServices(ecs.state, call, namespace.id)
    .map(({ cluster, name }) => serviceArn(call, cluster, name))
    .sort();
  const { items, nextToken } = page(arns, (arn) => arn, {
    maxResults: input.maxResults,
    nextToken: input.nextToken,
    defaultSize: defaultPage,
    maxSize: maxPage,
  });
  return { serviceArns: [...items], ...(nextToken === undefined ? {} : { nextToken }) };
}
