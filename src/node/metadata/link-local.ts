import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { ContainerServer, type Listening } from '../container-server.ts';

/** Where the SDKs in containers look for `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`. */
export const linkLocalAddress = '169.254.170.2';
const linkLocalPort = 80;

/** What answers there: an agent's endpoint, for its own tasks. */
export interface LinkLocalAnswerer {
  /** Whether a path's secret id is one of its own. */
  knows(url: string): boolean;
  /** @param interfaceId Of whoever asks within a VPC. */
  answer(request: IncomingMessage, response: ServerResponse, interfaceId?: string): void;
}

/** The one place on a machine where all its agents' containers ask. */
export interface LinkLocal {
  /** Until it is disposed of, this agent's containers are answered. */
  add(answerer: LinkLocalAnswerer): Disposable;
}

/**
 * Listens on 169.254.170.2, once for the machine, whose address that is, and once in each of its VPCs. A request goes to
 * the agent that knows the id it asks by.
 */
export class LinkLocalListener implements LinkLocal, AsyncDisposable {
  readonly #answerers = new Set<LinkLocalAnswerer>();
  readonly #servers = new Set<ContainerServer>();

  /** On the machine's own. @throws the system's error, such as EADDRNOTAVAIL: the machine doesn't have the address. */
  async listen(host: string = linkLocalAddress, port: number = linkLocalPort): Promise<void> {
    await this.#serve({ host, port }, (request, response) => this.#pass(request, response));
  }

  /**
   * Within a VPC, until it is disposed of.
   * @param where A socket that listens there.
   * @param interfaceAt Whose interface an address of the VPC is: others are not answered.
   */
  async listenWithin(
    where: Listening,
    interfaceAt: (address: string) => string | undefined,
  ): Promise<AsyncDisposable> {
    const server = await this.#serve(where, (request, response) => {
      const interfaceId = interfaceAt(request.socket.remoteAddress ?? '');
      if (interfaceId === undefined) response.writeHead(403).end();
      else this.#pass(request, response, interfaceId);
    });
    return { [Symbol.asyncDispose]: () => this.#close(server) };
  }

  /** E.g. `http://169.254.170.2`: of the machine's own. */
  get uri(): string {
    for (const { uri } of this.#servers) if (uri !== undefined) return uri;
    throw new Error('Nothing is listened on');
  }

  add(answerer: LinkLocalAnswerer): Disposable {
    this.#answerers.add(answerer);
    return { [Symbol.dispose]: () => void this.#answerers.delete(answerer) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#servers].map((server) => this.#close(server)));
  }

  async #serve(where: Listening, answer: RequestListener): Promise<ContainerServer> {
    const server = new ContainerServer(answer);
    await server.listen(where);
    this.#servers.add(server);
    return server;
  }

  async #close(server: ContainerServer): Promise<void> {
    if (this.#servers.delete(server)) await server[Symbol.asyncDispose]();
  }

  #pass(request: IncomingMessage, response: ServerResponse, interfaceId?: string): void {
    const answerers = [...this.#answerers];
    // What nobody knows any of them refuses alike.
    const answerer = answerers.find((each) => each.knows(request.url ?? '')) ?? answerers[0];
    if (answerer === undefined) response.writeHead(503).end();
    else answerer.answer(request, response, interfaceId);
  }
}
