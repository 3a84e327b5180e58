import type { Socket } from 'node:net';
import type { Clock } from '../../clock/index.ts';
import { connectIn } from './connect.ts';
import { Namespace } from './namespace.ts';
import { listenIn } from './sockets.ts';

/** A network namespace that has one interface of a VPC and nothing else: there this process itself is in the VPC. */
export class InterfacePlace implements Disposable {
  readonly #namespace: Namespace;
  readonly #clock: Clock;

  /** @throws {NetworkError} there is no namespace at that path. */
  constructor(netnsPath: string, clock: Clock) {
    this.#namespace = new Namespace(netnsPath);
    this.#clock = clock;
  }

  /**
   * A TCP connection by the interface.
   * @param signal Ends the wait for it, and says nothing to the connection afterwards.
   * @throws {NetworkError} refused or not reachable, with the kernel's word for it as `code`; what `signal` says.
   */
  async connect(
    target: { readonly address: string; readonly port: number },
    signal: AbortSignal,
  ): Promise<Socket> {
    signal.throwIfAborted();
    const waiting = new AbortController();
    const end = (): void => waiting.abort(signal.reason);
    signal.addEventListener('abort', end);
    try {
      return await connectIn(this.#namespace, target, { clock: this.#clock, signal: waiting.signal });
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  /** A socket that listens at an address of the interface, as a file descriptor. Whoever asks for it closes it. @throws {NetworkError} */
  listen(address: string, port: number): number {
    return listenIn(this.#namespace, { type: 'tcp', address, port });
  }

  /** What is in the kernel stays. */
  [Symbol.dispose](): void {
    this.#namespace[Symbol.dispose]();
  }
}
