import type { RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIPv4 } from 'node:net';
import { request as httpRequest } from '../../../http.ts';
import { type KubernetesObject, memberOf, numberOf, objectsIn, textOf } from '../../objects/object.ts';
import { callErrorText } from '../../webhooks/call-errors.ts';
import { type Dial, secured } from '../../webhooks/dial.ts';
import { isReachable } from '../../webhooks/reachable-address.ts';
import type { Address } from '../../webhooks/service-address.ts';
import { type ResourceExchange, requester, targetOf } from '../exchange.ts';
import { getObject } from '../read.ts';
import { ApiError, badRequest } from '../status.ts';
import type { Endpoints } from './endpoints.ts';
import { forwardedFor, passThrough } from './pass-through.ts';
import { nodeOf } from './pod-place.ts';
import { linkThrough, pathThrough } from './proxied-links.ts';
import { readProxyName, splitProxyPath } from './proxy-path.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** `pods/<name>/proxy/<path>` and `services/<name>/proxy/<path>`: whoever answers there. @throws {ApiError} */
export async function proxyEndpoint(exchange: ResourceExchange): Promise<void> {
  const { cluster, asked, request, response } = exchange;
  const { resource, namespace } = asked;
  const { scheme, name, port } = readProxyName(asked.name ?? '');
  const { prefix, path, query } = splitProxyPath(request.url ?? '');
  const object = await getObject(cluster, { resource, namespace, name });
  await cluster.admission.connect({
    ...{ ...targetOf(asked), operation: 'CONNECT', before: undefined, isDryRun: false, options: {} },
    object: { kind: `${resource.kind}ProxyOptions`, apiVersion: 'v1', ...(path !== '' && { path }) },
    by: requester(exchange, []),
  });
  const address =
    resource.name === 'pods'
      ? await addressOfPod(exchange, object, port)
      : addressOfService(cluster.endpoints, object, port);
  if (!isProxyable(address.host)) throw badRequest('address not allowed');
  const method = request.method ?? 'GET';
  if (path === '' && (method === 'GET' || method === 'HEAD')) {
    response.writeHead(301, { location: `${prefix}/${query}` }).end();
    return;
  }
  const { dial } = cluster.endpoints;
  const { host = '', cookie } = request.headers;
  const proxied = { prefix, backend: `${address.host}:${address.port}`, asked: host };
  // Of what identifies, the cookies alone are for who answers there.
  const told = { host, ...(cookie && { cookie }), 'x-forwarded-uri': pathThrough(prefix, path || '/') };
  await passThrough(exchange, {
    open: (passed, signal) => {
      const headers = { ...passed, ...told, 'x-forwarded-for': forwardedFor(request) };
      const options = { method, path: `${path || '/'}${query}`, headers };
      return open(dial, address, scheme === 'https', options, signal);
    },
    failure: (error) => unreachable(address, error),
    linked: (link) => linkThrough(proxied, link),
  });
}

/**
 * Not what only this machine is to itself: an object of a cluster could name whatever else listens there. And no name, as an
 * ExternalName has: whoever answers for it says where it leads, and could say that it is there.
 */
const isProxyable = (host: string): boolean =>
  isReachable(host) && !loopback.check(host, isIPv4(host) ? 'ipv4' : 'ipv6');

/** Of what is behind a proxy nobody knows the certificate, as upstream. @throws {ApiError} 503 */
async function open(
  dial: Dial,
  address: Address,
  isTls: boolean,
  options: RequestOptions,
  signal: AbortSignal,
) {
  const { host, port } = address;
  const raw = await dial(address, signal).catch((error: unknown) => {
    throw unreachable(address, error);
  });
  const socket = isTls ? secured(raw, { rejectUnauthorized: false }) : raw;
  const request = isTls ? httpsRequest : httpRequest;
  // With an agent, be it none by `false`, Node would not ask for the connection here, and open one of its own.
  return request({ ...options, host, port, signal, createConnection: () => socket });
}

const unreachable = (address: Address, error: unknown): ApiError =>
  new ApiError(503, 'ServiceUnavailable', `error trying to reach service: ${callErrorText(error, address)}`);

/** At the port that is named, or the first that the pod tells, else 80. @throws {ApiError} 400 */
async function addressOfPod(
  { cluster }: ResourceExchange,
  pod: KubernetesObject,
  port: string,
): Promise<Address> {
  await nodeOf(cluster, pod);
  const host = textOf(memberOf(pod, 'status'), 'podIP');
  const ports = objectsIn(memberOf(pod, 'spec'), 'containers').flatMap((it) => objectsIn(it, 'ports'));
  const named = ports.find((it) => textOf(it, 'name') === port);
  const [first] = ports;
  const chosen = port === '' ? first : named;
  const number = chosen ? numberOf(chosen, 'containerPort') : Number(port || 80);
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw badRequest(`invalid pod request "${pod.metadata.name}:${port}"`);
  return { host, port: number };
}

/** @throws {ApiError} 503: it leads nowhere. */
function addressOfService(endpoints: Endpoints, service: KubernetesObject, port: string): Address {
  const { name, namespace = '' } = service.metadata;
  const unavailable = (message: string): ApiError => new ApiError(503, 'ServiceUnavailable', message);
  const found = objectsIn(memberOf(service, 'spec'), 'ports').find((it) =>
    /^\d+$/.test(port) ? numberOf(it, 'port') === Number(port) : textOf(it, 'name') === port,
  );
  if (found === undefined)
    throw unavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`);
  try {
    return endpoints.resolve({ namespace, name, port: numberOf(found, 'port') });
  } catch (error) {
    throw unavailable(error instanceof Error ? error.message : String(error));
  }
}
