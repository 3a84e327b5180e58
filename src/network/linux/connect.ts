import { Socket } from 'node:net';
import type { Clock } from '../../clock/index.ts';
import { NetworkError } from '../network.ts';
import { errnoName } from './errno.ts';
import { c, lastErrno } from './ffi.ts';
import type { Namespace } from './namespace.ts';
import { socketAddress, socketIn } from './sockets.ts';

const solSocket = 1;
const soError = 4;
const tcp = 6;
const tcpInfo = 11;
const established = 1;
const synSent = 2;
/** Between two looks whether a connection is there: most are at once, for it is never far. */
const looksMs = [1, 2, 4, 8, 16, 32, 50] as const;

/**
 * A TCP connection from within a namespace, once it is there.
 * @throws {NetworkError} refused or not reachable, with the kernel's word for it as `code`; what `signal` says.
 */
export async function connectIn(
  namespace: Namespace,
  { address, port }: { readonly address: string; readonly port: number },
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Socket> {
  signal.throwIfAborted();
  const fd = socketIn(namespace, 'tcp');
  try {
    const place = socketAddress(address, port);
    if (c.connect(fd, place, place.length) < 0) {
      const errno = lastErrno();
      if (errno !== 'EINPROGRESS') throw failed(errno);
      for (let look = 0; !isConnected(fd); look += 1)
        await clock.sleep(looksMs[Math.min(look, looksMs.length - 1)] ?? 50, signal);
    }
    return new Socket({ fd, readable: true, writable: true, signal });
  } catch (error) {
    c.close(fd);
    throw error;
  }

  function isConnected(fd: number): boolean {
    const info = optionOf(fd, tcp, tcpInfo, 104);
    if (info[0] === established) return true;
    if (info[0] === synSent) return false;
    const errno = optionOf(fd, solSocket, soError, 4).readInt32LE(0);
    // What was answered and closed since is for who reads to see.
    if (errno === 0) return true;
    throw failed(errnoName(errno));
  }

  function failed(code: string): Error {
    return Object.assign(new NetworkError(`Cannot connect to ${address}:${port}: ${code}`), { code });
  }
}

function optionOf(fd: number, level: number, option: number, bytes: number): Buffer {
  const value = Buffer.alloc(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes);
  if (c.getsockopt(fd, level, option, value, length) < 0)
    throw new NetworkError(`Cannot look at a socket: ${lastErrno()}`);
  return value;
}
