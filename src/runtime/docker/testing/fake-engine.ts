import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineAddress, unixAddress } from '../engine-socket.ts';

/** Something that listens on a unix socket and answers as a test wants, for what no real engine does on demand. */
export class FakeEngine implements AsyncDisposable {
  readonly address: EngineAddress;
  readonly socket: string;
  readonly #directory: string;
  readonly #answer: (request: IncomingMessage, response: ServerResponse) => void;
  #server: Server | undefined;

  private constructor(
    directory: string,
    answer: (request: IncomingMessage, response: ServerResponse) => void,
  ) {
    this.#directory = directory;
    this.#answer = answer;
    this.socket = join(directory, 'engine.sock');
    this.address = unixAddress(this.socket);
  }

  static async start(
    answer: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<FakeEngine> {
    const fake = new FakeEngine(await mkdtemp(join(tmpdir(), 'catamaran-fake-')), answer);
    await fake.listen();
    return fake;
  }

  async listen(): Promise<void> {
    const server = createServer(this.#answer);
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socket, resolve));
  }

  /** Cuts every connection, as a killed engine does. */
  async crash(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
