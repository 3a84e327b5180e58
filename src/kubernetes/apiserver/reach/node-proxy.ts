import { memberOf, numberOf } from '../../objects/object.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { type ResourceExchange, requester, targetOf } from '../exchange.ts';
import { getObject } from '../read.ts';
import { ApiError } from '../status.ts';
import { toKubelet } from './pass-through.ts';
import { linkThrough } from './proxied-links.ts';
import { readProxyName, splitProxyPath } from './proxy-path.ts';

const nodes = resourceNamed('', 'nodes');

/** `nodes/<name>/proxy/<path>`: the kubelet's own API. @throws {ApiError} */
export async function proxyNode(exchange: ResourceExchange): Promise<void> {
  const { cluster, asked, request, response } = exchange;
  const { scheme, name, port } = readProxyName(asked.name ?? '');
  const { prefix, path, query } = splitProxyPath(request.url ?? '');
  const node = await getObject(cluster, { resource: nodes, namespace: undefined, name });
  await cluster.admission.connect({
    ...{ ...targetOf(asked), operation: 'CONNECT', before: undefined, isDryRun: false, options: {} },
    object: { kind: 'NodeProxyOptions', apiVersion: 'v1', ...(path !== '' && { path }) },
    by: requester(exchange, []),
  });
  const own = numberOf(
    memberOf(memberOf(memberOf(node, 'status'), 'daemonEndpoints'), 'kubeletEndpoint'),
    'Port',
  );
  if (scheme === 'http' || (port !== '' && Number(port) !== own)) {
    throw new ApiError(
      501,
      'NotImplemented',
      `nodes/proxy to other than the kubelet (https, port ${own}) is not supported by this version of Catamaran yet`,
    );
  }
  const method = request.method ?? 'GET';
  if (path === '' && (method === 'GET' || method === 'HEAD')) {
    response.writeHead(301, { location: `${prefix}/${query}` }).end();
    return;
  }
  await toKubelet(exchange, node, {
    ...{ method, path: `${path || '/'}${query}` },
    linked: (link) => linkThrough({ prefix, backend: '', asked: request.headers.host ?? '' }, link),
  });
}
