import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** Where the SDKs in containers look for `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`. */
export const linkLocalAddress = '169.254.170.2';
const linkLocalPort = 80;

/** What answers there: an agent's endpoint, for its own tasks. */
export interface LinkLocalAnswerer {
  /** Whether a path's secret id is one of its own. */
  knows(url: string): boolean;
  answer(request: IncomingMessage, response: ServerResponse): void;
}

/** The one place on a machine where all its agents' containers ask. */
export interface LinkLocal {
  /** Until it is disposed of, this agent's containers are answered. */
  add(answerer: LinkLocalAnswerer): Disposable;
}

/**
 * The listener on 169.254.170.2: one for the machine, whose address that is, and a request goes to the agent that knows
 * the id it asks by.
 */
export class LinkLocalListener implements LinkLocal, AsyncDisposable {
  readonly #answerers = new Set<LinkLocalAnswerer>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer(
      { keepAliveTimeout: 5_000, headersTimeout: 5_000, requestTimeout: 10_000 },
      (request, response) => this.#pass(request, response),
    );
    this.#server.maxConnections = 1_000;
  }

  /** @throws the system's error, such as EADDRNOTAVAIL: the machine doesn't have the address. */
  static async open(
    host: string = linkLocalAddress,
    port: number = linkLocalPort,
  ): Promise<LinkLocalListener> {
    const listener = new LinkLocalListener();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    listener.#server.once('error', reject);
    listener.#server.listen({ host, port }, resolve);
    await promise;
    listener.#server.off('error', reject);
    listener.#server.unref();
    return listener;
  }

  /** E.g. `http://169.254.170.2`. */
  get uri(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('The listener is closed');
    return `http://${address.address}:${address.port}`;
  }

  add(answerer: LinkLocalAnswerer): Disposable {
    this.#answerers.add(answerer);
    return { [Symbol.dispose]: () => void this.#answerers.delete(answerer) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const answerers = [...this.#answerers];
    // What nobody knows any of them refuses alike.
    const answerer = answerers.find((each) => each.knows(request.url ?? '')) ?? answerers[0];
    if (answerer === undefined) response.writeHead(503).end();
    else answerer.answer(request, response);
  }
}
