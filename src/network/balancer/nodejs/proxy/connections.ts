import type { Socket } from 'node:net';

/** Connections on one side of a proxy: how many there were, how many are open, and the bytes that passed. */
export class Connections {
  readonly #open = new Set<Socket>();
  #bytesOfClosed = 0;
  /** Since the beginning. */
  count = 0;

  add(socket: Socket): void {
    this.count += 1;
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#bytesOfClosed += bytesOf(socket);
    });
  }

  get open(): number {
    return this.#open.size;
  }

  get bytes(): number {
    return this.#bytesOfClosed + this.#open.values().reduce((sum, socket) => sum + bytesOf(socket), 0);
  }

  /** Ends all of them. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}
