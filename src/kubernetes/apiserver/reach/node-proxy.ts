import { memberOf, numberOf } from '../../objects/object.ts';
import { resourceNamed } from '../../schema/catalogue.ts';
import { type ResourceExchange, requester, targetOf } from '../exchange.ts';
import { getObject } from '../read.ts';
import { ApiError } from '../status.ts';
import { passThrough } from './pass-through.ts';

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
  const hasBody = request.headers['content-length'] !== undefined || 'transfer-encoding' in request.headers;
  await passThrough(exchange, node, {
    ...{ method, path: `${path || '/'}${query}` },
    ...(hasBody && { body: request }),
    located: (location) => (location.startsWith('/') ? `${prefix}${location}` : location),
  });
}

interface ProxyName {
  readonly scheme: string;
  readonly name: string;
  readonly port: string;
}

/** Of `n`, `n:10250` and `https:n:10250`. */
export function readProxyName(text: string): ProxyName {
  const parts = text.split(':');
  const [scheme = '', name = '', port = ''] =
    parts.length === 3 ? parts : parts.length === 2 ? ['', ...parts] : ['', text];
  return { scheme, name, port };
}

/** As it was sent, escapes and all: `/…/proxy`, what follows, and the query with its `?`. */
function splitProxyPath(url: string) {
  const [, prefix = '', path = '', query = ''] =
    /^([^?]*?\/nodes\/[^/?]+\/proxy)(\/[^?]*)?(\?.*)?$/.exec(url) ?? [];
  return { prefix, path, query };
}
