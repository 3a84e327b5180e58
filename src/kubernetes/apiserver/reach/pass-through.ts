import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from '../../../http.ts';
import type { KubernetesObject } from '../../objects/object.ts';
import type { ResourceExchange } from '../exchange.ts';
import type { ApiError } from '../status.ts';
import { goneOf } from './gone.ts';
import {
  answerOf,
  dialingFailed,
  join,
  type KubeletAnswer,
  passOn,
  type Upgrade,
} from './kubelet-exchange.ts';
import { isPage } from './proxied-links.ts';

/** Whom to ask in place of the API server. */
interface Backend {
  /** The request, not sent yet. */
  open(headers: Record<string, string | string[]>, signal: AbortSignal): Promise<ClientRequest>;
  /** What it means that it could not be asked. */
  failure(error: unknown): ApiError;
  /** What becomes of links: where an answer leads, and those of a page. */
  linked?(link: string): string;
}

/** Asks a node's kubelet. @throws {ApiError} 400, 500 */
export function toKubelet(
  exchange: ResourceExchange,
  node: KubernetesObject,
  { method, path, linked }: { readonly method: string; readonly path: string } & Pick<Backend, 'linked'>,
): Promise<void> {
  return passThrough(exchange, {
    open: (headers, signal) => exchange.cluster.kubelets.open(node, { method, path, headers, signal }),
    failure: dialingFailed,
    ...(linked && { linked }),
  });
}

/**
 * Asks somebody else with the headers and the body of who asks, and gives him the answer as it is; where both agree on another
 * protocol, the two connections are one from then on.
 * @throws {ApiError} it could not be asked.
 */
export async function passThrough(
  { cluster, request, response, upgrade }: ResourceExchange,
  { open, failure, linked }: Backend,
): Promise<void> {
  const signal = goneOf(cluster, response, upgrade);
  const { headers } = request;
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  const body = hasBody && upgrade === undefined ? request : undefined;
  const answer = await answerOf(await open(passedHeaders(headers), signal), body, failure);
  const { statusCode = 500 } = answer.response;
  if (answer.type === 'response' || upgrade === undefined) {
    const told = unhopped(answer.response.headers);
    const { 'content-length': length, location, ...kept } = told;
    const isChanged = linked !== undefined && request.method !== 'HEAD' && isPage(answer.response.headers);
    if (location) kept.location = linked ? linked(String(location)) : location;
    if (length && !isChanged) kept['content-length'] = length;
    response.writeHead(statusCode, kept);
    return passOn(
      answer.response,
      response,
      isChanged
        ? async (from, to) => (await import('./proxied-page.ts')).passPage(from, to, linked)
        : undefined,
    );
  }
  await switchProtocols(response, upgrade, answer);
}

/** Tells the client what was agreed on; from then on both connections are one, until either side ends. */
export async function switchProtocols(
  response: ServerResponse,
  upgrade: Upgrade,
  answer: Extract<KubeletAnswer, { readonly type: 'upgraded' }>,
): Promise<void> {
  const { statusCode = 101, rawHeaders } = answer.response;
  response.detachSocket(upgrade.socket as never);
  upgrade.socket.write(headOf(statusCode, rawHeaders));
  answer.socket.write(upgrade.head);
  upgrade.socket.write(answer.head);
  await join(upgrade.socket, answer.socket);
}

type Headers = NodeJS.Dict<string | string[]>;

/** Who asks is the API server: nobody's credentials go on to a node. */
function passedHeaders(headers: Headers): Record<string, string | string[]> {
  const passed: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    const isOwn =
      name === 'host' || name === 'authorization' || name === 'cookie' || name.startsWith('impersonate-');
    if (!isOwn && value !== undefined) passed[name] = value;
  }
  return withoutBearerProtocol(passed);
}

/** A bearer token may also come as a protocol (`base64url.bearer.authorization.k8s.io.…`). */
export function withoutBearerProtocol<T extends Headers>(headers: T): T {
  const protocols = headers['sec-websocket-protocol'];
  if (typeof protocols !== 'string') return headers;
  const kept = protocols.split(',').filter((it) => !it.trim().startsWith('base64url.bearer.'));
  return { ...headers, 'sec-websocket-protocol': kept.join(',') };
}

/** Who asks, after those that he asks for. */
export const forwardedFor = ({ headers, socket }: IncomingMessage): string =>
  [headers['x-forwarded-for'], socket.remoteAddress].filter((it) => it !== undefined).join(', ');

const hopHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

const unhopped = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name)));

function headOf(code: number, rawHeaders: readonly string[]): string {
  const lines = [`HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
