import { once } from 'node:events';
import { connect } from 'node:net';
import type { KubernetesContext } from '../context.ts';

/** A VPC in which servers of this process stand at addresses of their own. */
export class TestVpc {
  readonly #ports = new Map<string, number>();

  /** From now on what listens on the loopback's port is at `address`, with its every port. */
  put(address: string, port: number): void {
    this.#ports.set(address, port);
  }

  readonly connectIn: KubernetesContext['connectIn'] = async (_place, { host }, signal) => {
    const port = this.#ports.get(host);
    if (port === undefined) throw Object.assign(new Error(`Nobody is at ${host}`), { code: 'EHOSTUNREACH' });
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect', { signal });
    return socket;
  };
}
