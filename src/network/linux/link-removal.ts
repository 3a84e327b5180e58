import type { Namespace } from './namespace.ts';
import { removeLinksOfGroup, setLinkGroup } from './netlink/link.ts';
import { NetlinkSocket } from './netlink/socket.ts';

/** Nothing else is put into it. */
const leaving = 0x6c65_6176;

/**
 * Takes links away on another thread, for the kernel waits there until no packet can be under way on them. All that
 * come up while it does go together, next: they take no longer than one.
 */
export class LinkRemoval implements Disposable {
  readonly #socket: NetlinkSocket;
  readonly #waiting = new Set<string>();
  #underWay = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(namespace: Namespace) {
    this.#socket = new NetlinkSocket(namespace);
  }

  /** Resolves when there is no such link any more. @throws {NetworkError} */
  remove(name: string): Promise<void> {
    this.#waiting.add(name);
    if (this.#next !== undefined) return this.#next;
    const next = this.#underWay.then(() => {
      this.#next = undefined;
      return this.#removeWaiting();
    });
    this.#next = next;
    this.#underWay = next.catch(() => {});
    return next;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  async #removeWaiting(): Promise<void> {
    const names = [...this.#waiting];
    this.#waiting.clear();
    this.#socket.batch(names.map((name) => setLinkGroup(name, leaving)));
    await this.#socket.later(removeLinksOfGroup(leaving));
  }
}
