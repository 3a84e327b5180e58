import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { withTimeout } from '../../clock/index.ts';
import type { Cluster } from '../apiserver/cluster.ts';
import { goneOf } from '../apiserver/reach/gone.ts';
import { answerOf, passOn, type Upgrade } from '../apiserver/reach/kubelet-exchange.ts';
import { forwardedFor, switchProtocols, withoutBearerProtocol } from '../apiserver/reach/pass-through.ts';
import { isTrue } from '../apiserver/request-info.ts';
import { noSuchPath } from '../apiserver/status.ts';
import type { User } from '../authentication/user.ts';
import type { Attributes } from '../authorization/rbac.ts';
import { callErrorText } from '../webhooks/call-errors.ts';
import type { Address } from '../webhooks/service-address.ts';
import { pathOfApi, type RemoteApi } from './api-services.ts';
import type { RemoteApis } from './remote-apis.ts';
import { passedHeaders } from './remote-user.ts';

/** Until a server begins to answer what is no watch; as long as upstream lets any request take. */
const answerWithinMs = 60_000;

/** What a request below an API of another server asks for, as its path and method tell: what is there only that server knows. @throws {ApiError} 404 */
export function remoteAttributes(
  api: RemoteApi,
  method: string,
  path: string,
  query: URLSearchParams,
): Attributes {
  const rest = path
    .slice(pathOfApi(api).length + 1)
    .replace(/\/$/, '')
    .split('/')
    .map(decoded);
  // That server might find its way to something else than what is allowed here.
  if (rest.length > 1 && rest.some((it) => it === '' || it === '.' || it === '..' || it.includes('/')))
    throw noSuchPath();
  if (rest[0] === '') return { isResource: false, verb: method.toLowerCase(), path };
  const isWatchPath = rest[0] === 'watch' && rest.length > 1;
  const at = isWatchPath ? rest.slice(1) : rest;
  const isWithin = at[0] === 'namespaces' && at.length > 2 && !['finalize', 'status'].includes(at[2] ?? '');
  const [resource = '', name = '', subresource = ''] = isWithin ? at.slice(2) : at;
  const isWatch = isWatchPath || (name === '' && isTrue(query.get('watch')));
  return {
    ...{ isResource: true, verb: verbOf(method, name !== '', isWatch), group: api.group },
    ...{ resource, subresource, name },
    namespace: at[0] === 'namespaces' ? (at[1] ?? '') : '',
  };
}

function verbOf(method: string, isNamed: boolean, isWatch: boolean): string {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return isNamed ? 'delete' : 'deletecollection';
    default:
      return isWatch ? 'watch' : isNamed ? 'get' : 'list';
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw noSuchPath();
  }
}

/** Whose document of OpenAPI, version 3, a path is; undefined: no other server's. */
export const remoteDescribedBy = (apis: RemoteApis, path: string): RemoteApi | undefined =>
  path.startsWith('/openapi/v3/apis/')
    ? apis.all.find((it) => path === `/openapi/v3${pathOfApi(it)}` && apis.told(it)?.openApi !== undefined)
    : undefined;

/** What goes to another server, and for whom. */
interface Proxied {
  readonly api: RemoteApi;
  readonly user: User;
  readonly isWatch: boolean;
  /** Undefined: the connection goes on in HTTP. */
  readonly upgrade?: Upgrade | undefined;
}

/** Has another server answer a request, in the name of whoever asks. It is known that he may ask. @throws {ApiError} 429 */
export async function proxyToRemote(
  cluster: Pick<Cluster, 'clock' | 'log' | 'remoteApis' | 'signal' | 'streams'>,
  { api, user, isWatch, upgrade }: Proxied,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { remoteApis, clock, log } = cluster;
  if (!api.isAvailable) return sendUnavailable(response, 'service unavailable');
  let address: ReturnType<typeof remoteApis.addressOf>;
  try {
    address = remoteApis.addressOf(api);
  } catch (error) {
    log.warn('The server of an aggregated API is not to be found', { api: api.name, error });
    return sendUnavailable(response, 'service unavailable');
  }
  const { method = 'GET', url: path = '/', headers } = request;
  const asked = {
    ...{ user, method, path },
    headers: { ...withoutBearerProtocol(passedHeaders(headers)), 'x-forwarded-for': forwardedFor(request) },
  };
  if (upgrade !== undefined) {
    using _ = cluster.streams.take();
    const signal = goneOf(cluster, response, upgrade);
    const upgrading = { ...asked.headers, connection: 'Upgrade', upgrade: headers.upgrade };
    const open = () => remoteApis.open(api, address, { ...asked, headers: upgrading, signal });
    await upgradeRemote(address, upgrade, open, response);
    return;
  }
  const ended = goneOf(cluster, response);
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  try {
    using deadline = isWatch ? undefined : withTimeout(clock, answerWithinMs, ended);
    const signal = deadline?.signal ?? ended;
    const answer = await remoteApis.call(api, address, { ...asked, signal }, hasBody ? request : undefined);
    response.writeHead(answer.statusCode ?? 502, passedHeaders(answer.headers));
    response.flushHeaders();
    await passed(answer, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else if (!response.destroyed) sendUnavailable(response, callErrorText(error, address));
  }
}

/** Where the other server agrees on another protocol, both connections are one from then on; else its answer is the last that is said. */
async function upgradeRemote(
  address: Address,
  upgrade: Upgrade,
  open: () => Promise<ClientRequest>,
  response: ServerResponse,
): Promise<void> {
  try {
    const told = (error: unknown) => new Error(callErrorText(error, address));
    const answer = await answerOf(await open(), undefined, told);
    if (answer.type === 'upgraded') return await switchProtocols(response, upgrade, answer);
    response.writeHead(answer.response.statusCode ?? 502, passedHeaders(answer.response.headers));
    await passOn(answer.response, response);
  } catch (error) {
    if (!response.headersSent && !response.destroyed)
      sendUnavailable(response, error instanceof Error ? error.message : String(error));
  }
}

/** Resolves when all of it was passed on, or nobody listens any more. */
function passed(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    response.once('close', resolve);
    answer.once('error', reject);
    answer.pipe(response);
  });
}

/** In plain text, as upstream's proxy says it. */
function sendUnavailable(response: ServerResponse, text: string): void {
  response.setHeader('x-content-type-options', 'nosniff');
  response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
