import type { RequestOptions } from 'node:http';
import { type Clock, withTimeout } from '../../clock/index.ts';
import { get } from '../../http.ts';
import { RuntimeError } from '../runtime-error.ts';

/** Where an Engine listens. */
export interface EngineAddress {
  /** E.g. `unix:///var/run/docker.sock`. */
  readonly uri: string;
  readonly connect: Pick<RequestOptions, 'socketPath' | 'host' | 'port'>;
}

export interface FoundEngine {
  readonly address: EngineAddress;
  /** E.g. `docker`, `podman`. */
  readonly name: string;
  readonly version: string;
  /** The newest API version that both sides speak. */
  readonly apiVersion: string;
}

export const defaultSocket = '/var/run/docker.sock';
/** An Engine that takes longer to say that it lives is none; on a busy machine it takes seconds. */
const pingTimeoutMs = 10_000;
const oldestApi = '1.41';
/** Newer Engines speak older versions too; this is the newest one that the driver was written for. */
const newestApi = '1.44';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The first Engine that answers, in the order in which Docker's own clients would have it: $DOCKER_HOST (and then
 * nothing else), the system's socket, rootless Docker, rootless Podman, the system's Podman.
 * @throws {RuntimeError} `EngineUnavailable` when $DOCKER_HOST is set and can't be used.
 */
export async function findEngine(
  clock: Clock,
  options: { readonly env?: Env; readonly signal?: AbortSignal } = {},
): Promise<FoundEngine | undefined> {
  const env = options.env ?? process.env;
  if (env.DOCKER_HOST) {
    const found = await ping(parseAddress(env.DOCKER_HOST, env), clock, options.signal);
    if (found) return found;
    throw new RuntimeError(
      'EngineUnavailable',
      `No container engine answers at ${env.DOCKER_HOST}: start it, or unset DOCKER_HOST to use the one of this machine`,
      `Cannot connect to the Docker daemon at ${env.DOCKER_HOST}`,
    );
  }
  for (const path of socketPaths(env)) {
    const found = await ping(unixAddress(path), clock, options.signal);
    if (found) return found;
  }
  return undefined;
}

/** What answers at an address; undefined when nothing does in time. @throws {RuntimeError} `Unsupported`: too old. */
export async function ping(
  address: EngineAddress,
  clock: Clock,
  signal?: AbortSignal,
): Promise<FoundEngine | undefined> {
  signal?.throwIfAborted();
  using deadline = withTimeout(clock, pingTimeoutMs, signal);
  const headers = await headersOf(address, '/_ping', deadline.signal);
  const offered = headers?.['api-version'];
  if (headers === undefined || typeof offered !== 'string') return undefined;
  if (isOlder(offered, oldestApi)) {
    throw new RuntimeError(
      'Unsupported',
      `The container engine at ${address.uri} speaks API ${offered}, and ${oldestApi} is needed: install Docker 20.10 or newer, or Podman 4`,
      `API version ${offered} is too old`,
    );
  }
  // `Libpod/4.3.1 (linux)`, `Docker/20.10.24+dfsg1 (linux)`.
  const [, server = 'docker', version = 'unknown'] = /^(\w+)\/(\S+)/.exec(String(headers.server ?? '')) ?? [];
  const isPodman = server === 'Libpod' || headers['libpod-api-version'] !== undefined;
  return {
    address,
    name: isPodman ? 'podman' : server.toLowerCase(),
    version,
    apiVersion: isOlder(newestApi, offered) ? newestApi : offered,
  };
}

export function unixAddress(path: string): EngineAddress {
  return { uri: `unix://${path}`, connect: { socketPath: path } };
}

/** $DOCKER_HOST's forms `unix://` and `tcp://`. @throws {RuntimeError} `Unsupported` for ssh and TLS. */
export function parseAddress(uri: string, env: Env = {}): EngineAddress {
  const [, scheme = '', rest = ''] = /^(\w+):\/\/(.*)$/.exec(uri) ?? [];
  if (scheme === 'unix' && rest.startsWith('/')) return unixAddress(rest);
  const [, host, port] = /^([^/:]+|\[[^\]]+\]):(\d+)\/?$/.exec(rest) ?? [];
  if ((scheme === 'tcp' || scheme === 'http') && host !== undefined && !env.DOCKER_TLS_VERIFY) {
    return { uri, connect: { host: host.replaceAll(/[[\]]/g, ''), port: Number(port) } };
  }
  throw new RuntimeError(
    'Unsupported',
    `DOCKER_HOST is ${uri}, which is not supported: use unix:///PATH/TO/SOCKET or tcp://HOST:PORT without TLS (a tunnel, e.g. "ssh -L", gives you one)`,
    `Unsupported DOCKER_HOST ${uri}`,
  );
}

function socketPaths(env: Env): string[] {
  const own = env.XDG_RUNTIME_DIR;
  return [
    defaultSocket,
    ...(own ? [`${own}/docker.sock`, `${own}/podman/podman.sock`] : []),
    '/run/podman/podman.sock',
  ];
}

function headersOf(
  address: EngineAddress,
  path: string,
  signal: AbortSignal,
): Promise<NodeJS.Dict<string | string[]> | undefined> {
  return new Promise((resolve) => {
    const outgoing = get(
      { ...address.connect, path, agent: false, headers: { host: 'engine' } },
      (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode === 200 ? incoming.headers : undefined);
      },
    );
    outgoing.on('error', () => resolve(undefined));
    const end = (): void => {
      outgoing.destroy();
      resolve(undefined);
    };
    signal.addEventListener('abort', end, { once: true });
    outgoing.on('close', () => signal.removeEventListener('abort', end));
  });
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number);
  return major === thanMajor ? minor < thanMinor : major < thanMajor;
}
