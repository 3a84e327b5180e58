import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { Agent } from 'node:https';
import { connect, isIP, isIPv4, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { type Clock, withTimeout } from '../../clock/index.ts';
import { isReachable, UnreachableAddressError } from './reachable-address.ts';
import type { Address } from './service-address.ts';

/**
 * Opens a TCP connection to what an object of a cluster names.
 * @throws {UnreachableAddressError} a control plane calls nobody there; {Error} nobody answers, with the system's word for it as `code`.
 */
export type Dial = (address: Address, signal?: AbortSignal) => Promise<Socket>;

/** The ways out of a control plane: there are no others. */
export interface Dials {
  /** To what is behind a Service: an address is one of the VPC, wherever else it might lead to. */
  readonly service: Dial;
  /** To a host of a URL: from the machine, unless it is in the VPC. */
  readonly url: Dial;
}

/** How long somebody may take to accept a connection; as upstream's. */
const dialWithinMs = 30_000;

export function dialsOf({
  connectIn,
  isInVpc,
  clock,
  signal: ending,
}: {
  /** From the control plane's interfaces in the VPC of its cluster. */
  readonly connectIn: (address: Address, signal: AbortSignal) => Promise<Socket>;
  /** Whether an IPv4 address is in a block of the VPC. */
  readonly isInVpc: (ipv4: string) => boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}): Dials {
  const bounded =
    (dial: (address: Address, signal: AbortSignal) => Promise<Socket>): Dial =>
    async (address, signal = ending) => {
      using deadline = withTimeout(clock, dialWithinMs, AbortSignal.any([ending, signal]));
      try {
        return await dial(address, deadline.signal);
      } catch (error) {
        if (!deadline.signal.aborted || signal.aborted || ending.aborted) throw error;
        throw new Error(`dial tcp ${address.host}:${address.port}: i/o timeout`, { cause: error });
      }
    };
  const toVpc = async (address: Address, signal: AbortSignal): Promise<Socket> => {
    if (!isReachable(address.host)) throw new UnreachableAddressError(address.host);
    if (isIPv4(address.host)) return connectIn(address, signal);
    throw Object.assign(new Error(`${address.host} is in no VPC`), { code: 'EHOSTUNREACH' });
  };
  const toHost = async ({ host, port }: Address, signal: AbortSignal): Promise<Socket> => {
    const addresses = await reachableAddresses(host);
    const inside = addresses.find((it) => isIPv4(it) && isInVpc(it));
    if (inside !== undefined) return connectIn({ host: inside, port }, signal);
    return fromMachine(addresses, port, signal);
  };
  return {
    service: bounded((address, signal) => (isIP(address.host) === 0 ? toHost : toVpc)(address, signal)),
    url: bounded(toHost),
  };
}

/**
 * Looked up once: whoever answers for a name decides in the moment of the call, so that another look would prove nothing.
 * @throws {UnreachableAddressError} it has no other addresses.
 */
async function reachableAddresses(host: string): Promise<readonly string[]> {
  const all = isIP(host) === 0 ? (await lookup(host, { all: true })).map(({ address }) => address) : [host];
  const reachable = all.filter(isReachable);
  if (reachable.length === 0) throw new UnreachableAddressError(all[0] ?? host);
  return reachable;
}

/** The first that accepts. */
async function fromMachine(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Socket> {
  let failure: unknown;
  for (const host of addresses) {
    const socket = connect({ host, port });
    try {
      await once(socket, 'connect', { signal });
      return socket;
    } catch (error) {
      socket.on('error', () => {}).destroy();
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
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

  override createConnection(options: ConnectionOptions, created: Created): undefined {
    const address = { host: String(options.host), port: Number(options.port) };
    this.#dial(address).then((raw) => created(null, secured(raw, options)), created);
  }
}

type Created = (error: Error | null, socket?: Duplex) => void;

/** TLS over a connection that goes with it. */
export function secured(raw: Socket, options: ConnectionOptions): Socket {
  const socket = connectTls({ ...options, socket: raw });
  raw.once('error', (error) => socket.destroy(error));
  socket.once('close', () => raw.destroy());
  return socket;
}
