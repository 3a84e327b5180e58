import type { IncomingMessage, ServerResponse as Response } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../../clock/index.ts';
import { ServerResponse } from '../../../http.ts';
import type { Log } from '../../../log.ts';
import type { Runtime } from '../../../runtime/index.ts';
import { cadvisorMetrics } from './cadvisor-metrics.ts';
import type { ClientAccess } from './client-access.ts';
import { failedWith } from './command-streams.ts';
import { hasSpoken, loggedContainer, logText, readLogQuery } from './container-logs.ts';
import { forwardPorts } from './port-forward.ts';
import { runCommand } from './run-command.ts';
import { KubeletRefusal, podNamed, runningContainer, type ServedPods } from './served-pods.ts';
import type { ServingCertificate } from './serving-certificate.ts';
import { type NodeStats, resourceMetrics, statsSummary, type VolumeUses } from './stats.ts';
import { isWebSocket, type Upgrade, Upgrades } from './upgrades.ts';

const maxConnections = 2_000;
/** As Go's servers: a command stands in the URL. */
const maxHeaderBytes = 1024 * 1024;

export interface KubeletServerOptions {
  readonly nodeName: string;
  /** The address that it listens on. */
  readonly host: string;
  /** Default: any free one. */
  readonly port?: number;
  /** Of the cluster, PEM: whose clients' certificates are believed. */
  readonly certificateAuthority: string;
  readonly certificate: ServingCertificate;
  readonly access: Pick<ClientAccess, 'check'>;
  readonly pods: ServedPods;
  readonly stats: NodeStats;
  readonly volumes: VolumeUses;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Log;
}

/** The kubelet's own HTTPS API. Disposing it ends every stream and kills what was run for one. */
export interface KubeletServer extends AsyncDisposable {
  readonly port: number;
  /** New connections are shown this one. */
  renew(certificate: ServingCertificate): void;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: Response;
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly upgrade: Upgrade | undefined;
  readonly signal: AbortSignal;
}

/** Starts the kubelet's server: logs, commands, attachments, forwarded ports, and what the node uses. */
export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const { host, port = 0, certificateAuthority, certificate, clock } = options;
  const closing = new AbortController();
  const upgrades = new Upgrades(clock);
  const running = new Set<Promise<void>>();
  const server = createServer({
    ...{ cert: certificate.certificate, key: certificate.privateKey, ca: certificateAuthority },
    ...{ requestCert: true, rejectUnauthorized: false, maxHeaderSize: maxHeaderBytes },
  });
  const take = (request: IncomingMessage, response: Response, upgrade: Upgrade | undefined): void => {
    const run = answer(options, upgrades, closing.signal, { request, response, upgrade }).finally(() =>
      running.delete(run),
    );
    running.add(run);
  };
  server.on('request', (request, response) => take(request, response, undefined));
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Stays on for good: whoever refuses the connection later still writes to this socket.
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    response.shouldKeepAlive = false;
    response.on('finish', () => {
      response.detachSocket(socket);
      socket.end();
    });
    take(request, response, { request, socket, head });
  });
  server.maxConnections = maxConnections;
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    renew: ({ certificate: cert, privateKey: key }) =>
      server.setSecureContext({ cert, key, ca: certificateAuthority }),
    [Symbol.asyncDispose]: async () => {
      closing.abort(new Error('The kubelet is stopping'));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await Promise.allSettled(running);
      upgrades.close();
      await closed;
    },
  };
}

async function answer(
  options: KubeletServerOptions,
  upgrades: Upgrades,
  closing: AbortSignal,
  { request, response, upgrade }: Pick<Asked, 'request' | 'response' | 'upgrade'>,
): Promise<void> {
  const gone = new AbortController();
  const ended = upgrade?.socket ?? response;
  ended.once('close', () => gone.abort(new Error('The client has gone')));
  const signal = AbortSignal.any([closing, gone.signal]);
  const onClosing = (): void => void (upgrade?.socket ?? request.socket).destroy();
  closing.addEventListener('abort', onClosing, { once: true });
  try {
    const url = URL.parse(request.url ?? '/', 'https://kubelet');
    if (url === null) throw new KubeletRefusal(400, '400: Bad Request');
    const { pathname, searchParams: query } = url;
    await options.access.check(request, pathname, signal);
    const parts = pathname.split('/').slice(1).map(decodeURIComponent);
    await route(options, upgrades, { request, response, upgrade, parts, query, signal });
  } catch (error) {
    tell(options.log, response, error);
  } finally {
    closing.removeEventListener('abort', onClosing);
  }
}

function tell(log: Log, response: Response, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const isRefusal = error instanceof KubeletRefusal;
  if (!isRefusal) log.warn('A request to the kubelet failed', { error });
  const text = error instanceof Error ? error.message : String(error);
  response
    .writeHead(isRefusal ? error.code : 500, { 'content-type': 'text/plain; charset=utf-8' })
    .end(`${text}\n`);
}

/** What is served, by the first part of its path. */
async function route(options: KubeletServerOptions, upgrades: Upgrades, asked: Asked): Promise<void> {
  const { parts, request, response } = asked;
  switch (parts[0]) {
    case 'containerLogs':
      return sendLog(options, asked);
    case 'exec':
    case 'attach':
      return command(options, upgrades, asked);
    case 'portForward':
      return portForward(options, upgrades, asked);
    default:
      break;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD')
    throw new KubeletRefusal(405, '405: Method Not Allowed');
  switch (`/${parts.join('/')}`) {
    case '/healthz':
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('ok');
      return;
    case '/pods':
    case '/pods/':
      return sendJson(response, {
        kind: 'PodList',
        apiVersion: 'v1',
        metadata: {},
        items: options.pods.list(),
      });
    case '/stats/summary':
      return sendJson(response, await statsSummary(options));
    case '/metrics/resource':
      return sendMetrics(response, await resourceMetrics(options));
    case '/metrics/cadvisor':
      return sendMetrics(response, await cadvisorMetrics(options));
    default:
      throw new KubeletRefusal(404, '404 page not found');
  }
}

function sendMetrics(response: Response, text: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
}

function sendJson(response: Response, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function sendLog(
  { pods, runtime, clock }: KubeletServerOptions,
  { parts, query, response, signal }: Asked,
): Promise<void> {
  const [, namespace = '', name = '', container = ''] = parts;
  const pod = podNamed(pods, namespace, name);
  const wanted = readLogQuery(query, clock.now());
  const found = await loggedContainer(pods, pod, container, wanted.previous);
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.flushHeaders();
  const said = hasSpoken(found) ? logText({ runtime, clock }, found.name, wanted, signal) : [];
  const text = Readable.from(said, { objectMode: false });
  try {
    await pipeline(text, response);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function command(
  { pods, runtime }: KubeletServerOptions,
  upgrades: Upgrades,
  { parts, query, upgrade, signal }: Asked,
): Promise<void> {
  const [what, namespace = '', name = '', ...rest] = parts;
  // With the pod's uid between, as upstream also has it.
  const container = rest.at(-1) ?? '';
  const flag = (key: string): boolean => query.get(key) === '1' || query.get(key) === 'true';
  const isTerminal = flag('tty');
  const wanted = {
    ...{ stdin: flag('input'), stdout: flag('output'), isTerminal },
    // A terminal has one output.
    stderr: flag('error') && !isTerminal,
  };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr)
    throw new KubeletRefusal(400, 'you must specify at least 1 of stdin, stdout, stderr');
  if (upgrade === undefined) throw new KubeletRefusal(400, 'Upgrade request required');
  const words = what === 'exec' ? query.getAll('command') : undefined;
  if (words?.length === 0) throw new KubeletRefusal(400, 'you must specify a command');
  let found: string;
  try {
    found = await runningContainer(pods, podNamed(pods, namespace, name), container);
  } catch (error) {
    if (!(error instanceof KubeletRefusal && isWebSocket(upgrade))) throw error;
    // Clients can't read the answer to a WebSocket that they do not get; upstream's API server says it in one.
    const streams = await upgrades.command(upgrade, wanted);
    return streams.finish(failedWith(`unable to upgrade connection: ${error.message}`));
  }
  const streams = await upgrades.command(upgrade, wanted);
  await runCommand(runtime, { ...wanted, container: found, command: words }, streams, signal);
}

async function portForward(
  { pods, log }: KubeletServerOptions,
  upgrades: Upgrades,
  { parts, upgrade }: Asked,
): Promise<void> {
  const [, namespace = '', name = ''] = parts;
  const pod = podNamed(pods, namespace, name);
  if (upgrade === undefined) throw new KubeletRefusal(400, 'Upgrade request required');
  const transport = await upgrades.portForward(upgrade);
  await forwardPorts(transport, {
    ...{ log, pod: `${pod.metadata.uid}, uid : ${pod.metadata.uid}` },
    connect: (port, signal) => pods.connect(pod, port, signal),
  });
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
