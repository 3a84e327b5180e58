import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Log } from '../../../log.ts';
import { SpdySession, type SpdyStream } from './spdy/session.ts';

/** Opens a connection to a port within a pod. @throws {Error} as `node:net` says it. */
export type ConnectToPort = (port: number, signal: AbortSignal) => Promise<Socket>;

/** A client that opens one of two streams and not the other. */
interface Pair {
  readonly error: PromiseWithResolvers<SpdyStream>;
  readonly data: PromiseWithResolvers<SpdyStream>;
}

/**
 * Forwards connections over one session, as `portforward.k8s.io` has it: each is two streams with the same `requestID`, for
 * what went wrong and for the bytes. Resolves when the session is over, and nothing of it is left then.
 * @param pod As messages name it.
 */
export async function forwardPorts(
  transport: Duplex,
  { pod, connect, log }: { readonly pod: string; readonly connect: ConnectToPort; readonly log: Log },
): Promise<void> {
  const pairs = new Map<string, Pair>();
  const running = new Set<Promise<void>>();
  const session = new SpdySession(transport, (stream) => {
    const { streamtype, requestid = '', port = '' } = stream.headers;
    const key = `${requestid}/${port}`;
    if (streamtype !== 'error' && streamtype !== 'data') return stream.end();
    const known = pairs.get(key);
    const pair = known ?? { error: Promise.withResolvers(), data: Promise.withResolvers() };
    pair[streamtype].resolve(stream);
    if (known !== undefined) {
      pairs.delete(key);
      return;
    }
    pairs.set(key, pair);
    const run = Promise.all([pair.error.promise, pair.data.promise])
      .then(([error, data]) => forward(error, data, Number(port)))
      .catch((error: unknown) => log.debug('A forwarded connection broke off', { pod, port, error }))
      .finally(() => running.delete(run));
    running.add(run);
  });
  session.signal.addEventListener('abort', () => {
    for (const { error, data } of pairs.values()) {
      error.promise.catch(() => {});
      error.reject(session.signal.reason);
      data.promise.catch(() => {});
      data.reject(session.signal.reason);
    }
  });
  await session.run();
  await Promise.all(running);

  async function forward(error: SpdyStream, data: SpdyStream, port: number): Promise<void> {
    try {
      const socket = await connect(port, session.signal);
      const onAbort = (): void => void socket.destroy();
      session.signal.addEventListener('abort', onAbort, { once: true });
      try {
        await exchange(socket, data);
      } finally {
        session.signal.removeEventListener('abort', onAbort);
        socket.destroy();
      }
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure);
      await error.write(Buffer.from(`error forwarding port ${port} to pod ${pod}: ${why}`));
    } finally {
      await data.close();
      await error.close();
      error.end();
    }
  }
}

/** Both ways, until the pod's side has ended. Each side's end is told to the other. */
async function exchange(socket: Socket, data: SpdyStream): Promise<void> {
  socket.on('error', () => socket.destroy());
  const inward = (async () => {
    for await (const bytes of data.input()) if (!(await written(socket, bytes))) return;
    if (socket.writable) socket.end();
  })();
  try {
    for await (const bytes of socket as AsyncIterable<Buffer>) await data.write(bytes);
  } catch {
    // Reset by the pod: as good as its end.
  }
  data.end();
  await inward;
}

/** False: it takes no more. */
async function written(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  if (!socket.writable) return false;
  if (socket.write(bytes)) return true;
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done);
      resolve(!socket.destroyed);
    };
    socket.on('drain', done).on('close', done);
    if (socket.destroyed) done();
  });
}
