/**
 * The few functions of the C library that Node does not offer: moving a thread between network namespaces, netlink
 * sockets, mounts. Loading this file loads the library, so whoever might not be on Linux imports it late.
 */
import koffi from 'koffi';
import { NetworkError } from '../network.ts';
import { errnoName } from './errno.ts';

const libc = koffi.load('libc.so.6');

/** All answer -1 and set `errno` when they fail. */
export const c = {
  setns: libc.func('int setns(int fd, int kind)'),
  unshare: libc.func('int unshare(int flags)'),
  mount: libc.func(
    'int mount(const char *source, const char *target, const char *type, unsigned long flags, void *)',
  ),
  umount2: libc.func('int umount2(const char *target, int flags)'),
  socket: libc.func('int socket(int family, int type, int protocol)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int option, void *value, unsigned int length)'),
  getsockopt: libc.func('int getsockopt(int fd, int level, int option, void *value, void *length)'),
  connect: libc.func('int connect(int fd, void *address, unsigned int length)'),
  bind: libc.func('int bind(int fd, void *address, unsigned int length)'),
  listen: libc.func('int listen(int fd, int backlog)'),
  send: libc.func('int64_t send(int fd, void *data, size_t length, int flags)'),
  recv: libc.func('int64_t recv(int fd, void *data, size_t length, int flags)'),
  close: libc.func('int close(int fd)'),
};

/** @throws {NetworkError} `what` could not be done, and what the kernel said. */
export function check(result: number, what: string): number {
  if (result < 0) throw new NetworkError(`Cannot ${what}: ${errnoName(koffi.errno())}`);
  return result;
}

/** The name of the last error. */
export function lastErrno(): string {
  return errnoName(koffi.errno());
}
