import type { AcsProxyListener } from '../../protocols/index.ts';
import type { ProxyPlan } from './proxy-plan.ts';

/**
 * The proxy's configuration (HAProxy 2.6), from what the control plane says: a pure function, and the whole of it, for
 * listeners never change while a task lives. What changes are the servers behind them, and those are not in here: they
 * come and go by the runtime API (`endpoints.ts`), so no reload ever ends a connection.
 *
 * Each endpoint has two backends with the same servers. Of the first, a server that refuses five requests in a row, or
 * answers them with errors, is left out for half a minute (AWS's outlier detection). The second leaves out none: it is for
 * when all of them would be, as then it is better to ask any of them than none.
 */
export function proxyConfig(plan: ProxyPlan): string {
  const blocks = [
    global,
    ...plan.outbound.map((listener) => outboundOf(listener, plan)),
    ...plan.inbound.map((listener) => inboundOf(listener, plan)),
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Where the proxy finds its configuration and opens its socket: the task's directory of the agent's, mounted. */
export const proxyDirectory = '/run/ecs-service-connect';
export const configFile = 'haproxy.cfg';
export const socketFile = 'admin.sock';

export const selectiveBackend = (discoveryName: string): string => `out:${discoveryName}`;
export const wholeBackend = (discoveryName: string): string => `all:${discoveryName}`;
export const inboundFrontend = (discoveryName: string): string => `in:${discoveryName}`;

/** Those of every server: a runtime API's `add server` takes nothing from a `default-server`. */
export function serverOptions(protocol: AcsProxyListener['protocol']): {
  readonly selective: string;
  readonly whole: string;
} {
  const whole = isHttp2(protocol) ? ' proto h2' : '';
  const observed = protocol === 'tcp' ? 'layer4' : 'layer7';
  // A server that is left out comes back by the first check after `downinter`.
  const check = 'check inter 10s fastinter 1s downinter 30s fall 2 rise 1';
  return { selective: `${whole} ${check} observe ${observed} error-limit 5 on-error mark-down`, whole };
}

/** Descriptors are set aside for so many connections; a task has no more of them at once than its containers open. */
const maxConnections = 4_096;

const global = [
  'global',
  '    log stdout len 8192 format raw daemon info',
  `    stats socket ${proxyDirectory}/${socketFile} mode 600 level admin`,
  '    nbthread 1',
  `    maxconn ${maxConnections}`,
  '',
  'defaults',
  '    timeout connect 1s',
  '    timeout queue 5s',
  '    retries 3',
  '    option redispatch 1',
  '    option dontlognull',
];

function outboundOf(listener: AcsProxyListener, plan: ProxyPlan): string[] {
  const { discoveryName, address, port } = listener;
  const [selective, whole] = [selectiveBackend(discoveryName), wholeBackend(discoveryName)];
  return [
    ...frontendOf(`to:${discoveryName}`, `${address}:${port}`, listener, plan),
    // Nobody is waited for who may never come.
    `    ${listener.protocol === 'tcp' ? 'tcp-request content reject' : 'http-request return status 503'} if { nbsrv(${whole}) eq 0 }`,
    `    use_backend ${whole} if { nbsrv(${selective}) eq 0 }`,
    `    default_backend ${selective}`,
    ...[selective, whole].flatMap((backend) => [
      '',
      ...backendOf(backend, listener),
      '    balance roundrobin',
    ]),
  ];
}

function inboundOf(
  listener: AcsProxyListener & { readonly containerPort: number },
  plan: ProxyPlan,
): string[] {
  const { discoveryName, address, port, containerPort, protocol } = listener;
  const { whole } = serverOptions(protocol);
  return [
    ...frontendOf(inboundFrontend(discoveryName), `${address}:${port}`, listener, plan),
    `    default_backend app:${discoveryName}`,
    '',
    ...backendOf(`app:${discoveryName}`, listener),
    `    server container 127.0.0.1:${containerPort}${whole}`,
  ];
}

function frontendOf(name: string, bind: string, listener: AcsProxyListener, plan: ProxyPlan): string[] {
  const idle = timeout(listener.idleTimeoutSeconds);
  const isTcp = listener.protocol === 'tcp';
  return [
    `frontend ${name}`,
    `    mode ${isTcp ? 'tcp' : 'http'}`,
    `    bind ${bind}`,
    `    timeout client ${idle}`,
    ...(isTcp ? [] : [`    timeout http-keep-alive ${idle}`, '    timeout http-request 60s']),
    ...(plan.accessLog === undefined ? [] : accessLogOf(plan.accessLog, isTcp)),
  ];
}

function backendOf(name: string, listener: AcsProxyListener): string[] {
  const idle = timeout(listener.idleTimeoutSeconds);
  if (listener.protocol === 'tcp') return [`backend ${name}`, '    mode tcp', `    timeout server ${idle}`];
  const { perRequestTimeoutSeconds = 0 } = listener;
  return [
    `backend ${name}`,
    '    mode http',
    `    timeout server ${timeout(perRequestTimeoutSeconds)}`,
    `    timeout tunnel ${idle}`,
    // A request that may not be said twice is said again only if nobody can have heard it.
    '    http-request disable-l7-retry unless { method GET HEAD OPTIONS }',
    '    retry-on conn-failure empty-response 503',
  ];
}

/** HAProxy's timers end at 24 days. */
const never = '24d';
const timeout = (seconds: number): string => (seconds === 0 || seconds > 24 * 86_400 ? never : `${seconds}s`);

/** One line for each request, or connection, in the fields of Envoy's access log as far as HAProxy has them. */
function accessLogOf(
  { format, includesQueryParameters }: NonNullable<ProxyPlan['accessLog']>,
  isTcp: boolean,
): string[] {
  const fields = isTcp ? tcpFields : httpFields;
  const line =
    format === 'JSON'
      ? `{${Object.entries(fields)
          .map(([name, { value, isText }]) => `"${name}":${isText ? `"${value}"` : value}`)
          .join(',')}}`
      : Object.values(fields)
          .map(({ value, isText }) => (isText ? `"${value}"` : value))
          .join(' ');
  return [
    '    log global',
    ...(isTcp
      ? []
      : [
          `    http-request set-var(txn.path) ${includesQueryParameters ? 'pathq' : 'path'}`,
          '    http-request capture req.hdr(user-agent) len 256',
          '    http-request capture req.hdr(host) len 256',
        ]),
    `    log-format '${line}'`,
  ];
}

const tcpFields: Readonly<Record<string, { readonly value: string; readonly isText: boolean }>> = {
  start_time: { value: '%t', isText: true },
  bytes_received: { value: '%U', isText: false },
  bytes_sent: { value: '%B', isText: false },
  duration: { value: '%Tt', isText: false },
  response_flags: { value: '%ts', isText: true },
  upstream_host: { value: '%si:%sp', isText: true },
  downstream_remote_address: { value: '%ci:%cp', isText: true },
};

const httpFields: typeof tcpFields = {
  start_time: { value: '%tr', isText: true },
  method: { value: '%[method,json(utf8s)]', isText: true },
  path: { value: '%[var(txn.path),json(utf8s)]', isText: true },
  protocol: { value: '%HV', isText: true },
  response_code: { value: '%ST', isText: false },
  response_flags: { value: '%ts', isText: true },
  bytes_received: { value: '%U', isText: false },
  bytes_sent: { value: '%B', isText: false },
  duration: { value: '%Ta', isText: false },
  user_agent: { value: '%[capture.req.hdr(0),json(utf8s)]', isText: true },
  authority: { value: '%[capture.req.hdr(1),json(utf8s)]', isText: true },
  upstream_host: { value: '%si:%sp', isText: true },
};

const isHttp2 = (protocol: AcsProxyListener['protocol']): boolean =>
  protocol === 'http2' || protocol === 'grpc';
