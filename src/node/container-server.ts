import type { RequestListener, Server } from 'node:http';
import { createServer } from '../http.ts';

/** Where a server listens: in this process's network, or on a socket that listens in another one. */
export type Listening = { readonly host: string; readonly port: number } | { readonly fd: number };

/** Answers the short questions of containers over HTTP: whoever is slow, or one too many, is cut off. */
export class ContainerServer implements AsyncDisposable {
  readonly #server: Server;

  constructor(answer: RequestListener) {
    this.#server = createServer(
      { keepAliveTimeout: 5_000, headersTimeout: 5_000, requestTimeout: 10_000 },
      answer,
    );
    this.#server.maxConnections = 1_000;
  }

  /** @returns the port. @throws the system's error, such as EADDRNOTAVAIL: the machine doesn't have the address. */
  async listen(where: Listening): Promise<number | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(where, resolve);
    await promise;
    this.#server.off('error', reject);
    this.#server.unref();
    return this.#address?.port;
  }

  /** E.g. `http://169.254.170.2:80`; undefined while it does not listen. */
  get uri(): string | undefined {
    const address = this.#address;
    return address && `http://${address.address}:${address.port}`;
  }

  get #address() {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }
}
