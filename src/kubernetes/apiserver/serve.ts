import type { IncomingMessage, ServerResponse } from 'node:http';
import { uuid } from '../../clock/index.ts';
import type { Json } from '../../store/index.ts';
import { discoverAll } from '../aggregation/merged-discovery.ts';
import { proxyToRemote, remoteAttributes, remoteDescribedBy } from '../aggregation/proxy.ts';
import { audit, auditOf } from '../audit/audited-request.ts';
import { impersonated } from '../authentication/impersonation.ts';
import {
  clusterIssuerDocument,
  type IssuerDocument,
  publicIssuerDocument,
} from '../authentication/service-accounts/issuer-documents.ts';
import { anonymous, apiAudiences, TokenError, type User } from '../authentication/user.ts';
import type { Attributes } from '../authorization/rbac.ts';
import { selectedName } from '../objects/selectors.ts';
import { verbsOf } from '../schema/catalogue.ts';
import { deprecationOf } from '../schema/deprecations.ts';
import { verbsOfSubresource } from '../schema/subresources.ts';
import type { Cluster } from './cluster.ts';
import type { Discovery } from './discovery.ts';
import type { Answer } from './exchange.ts';
import { negotiate } from './negotiation.ts';
import { answerOpenApi } from './openapi/answer.ts';
import { goneOf } from './reach/gone.ts';
import type { Upgrade } from './reach/kubelet-exchange.ts';
import { isReachedElsewhere } from './reach/reach.ts';
import { parseBody } from './read-body.ts';
import { type ResourceRequest, readResourcePath, type Verb, verbOf } from './request-info.ts';
import { answerResource } from './resource-requests.ts';
import { send, sendText } from './send.ts';
import {
  ApiError,
  forbidden,
  internalError,
  methodNotAllowed,
  noSuchPath,
  statusOf,
  unauthorized,
} from './status.ts';

/**
 * The way of a request through an API server, in order: who asks, what for, whether he may, and then the answer. This is the
 * only place where an error becomes one.
 */
export async function serve(
  cluster: Cluster,
  request: IncomingMessage,
  response: ServerResponse,
  upgrade?: Upgrade,
): Promise<void> {
  const auditId = uuid(cluster.random);
  response.setHeader('audit-id', auditId);
  response.setHeader('cache-control', 'no-cache, private');
  const sink = cluster.logs.audit;
  if (sink !== undefined)
    audit({ id: auditId, clock: cluster.clock, sink, parse: parseBody }, request, response);
  try {
    await answer(cluster, request, response, upgrade);
  } catch (error) {
    if (response.headersSent) {
      cluster.log.error('A stream of the Kubernetes API broke off', { error, auditId });
      response.destroy();
      return;
    }
    if (response.destroyed) return;
    if (!(error instanceof ApiError)) {
      cluster.log.error('A request to the Kubernetes API failed', { error, auditId, method: request.method });
    }
    const told = error instanceof ApiError ? error : internalError();
    const retryAfter = told.details?.retryAfterSeconds;
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
    // Of a body that is too large the rest is not waited for.
    if (told.code === 413) response.setHeader('connection', 'close');
    await send(request, response, told.code, statusOf(told));
  }
}

async function answer(
  cluster: Cluster,
  request: IncomingMessage,
  response: ServerResponse,
  upgrade: Upgrade | undefined,
): Promise<void> {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
  const method = request.method ?? 'GET';
  const published = publicIssuerDocument(cluster.tokenIssuer, path);
  if (published !== undefined) return sendPublished(request, response, published);
  const user = await whoAsks(cluster, request);

  const remote = cluster.remoteApis.find(path);
  if (remote !== undefined) {
    const attributes = remoteAttributes(remote, method, path, query);
    const isWatch = attributes.verb === 'watch';
    const isWaiting = isWatch || upgrade !== undefined;
    using _ = await seatOf(cluster, user, attributes, response, { isWaiting });
    assertAllowed(cluster, request, user, attributes, remote.version);
    // Not only returned: until it is answered it has its seat.
    await proxyToRemote(cluster, { api: remote, user, isWatch, upgrade }, request, response);
    return;
  }
  const asked = readResourcePath(cluster.catalogue, path);
  if (asked === undefined) {
    const attributes = { isResource: false, verb: method.toLowerCase(), path } as const;
    using _ = await seatOf(cluster, user, attributes, response, { isWaiting: false });
    assertAllowed(cluster, request, user, attributes);
    await answerPath(cluster, user, { path, query, method }, request, response);
    return;
  }
  const verb = verbOf(method, asked, query);
  if (verb === undefined) throw methodNotAllowed();
  const { version } = asked.resource;
  const attributes = attributesOf(asked, verb, query);
  // A watch only waits; how many there are is bounded by connections. What a node says has a bound of its own.
  const isWaiting = verb === 'watch' || isReachedElsewhere(asked);
  using _ = await seatOf(cluster, user, attributes, response, { isWaiting });
  assertAllowed(cluster, request, user, attributes, version);
  if (createsToo(cluster, asked, verb))
    assertAllowed(cluster, request, user, attributesOf(asked, 'create', query), version);
  assertServed(asked, verb);
  const deprecation = deprecationOf(asked.resource);
  // Watchers hear of it, too, and whoever is refused.
  warn(response, {}, deprecation);
  const answered = await answerResource({ cluster, user, verb, asked, query, request, response, upgrade });
  if (answered === undefined) return;
  warn(response, answered, deprecation);
  await send(request, response, answered.code, answered.body);
}

/**
 * The seat of a request, by the cluster's flow control, which the answer tells of.
 * @param isWaiting It takes none.
 * @throws {ApiError} 429
 */
function seatOf(
  cluster: Cluster,
  user: User,
  attributes: Attributes,
  response: ServerResponse,
  { isWaiting }: { readonly isWaiting: boolean },
): Disposable | Promise<Disposable> | undefined {
  const classified = cluster.flows.classify(user, attributes);
  response.setHeader('x-kubernetes-pf-flowschema-uid', classified.schemaUid);
  response.setHeader('x-kubernetes-pf-prioritylevel-uid', classified.levelUid);
  return isWaiting ? undefined : cluster.flows.take(classified, () => goneOf(cluster, response));
}

/** By WebSocket a command begins with a GET: since 1.35 that alone does not let one in who may only look. */
function createsToo({ version }: Cluster, { resource, subresource }: ResourceRequest, verb: Verb): boolean {
  const isConnected = subresource === 'attach' || subresource === 'exec' || subresource === 'portforward';
  return isConnected && resource.name === 'pods' && verb === 'get' && Number(version.split('.')[1]) >= 35;
}

/**
 * A certificate goes before a token. Either that is nobody's is refused, unless the other is good; who brings neither is
 * anonymous.
 * @throws {ApiError} 400, 401, 403
 */
async function whoAsks(cluster: Cluster, request: IncomingMessage): Promise<User> {
  const { authorization = '' } = request.headers;
  const certified = cluster.authenticateCertificate(request.socket);
  if (certified !== undefined && certified.user === undefined && authorization === '') throw unauthorized();
  const user = certified?.user ?? (authorization === '' ? anonymous : await bearerOf(cluster, authorization));
  auditOf(request)?.isOf(user, user);
  const actsAs = impersonated(cluster.authorizer, user, request.headers, request.rawHeaders);
  auditOf(request)?.isOf(user, actsAs);
  return actsAs;
}

async function bearerOf({ authenticate }: Cluster, authorization: string): Promise<User> {
  const token = /^bearer +(\S+)$/i.exec(authorization)?.[1];
  if (token === undefined) throw unauthorized();
  try {
    const found = await authenticate(token, apiAudiences);
    if (found !== undefined) return found.user;
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
  }
  throw unauthorized();
}

function attributesOf(asked: ResourceRequest, verb: Verb, query: URLSearchParams): Attributes {
  const { resource, subresource = '', namespace, name } = asked;
  // A selector narrows what is looked for or deleted, and says nothing of what is created.
  const selected = verb === 'create' ? undefined : selectedName(query.get('fieldSelector') ?? '');
  // What is in a namespace includes the namespace itself.
  const isNamespace = resource.name === 'namespaces' && resource.group === '';
  return {
    ...{ isResource: true, verb, group: resource.group, resource: resource.name, subresource },
    namespace: namespace ?? (isNamespace ? (name ?? '') : ''),
    name: name ?? selected ?? '',
  };
}

/** @throws {ApiError} 403 */
function assertAllowed(
  { authorizer }: Cluster,
  request: IncomingMessage,
  user: User,
  asked: Attributes,
  version = '',
): void {
  auditOf(request)?.asks(asked, version, authorizer.why(user, asked));
  if (authorizer.allows(user, asked)) return;
  const { username } = user;
  if (!asked.isResource) {
    throw new ApiError(
      403,
      'Forbidden',
      `forbidden: User "${username}" cannot ${asked.verb} path "${asked.path}"`,
      {},
    );
  }
  const { verb, group, resource, subresource, namespace, name } = asked;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  throw forbidden(
    { group, name: resource },
    name,
    `User "${username}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`,
  );
}

function assertServed({ resource, subresource, namespace }: ResourceRequest, verb: Verb): void {
  const verbs = subresource === undefined ? verbsOf(resource) : verbsOfSubresource(subresource);
  if (verb !== '' && !verbs.includes(verb)) throw methodNotAllowed();
  if (verb === 'create' && resource.custom?.isTerminating) {
    throw new ApiError(
      405,
      'MethodNotAllowed',
      'create not allowed while custom resource definition is terminating',
      { group: resource.group, kind: resource.name },
    );
  }
  const isWithout = resource.isNamespaced && namespace === undefined;
  // Over all namespaces one can only look.
  if (isWithout && verb !== 'list' && verb !== 'watch') throw methodNotAllowed();
}

interface PathRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly method: string;
}

async function answerPath(
  cluster: Cluster,
  user: User,
  { path, query, method }: PathRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed();
  const check = /^\/(healthz|livez|readyz)(?:\/ping)?$/.exec(path);
  if (check !== null) {
    const told = query.has('verbose') ? `[+]ping ok\n${check[1]} check passed\n` : 'ok';
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(told);
    return;
  }
  if (path === '/version' || path === '/version/') return send(request, response, 200, versionOf(cluster));
  if (path === '/api' || path === '/apis' || path.startsWith('/api/') || path.startsWith('/apis/')) {
    const accepted = negotiate(request.headers.accept, ['APIGroupDiscoveryList']);
    const asked = path.replace(/\/$/, '');
    const found = discoverAll(cluster.catalogue, cluster.remoteApis, asked, accepted.as !== undefined);
    if (found !== undefined) return sendDiscovery(request, response, found);
  }
  const issued = clusterIssuerDocument(cluster.tokenIssuer, path);
  if (issued !== undefined) return sendPublished(request, response, issued);
  const described = remoteDescribedBy(cluster.remoteApis, path);
  if (described !== undefined)
    return proxyToRemote(cluster, { api: described, user, isWatch: false }, request, response);
  if (await answerOpenApi(cluster, { path, query }, request, response)) return;
  throw noSuchPath();
}

async function sendDiscovery(
  request: IncomingMessage,
  response: ServerResponse,
  { body, etag }: Discovery,
): Promise<void> {
  response.setHeader('vary', 'Accept');
  if (etag === undefined) return send(request, response, 200, body);
  response.setHeader('etag', etag);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  const type = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  await sendText(request, response, 200, JSON.stringify(body), type);
}

/** Keys change seldom, and by what is remembered of them tokens are taken for good. */
function sendPublished(
  request: IncomingMessage,
  response: ServerResponse,
  { type, body }: IssuerDocument,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  response.setHeader('cache-control', 'public, max-age=3600');
  return sendText(request, response, 200, JSON.stringify(body), type);
}

/** Of the API that is served; the patch release is this program's own. */
function versionOf({ version }: Cluster): Json {
  const [major = '', minor = ''] = version.split('.');
  return {
    ...{ major, minor, emulationMajor: major, emulationMinor: minor },
    ...{ minCompatibilityMajor: major, minCompatibilityMinor: String(Number(minor) - 1) },
    gitVersion: `v${version}.0-eks-catamaran`,
    ...{ gitCommit: '', gitTreeState: 'clean', buildDate: '1970-01-01T00:00:00Z' },
    ...{
      goVersion: 'none',
      compiler: 'none',
      platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
    },
  };
}

function warn(
  response: ServerResponse,
  { warnings: ofAnswer = [] }: Pick<Answer, 'warnings'>,
  deprecation: string | undefined,
): void {
  const warnings = [...(deprecation === undefined ? [] : [deprecation]), ...ofAnswer];
  if (warnings.length === 0) return;
  response.setHeader(
    'warning',
    warnings.map((text) => `299 - ${JSON.stringify(text.replaceAll(/[^\x20-\x7e]/g, '?'))}`),
  );
}
