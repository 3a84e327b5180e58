import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { NetworkError } from '../network.ts';
import { c, check } from './ffi.ts';
import { namesDirectory } from './namespace-names.ts';

const newNetworkNamespace = 0x4000_0000; // CLONE_NEWNET
const bind = 0x1000; // MS_BIND
const recursivelyShared = 0x10_4000; // MS_SHARED | MS_REC
const recursiveBind = 0x5000; // MS_BIND | MS_REC
const detach = 2; // MNT_DETACH

/** The namespace of this process, to come back to. */
const own = openSync('/proc/thread-self/ns/net', 'r');

/**
 * Runs `work` with this thread in another network namespace. It must not wait for anything: sockets and files of
 * /proc/sys that it opens are the other namespace's, and so would be those of everybody else meanwhile.
 * @throws {NetworkError} the namespace can't be entered. A thread that can't come back would do everything in the
 * wrong place from then on, so the process ends.
 */
function inNamespace<T>(fd: number, work: () => T): T {
  check(c.setns(fd, newNetworkNamespace), 'enter a network namespace');
  try {
    return work();
  } finally {
    if (c.setns(own, newNetworkNamespace) < 0) process.abort();
  }
}

/** A network namespace that is held open: it lives at least as long as this does. */
export class Namespace implements Disposable {
  readonly fd: number;
  /** For messages. */
  readonly path: string;
  #isClosed = false;

  /** @throws {NetworkError} there is none at that path. */
  constructor(path: string) {
    this.path = path;
    try {
      this.fd = openSync(path, 'r');
    } catch (cause) {
      throw new NetworkError(`Cannot open the network namespace ${path}`, { cause });
    }
  }

  /** The same for two paths exactly when they lead to the same namespace. */
  get identity(): string {
    return identityOf(fstatSync(this.fd));
  }

  run<T>(work: () => T): T {
    return inNamespace(this.fd, work);
  }

  /** A value of /proc/sys/net, by path below it. @throws {NetworkError} */
  sysctl(name: string): string {
    try {
      return this.run(() => readFileSync(`/proc/sys/net/${name}`, 'latin1').trim());
    } catch (cause) {
      throw new NetworkError(`Cannot read /proc/sys/net/${name} of ${this.path}`, { cause });
    }
  }

  /** Sets values of /proc/sys/net, by path below it. @throws {NetworkError} */
  setSysctls(values: Readonly<Record<string, string>>): void {
    this.run(() => {
      for (const [name, value] of Object.entries(values)) {
        try {
          writeFileSync(`/proc/sys/net/${name}`, value);
        } catch (cause) {
          // Without IPv6 in the kernel there is nothing to turn off.
          if (name.startsWith('ipv6/') && (cause as NodeJS.ErrnoException).code === 'ENOENT') continue;
          throw new NetworkError(`Cannot set /proc/sys/net/${name} of ${this.path} to ${value}`, { cause });
        }
      }
    });
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.fd);
  }
}

/** A network namespace by its name: opened if there is one, else made. @throws {NetworkError} */
export function namedNamespace(name: string): Namespace {
  if (isMounted(name)) return new Namespace(pathOf(name));
  const path = mountPoint(name);
  check(c.unshare(newNetworkNamespace), `make the network namespace ${name}`);
  try {
    check(
      c.mount('/proc/thread-self/ns/net', path, 'none', bind, null),
      `mount the network namespace ${name}`,
    );
  } finally {
    if (c.setns(own, newNetworkNamespace) < 0) process.abort();
  }
  return new Namespace(path);
}

/** Gives a namespace its name again if that leads elsewhere or nowhere. @returns whether it had to. */
export function keepName(name: string, namespace: Namespace): boolean {
  if (isMounted(name)) {
    if (identityOf(statSync(pathOf(name))) === namespace.identity) return false;
    removeName(name);
  }
  const path = mountPoint(name);
  namespace.run(() =>
    check(
      c.mount('/proc/thread-self/ns/net', path, 'none', bind, null),
      `mount the network namespace ${name}`,
    ),
  );
  return true;
}

/** Takes a namespace's name away; it ends when nobody is in it any more. Absent is success. */
export function removeName(name: string): void {
  while (isMounted(name)) check(c.umount2(pathOf(name), detach), `unmount the network namespace ${name}`);
  rmSync(pathOf(name), { force: true });
}

function pathOf(name: string): string {
  return `${namesDirectory}/${name}`;
}

/** As `ip netns` does it: shared, so that namespaces seen by others' mount namespaces can be taken away everywhere. */
function mountPoint(name: string): string {
  mkdirSync(namesDirectory, { recursive: true, mode: 0o755 });
  if (c.mount('', namesDirectory, 'none', recursivelyShared, null) < 0) {
    check(c.mount(namesDirectory, namesDirectory, 'none', recursiveBind, null), `mount ${namesDirectory}`);
    check(
      c.mount('', namesDirectory, 'none', recursivelyShared, null),
      `share the mounts of ${namesDirectory}`,
    );
  }
  closeSync(openSync(pathOf(name), 'w', 0o444));
  return pathOf(name);
}

function isMounted(name: string): boolean {
  // Namespaces are files of a file system of their own; what a crash left between making and mounting is not.
  try {
    return statSync(pathOf(name)).dev === fstatSync(own).dev;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new NetworkError(`Cannot look at ${pathOf(name)}`, { cause });
  }
}

function identityOf({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`;
}

/** Whether this process may make network namespaces. */
export function canMakeNamespaces(): boolean {
  if (c.unshare(newNetworkNamespace) < 0) return false;
  if (c.setns(own, newNetworkNamespace) < 0) process.abort();
  return true;
}
