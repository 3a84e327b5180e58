import { Agent } from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { isReachable, reachableLookup, UnreachableAddressError } from './reachable-address.ts';
import type { Address } from './service-address.ts';

/**
 * Opens a TCP connection to what an object of a cluster names: the one way by which a control plane reaches webhooks and the
 * servers of aggregated APIs.
 */
export type Dial = (address: Address) => Socket;

/** From the machine itself. */
export const dialFromMachine: Dial = ({ host, port }) => connect({ host, port, lookup: reachableLookup });

/** @throws {UnreachableAddressError} a control plane calls nobody there. */
export function assertReachable({ host }: Address): void {
  if (isIP(host) !== 0 && !isReachable(host)) throw new UnreachableAddressError(host);
}

const mostSockets = 64;
const keptSockets = 8;

/** Keeps TLS connections that were opened by `dial`, few for each address. */
export class DialingAgent extends Agent {
  readonly #dial: Dial;

  constructor(dial: Dial) {
    super({ keepAlive: true, maxSockets: mostSockets, maxFreeSockets: keptSockets });
    this.#dial = dial;
  }

  override createConnection(options: ConnectionOptions): Socket {
    const raw = this.#dial({ host: String(options.host), port: Number(options.port) });
    const secured = connectTls({ ...options, socket: raw });
    raw.once('error', (error) => secured.destroy(error));
    // Also one that is still on its way.
    secured.once('close', () => raw.destroy());
    return secured;
  }
}
