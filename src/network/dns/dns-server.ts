import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Clock, Random } from '../../clock/index.ts';
import type { Log } from '../../log.ts';
import type { CachedAnswer } from './answer-cache.ts';
import type { Forwarder } from './forwarder.ts';
import { type BadQuery, type Query, readQuery } from './query.ts';
import { RateLimit } from './rate-limit.ts';
import { afterAlias, aliasQuery, type Lookup, resolveHere } from './resolution.ts';
import {
  type OwnAnswer,
  relayAnswer,
  udpBytes,
  writeAnswer,
  writeAnyAnswer,
  writeRefusal,
} from './response.ts';
import { Shares } from './shares.ts';
import { TcpConnections } from './tcp-connections.ts';
import { headerFlags, rcodes, recordTypes } from './wire.ts';

export interface DnsServerOptions {
  readonly sockets: readonly DnsSocket[];
  readonly lookup: Lookup;
  /** Asked for what isn't ours; several servers may share one, which isn't closed with them. */
  readonly forwarder: Forwarder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export type DnsSocket =
  /**
   * A descriptor of one that is bound (TCP: listening or not), for instance within a VPC. It is asked for when those before
   * it are open, so that none is left over when one can't be had; the server closes it.
   */
  | { readonly type: 'udp' | 'tcp'; readonly openFd: () => number }
  /** Port 0: any that is free. */
  | { readonly type: 'udp' | 'tcp'; readonly host: string; readonly port: number };

export interface DnsServer extends AsyncDisposable {
  /** Where it listens, in the order of its sockets. */
  readonly ports: readonly number[];
}

/** @throws {Error} A socket can't be had; then none is left open. */
export async function openDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const answering = new Answering(options);
  const closes: (() => Promise<void>)[] = [];
  const ports: number[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(closes.map((each) => each()));
  };
  try {
    for (const socket of options.sockets) {
      const opened = await (socket.type === 'udp'
        ? openUdp(socket, answering)
        : openTcp(socket, answering, options));
      closes.push(opened.close);
      ports.push(opened.port);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { ports, [Symbol.asyncDispose]: close };
}

interface Opened {
  readonly port: number;
  readonly close: () => Promise<void>;
}

async function openUdp(at: DnsSocket, answering: Answering): Promise<Opened> {
  const socket = createSocket('host' in at && isIPv6(at.host) ? 'udp6' : 'udp4');
  socket.on('message', (message, { address, port }) => answering.byUdp(socket, message, address, port));
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    const bound = (): void => {
      socket.removeAllListeners('error');
      resolve();
    };
    if ('openFd' in at) socket.bind({ fd: at.openFd() }, bound);
    else socket.bind({ address: at.host, port: at.port, exclusive: true }, bound);
  });
  // What can't be sent is lost, as datagrams are.
  socket.on('error', () => {});
  return {
    port: socket.address().port,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

async function openTcp(at: DnsSocket, answering: Answering, { clock }: DnsServerOptions): Promise<Opened> {
  const connections = new TcpConnections((message, asker) => answering.byTcp(message, asker), clock);
  const { server } = connections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const listening = (): void => {
      server.off('error', reject);
      resolve();
    };
    if ('openFd' in at) server.listen({ fd: at.openFd() }, listening);
    else server.listen({ host: at.host, port: at.port, exclusive: true }, listening);
  });
  server.on('error', () => {});
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: () => connections.close(),
  };
}

/** Questions of one asker that the world is being asked; at 20 ms each that is more than it may send. */
const maxWaitingPerAsker = 64;

/** From a message to what is answered, whatever the message is. */
class Answering {
  readonly #lookup: Lookup;
  readonly #forwarder: Forwarder;
  readonly #random: Random;
  readonly #log: Log;
  readonly #limit: RateLimit;
  /** So nobody takes all of what the forwarder can ask at a time. */
  readonly #waiting = new Shares(maxWaitingPerAsker);

  constructor({ lookup, forwarder, random, log, clock }: DnsServerOptions) {
    this.#lookup = lookup;
    this.#forwarder = forwarder;
    this.#random = random;
    this.#log = log;
    this.#limit = new RateLimit(clock);
  }

  byUdp(socket: UdpSocket, message: Buffer, address: string, port: number): void {
    const query = this.#read(message, address);
    if (query === undefined || port === 0) return;
    const send = (bytes: Buffer): void => {
      try {
        socket.send(bytes, port, address, () => {});
      } catch {
        // Closed meanwhile.
      }
    };
    const answer = this.#answer(query, address, udpBytes(query));
    if (answer instanceof Promise) void answer.then(send);
    else send(answer);
  }

  byTcp(message: Buffer, asker: string): Buffer | undefined | Promise<Buffer> {
    const query = this.#read(message, asker);
    return query === undefined ? undefined : this.#answer(query, asker, 0xffff);
  }

  #read(message: Buffer, asker: string): Query | BadQuery | undefined {
    const taken = this.#limit.take(asker);
    if (taken === 'first') this.#log.warn('Queries above 1,024 a second are dropped', { asker });
    return taken === 'pass' ? readQuery(message) : undefined;
  }

  #answer(query: Query | BadQuery, asker: string, maxBytes: number): Buffer | Promise<Buffer> {
    if ('rcode' in query) return writeRefusal(query, query.rcode);
    try {
      const answer = this.#resolve(query, asker, maxBytes);
      return answer instanceof Promise ? answer.catch((error) => this.#fail(query, error)) : answer;
    } catch (error) {
      return this.#fail(query, error);
    }
  }

  #fail(query: Query, error: unknown): Buffer {
    this.#log.error('A DNS query could not be answered', { name: query.name, type: query.type, error });
    return writeRefusal(query, rcodes.SERVFAIL);
  }

  #resolve(query: Query, asker: string, maxBytes: number): Buffer | Promise<Buffer> {
    if (query.type === recordTypes.ANY) return writeAnyAnswer(query);
    const here = resolveHere(query, asker, this.#lookup, this.#random);
    switch (here.kind) {
      case 'own':
        return writeAnswer(query, here.answer, maxBytes);
      case 'ask':
        return this.#relay(query, asker, maxBytes);
      case 'ask-on':
        return this.#follow(query, asker, here, maxBytes);
    }
  }

  #relay(query: Query, asker: string, maxBytes: number): Buffer | Promise<Buffer> {
    const remembered = this.#forwarder.remembered(query);
    if (remembered !== undefined)
      return relayAnswer(query, remembered.answer, remembered.ageSeconds, maxBytes);
    if ((query.flags & headerFlags.recursionDesired) === 0) return writeRefusal(query, rcodes.REFUSED);
    return this.#ask(query, asker).then((told) => {
      if (told === undefined) return writeRefusal(query, rcodes.SERVFAIL);
      return relayAnswer(query, told.answer, told.ageSeconds, maxBytes);
    });
  }

  /** Undefined: nobody answered, or the asker waits for so many already. */
  async #ask(query: Query, asker: string): Promise<CachedAnswer | undefined> {
    return this.#waiting.run(asker, () => this.#forwarder.ask(query));
  }

  async #follow(
    query: Query,
    asker: string,
    { name, soFar }: { name: string; soFar: OwnAnswer['answers'] },
    maxBytes: number,
  ): Promise<Buffer> {
    const onward = aliasQuery(query, name);
    const told =
      onward === undefined
        ? undefined
        : (this.#forwarder.remembered(onward) ?? (await this.#ask(onward, asker)));
    if (told === undefined) return writeRefusal(query, rcodes.SERVFAIL);
    return writeAnswer(query, afterAlias(query, soFar, told), maxBytes);
  }
}
