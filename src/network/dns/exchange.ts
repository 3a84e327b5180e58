import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { Clock } from '../../clock/index.ts';
import { answers, type Query, writeQuery } from './query.ts';
import type { UpstreamServer } from './resolver-file.ts';
import { headerFlags, readMessage, type WireMessage } from './wire.ts';

/** One question to one server. Whatever goes wrong, and the time being over, is undefined. */
export interface Asking {
  readonly query: Query;
  readonly server: UpstreamServer;
  readonly id: number;
  readonly edns: boolean;
  readonly timeoutMs: number;
  readonly clock: Pick<Clock, 'after'>;
  readonly signal: AbortSignal;
}

export interface Told {
  readonly message: WireMessage;
  readonly bytes: Buffer;
}

/** By UDP, and once more by TCP when the answer didn't fit. */
export async function ask(asking: Asking): Promise<Told | undefined> {
  const told = await askByUdp(asking);
  if (told === undefined || (told.message.flags & headerFlags.truncated) === 0) return told;
  return askByTcp(asking);
}

/**
 * From a port of its own, chosen by the kernel, and with a random id: whoever wants to answer in the server's place has
 * to guess both. Datagrams from elsewhere don't reach a connected socket; what doesn't fit the question is passed over.
 */
function askByUdp(asking: Asking): Promise<Told | undefined> {
  const { query, server, id, edns } = asking;
  return settle(asking, (done) => {
    const socket = createSocket(isIPv6(server.address.replace(/%.*$/, '')) ? 'udp6' : 'udp4');
    socket.on('error', () => done(undefined));
    socket.on('message', (bytes) => {
      const told = readAnswer(bytes, query, id);
      if (told !== undefined) done(told);
    });
    socket.connect(server.port, server.address, (error?: Error) => {
      if (error !== undefined && error !== null) return done(undefined);
      socket.send(writeQuery(query, id, edns), (failure) => failure && done(undefined));
    });
    return () => socket.close();
  });
}

function askByTcp(asking: Asking): Promise<Told | undefined> {
  const { query, server, id, edns } = asking;
  return settle(asking, (done) => {
    const socket = connect({ host: server.address, port: server.port });
    let received = Buffer.alloc(0);
    socket.on('error', () => done(undefined));
    socket.on('close', () => done(undefined));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2) return;
      const end = 2 + received.readUInt16BE(0);
      if (received.length >= end) done(readAnswer(received.subarray(2, end), query, id));
    });
    const packet = writeQuery(query, id, edns);
    socket.end(Buffer.concat([Buffer.from([packet.length >> 8, packet.length & 255]), packet]));
    return () => socket.destroy();
  });
}

function readAnswer(bytes: Buffer, query: Query, id: number): Told | undefined {
  const message = readMessage(bytes);
  if (message === undefined || !answers(message, bytes, query, id)) return undefined;
  return { message, bytes };
}

/** The first outcome counts, and closes what was opened. */
function settle(
  { timeoutMs, clock, signal }: Asking,
  start: (done: (told: Told | undefined) => void) => () => void,
): Promise<Told | undefined> {
  const { promise, resolve } = Promise.withResolvers<Told | undefined>();
  if (signal.aborted) return Promise.resolve(undefined);
  let isDone = false;
  const done = (told: Told | undefined): void => {
    if (isDone) return;
    isDone = true;
    timer[Symbol.dispose]();
    signal.removeEventListener('abort', abort);
    close();
    resolve(told);
  };
  const abort = (): void => done(undefined);
  const timer = clock.after(timeoutMs, abort);
  signal.addEventListener('abort', abort);
  const close = start((told) => queueMicrotask(() => done(told)));
  return promise;
}
