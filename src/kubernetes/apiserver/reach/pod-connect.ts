import { STATUS_CODES } from '../../../http.ts';
import { type JsonObject, textOf, textsIn } from '../../objects/object.ts';
import { type ResourceExchange, requester, targetOf } from '../exchange.ts';
import { getObject } from '../read.ts';
import { badRequest } from '../status.ts';
import { portForwardOptions, processOptions } from './connect-options.ts';
import { askKubelet, join, passOn } from './kubelet-exchange.ts';
import { containerOf, nodeOf } from './pod-place.ts';

/**
 * `exec`, `attach` and `portforward` of a pod: what the client and the node's kubelet have to say to each other goes through
 * as it is, whichever of their protocols it is in.
 * @throws {ApiError}
 */
export async function connectPod(exchange: ResourceExchange): Promise<void> {
  const { cluster, asked, request, response, upgrade } = exchange;
  const pod = await getObject(cluster, targetOf(asked));
  const options = await cluster.admission.connect({
    ...{ ...targetOf(asked), operation: 'CONNECT', before: undefined, isDryRun: false, options: {} },
    ...{ object: optionsOf(exchange), by: requester(exchange, []) },
  });
  const path = pathOf(exchange, options, () => containerOf(pod, textOf(options, 'container')));
  const node = await nodeOf(cluster, pod);
  if (upgrade === undefined) throw badRequest('Upgrade request required');
  const gone = new AbortController();
  upgrade.socket.once('close', () => gone.abort(new Error('The client has gone')));
  const signal = AbortSignal.any([cluster.signal, gone.signal]);
  const asking = { method: request.method ?? 'GET', path, headers: passedHeaders(request.headers) };
  const answer = await askKubelet(cluster, node, asking, signal);
  if (answer.type === 'response') {
    response.writeHead(answer.response.statusCode ?? 500, unhopped(answer.response.headers));
    return passOn(answer.response, response);
  }
  response.detachSocket(upgrade.socket as never);
  upgrade.socket.write(headOf(answer.response.statusCode ?? 101, answer.response.rawHeaders));
  answer.socket.write(upgrade.head);
  upgrade.socket.write(answer.head);
  await join(upgrade.socket, answer.socket);
}

function optionsOf({ asked, query }: ResourceExchange): JsonObject {
  switch (asked.subresource) {
    case 'portforward':
      return portForwardOptions(query);
    case 'attach':
      return processOptions(query, 'PodAttachOptions');
    default:
      return processOptions(query, 'PodExecOptions');
  }
}

/** As the kubelet is asked, which names things otherwise. */
function pathOf({ asked }: ResourceExchange, options: JsonObject, container: () => string): string {
  const { namespace, name, subresource } = asked;
  const query = new URLSearchParams();
  if (subresource === 'portforward') {
    for (const port of (options.ports ?? []) as readonly number[]) query.append('port', String(port));
    return `/portForward/${namespace}/${name}?${query}`;
  }
  const names = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' } as const;
  for (const [own, kubelets] of Object.entries(names)) if (options[own] === true) query.set(kubelets, '1');
  for (const word of textsIn(options, 'command')) query.append('command', word);
  return `/${subresource}/${namespace}/${name}/${container()}?${query}`;
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
