import type { Server } from 'node:http';
import { createServer } from '../../http.ts';
import type { Log } from '../../log.ts';
import type { ProxiedNetwork } from './proxied-network.ts';

export interface HealthCheck {
  /** `namespace/name` */
  readonly service: string;
  readonly port?: number;
  readonly localEndpoints?: number;
}

/**
 * Tells load balancers on `healthCheckNodePort` whether a node has endpoints of a service whose externalTrafficPolicy is
 * Local: 200 with some, 503 with none, as kube-proxy does on any path.
 */
export class HealthChecks implements AsyncDisposable {
  readonly #network: ProxiedNetwork;
  readonly #log: Log;
  readonly #servers = new Map<number, Server>();
  #checks: ReadonlyMap<number, HealthCheck> = new Map();

  constructor(network: ProxiedNetwork, log: Log) {
    this.#network = network;
    this.#log = log;
  }

  /** These, and no others. A port that can't be had is logged, and tried again the next time. */
  set(checks: readonly HealthCheck[]): void {
    this.#checks = new Map(checks.flatMap((each) => (each.port === undefined ? [] : [[each.port, each]])));
    for (const [port, server] of this.#servers) {
      if (this.#checks.has(port)) continue;
      this.#servers.delete(port);
      close(server);
    }
    for (const port of this.#checks.keys()) if (!this.#servers.has(port)) this.#listen(port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.values().map(close));
    this.#servers.clear();
  }

  #listen(port: number): void {
    try {
      const fd = this.#network.openSocket({ type: 'tcp', address: '0.0.0.0', port });
      const server = createServer((_, response) => {
        const { service = '', localEndpoints = 0 } = this.#checks.get(port) ?? {};
        const [namespace, name] = service.split('/');
        response.writeHead(localEndpoints > 0 ? 200 : 503, {
          'content-type': 'application/json',
          'x-content-type-options': 'nosniff',
          'x-load-balancing-endpoint-weight': String(localEndpoints),
        });
        response.end(
          JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy: true }),
        );
      });
      server.on('error', (error) => this.#log.warn('A health check node port ended', { port, error }));
      server.listen({ fd });
      this.#servers.set(port, server);
    } catch (error) {
      this.#log.warn('A health check node port cannot be opened', { port, error });
    }
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
