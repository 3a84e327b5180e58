import { NetworkError, type VpcSocket } from '../network.ts';
import { c, check, lastErrno } from './ffi.ts';
import type { Namespace } from './namespace.ts';

const internet = 2; // AF_INET
const closeOnExecNonBlocking = 0o2_004_000; // SOCK_CLOEXEC | SOCK_NONBLOCK
const types = { tcp: 1, udp: 2 } as const;
const backlog = 512;

/** A socket that listens in a namespace, as a file descriptor. @throws {NetworkError} */
export function listenIn(namespace: Namespace, { type, address, port }: VpcSocket): number {
  const fd = socketIn(namespace, type);
  const one = Buffer.from([1, 0, 0, 0]);
  const place = socketAddress(address, port);
  // A TCP port whose last connections are still closing is free all the same.
  const isListening =
    (type === 'udp' || c.setsockopt(fd, 1, 2, one, one.length) === 0) &&
    c.bind(fd, place, place.length) === 0 &&
    (type === 'udp' || c.listen(fd, backlog) === 0);
  if (isListening) return fd;
  const errno = lastErrno();
  c.close(fd);
  throw new NetworkError(`Cannot listen on ${type} ${address}:${port} in ${namespace.path}: ${errno}`);
}

/** A `sockaddr_in`. */
export function socketAddress(address: string, port: number): Buffer {
  const place = Buffer.alloc(16);
  place.writeUInt16LE(internet, 0);
  place.writeUInt16BE(port, 2);
  Buffer.from(address.split('.').map(Number)).copy(place, 4);
  return place;
}

/** A socket of a namespace, as a file descriptor. @throws {NetworkError} */
export function socketIn(namespace: Namespace, type: VpcSocket['type']): number {
  return namespace.run(() =>
    check(c.socket(internet, types[type] | closeOnExecNonBlocking, 0), 'open a socket'),
  );
}
