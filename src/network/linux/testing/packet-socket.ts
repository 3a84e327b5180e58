import { c, check, lastErrno } from '../ffi.ts';
import type { Namespace } from '../namespace.ts';
import { readLinks } from '../netlink/link.ts';
import { NetlinkSocket } from '../netlink/socket.ts';

const packetFamily = 17; // AF_PACKET
const rawNonBlocking = 3 | 0o2_004_000; // SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK
/** What of a link a socket sees. */
export const etherTypes = { ipv4: 0x0800, arp: 0x0806 } as const;

/** Sends and gets whole frames on a link, beside the namespace's own stack. It sees what arrives, not what leaves. */
export class PacketSocket implements Disposable {
  readonly #fd: number;
  readonly #frame = Buffer.alloc(2_048);

  /** @throws {Error} there is no such link. */
  constructor(namespace: Namespace, linkName: string, etherType: number = etherTypes.ipv4) {
    using socket = new NetlinkSocket(namespace);
    const link = readLinks(socket).find(({ name }) => name === linkName);
    if (link === undefined) throw new Error(`There is no ${linkName} in ${namespace.path}`);
    this.#fd = namespace.run(() => check(c.socket(packetFamily, rawNonBlocking, 0), 'open a packet socket'));
    const place = Buffer.alloc(20);
    place.writeUInt16LE(packetFamily, 0);
    place.writeUInt16BE(etherType, 2);
    place.writeInt32LE(link.index, 4);
    check(c.bind(this.#fd, place, place.length), `listen on ${linkName}`);
  }

  send(frame: Buffer): void {
    check(Number(c.send(this.#fd, frame, frame.length, 0)), 'send a frame');
  }

  /** All that arrived since the last time. */
  received(): Buffer[] {
    const frames: Buffer[] = [];
    for (;;) {
      const length = Number(c.recv(this.#fd, this.#frame, this.#frame.length, 0));
      if (length < 0) {
        if (lastErrno() === 'EWOULDBLOCK') return frames;
        throw new Error(`Cannot receive a frame: ${lastErrno()}`);
      }
      frames.push(Buffer.from(this.#frame.subarray(0, length)));
    }
  }

  [Symbol.dispose](): void {
    c.close(this.#fd);
  }
}
