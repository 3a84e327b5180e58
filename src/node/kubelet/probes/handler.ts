import type { ContainerPort, HttpGetAction, Probe } from '../objects/pod.ts';

/** What a probe or a hook does, with its addresses and ports worked out. */
export type Handler =
  | { readonly type: 'exec'; readonly command: readonly string[] }
  | {
      readonly type: 'http';
      readonly scheme: 'http' | 'https';
      readonly address: string;
      readonly port: number;
      readonly path: string;
      readonly headers: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly type: 'tcp'; readonly address: string; readonly port: number }
  | { readonly type: 'grpc'; readonly address: string; readonly port: number; readonly service: string };

/** A port's name is none of the container's. */
export class NoSuchPort extends Error {
  readonly port: string;
  constructor(port: string) {
    super(`couldn't find port: ${port}`);
    this.port = port;
  }
}

/**
 * @param podIp Where the container listens, unless the handler names a host.
 * @throws {NoSuchPort}
 */
export function handlerOf(
  { exec, httpGet, tcpSocket, grpc }: Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'>,
  ports: readonly ContainerPort[],
  podIp: string,
): Handler {
  if (exec) return { type: 'exec', command: exec.command ?? [] };
  if (httpGet) return httpHandler(httpGet, ports, podIp);
  if (tcpSocket)
    return { type: 'tcp', address: tcpSocket.host || podIp, port: portOf(tcpSocket.port, ports) };
  if (grpc) return { type: 'grpc', address: podIp, port: grpc.port, service: grpc.service ?? '' };
  throw new Error('missing probe handler');
}

function httpHandler(
  { scheme = 'HTTP', host, port, path = '/', httpHeaders = [] }: HttpGetAction,
  ports: readonly ContainerPort[],
  podIp: string,
): Handler {
  return {
    ...{ type: 'http', scheme: scheme === 'HTTPS' ? 'https' : 'http' },
    ...{ address: host || podIp, port: portOf(port, ports), headers: httpHeaders },
    path: path.startsWith('/') ? path : `/${path}`,
  };
}

function portOf(port: number | string, ports: readonly ContainerPort[]): number {
  if (typeof port === 'number') return port;
  const named = ports.find(({ name }) => name === port)?.containerPort;
  if (named !== undefined) return named;
  if (/^\d+$/.test(port)) return Number(port);
  throw new NoSuchPort(port);
}
