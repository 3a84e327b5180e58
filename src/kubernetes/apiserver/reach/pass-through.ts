import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from '../../../http.ts';
import type { KubernetesObject } from '../../objects/object.ts';
import type { ResourceExchange } from '../exchange.ts';
import { goneOf } from './gone.ts';
import { askKubelet, join, passOn } from './kubelet-exchange.ts';

/** What a kubelet is asked in place of what was asked here. */
interface Asking {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: IncomingMessage;
  /** What becomes of where an answer leads. */
  readonly located?: (location: string) => string;
}

/**
 * Asks a kubelet with the headers of who asks, and gives him its answer as it is; where both agree on another protocol, the two
 * connections are one from then on.
 * @throws {ApiError} it could not be asked.
 */
export async function passThrough(
  { cluster, request, response, upgrade }: ResourceExchange,
  node: KubernetesObject,
  { located, ...asking }: Asking,
): Promise<void> {
  const gone = new AbortController();
  upgrade?.socket.once('close', () => gone.abort(new Error('The client has gone')));
  const signal = upgrade ? AbortSignal.any([cluster.signal, gone.signal]) : goneOf(cluster, response);
  const headers = passedHeaders(request.headers);
  const answer = await askKubelet(cluster, node, { ...asking, headers }, signal);
  const { statusCode = 500, rawHeaders } = answer.response;
  if (answer.type === 'response' || upgrade === undefined) {
    const told = unhopped(answer.response.headers);
    const { location } = told;
    response.writeHead(statusCode, {
      ...told,
      ...(typeof location === 'string' && located && { location: located(location) }),
    });
    return passOn(answer.response, response);
  }
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
  // A bearer token may also come as a protocol (`base64url.bearer.authorization.k8s.io.…`).
  const protocols = passed['sec-websocket-protocol'];
  if (typeof protocols === 'string') {
    const kept = protocols.split(',').filter((it) => !it.trim().startsWith('base64url.bearer.'));
    passed['sec-websocket-protocol'] = kept.join(',');
  }
  return passed;
}

const hopHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

const unhopped = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name)));

function headOf(code: number, rawHeaders: readonly string[]): string {
  const lines = [`HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
