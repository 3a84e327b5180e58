import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { createEcs } from '../index.ts';
import type { TestRoom } from './room.ts';

/** A gateway that does nothing but pass upgrades on: no signatures, no authorisation. */
export interface TestGateway extends AsyncDisposable {
  readonly port: number;
  /** Connects as the official agent does. */
  connect(path: string, query: Readonly<Record<string, string>>): Promise<AgentClient>;
  /** The status and body that an upgrade is refused with. */
  refusal(path: string, query: Readonly<Record<string, string>>): Promise<{ status: number; body: string }>;
}

export async function openGateway(room: TestRoom): Promise<TestGateway> {
  const controller = new AbortController();
  const { service, loadAgentEndpoints } = createEcs(room.ecs);
  const { upgrades } = service;
  await loadAgentEndpoints();
  const server = createServer();
  server.on('upgrade', (request, socket, head) => {
    const path = request.url?.split('?')[0];
    const upgrade = upgrades?.find((candidate) => candidate.path === path);
    // A room's call, of which each request gets its own.
    const call = Object.assign({}, room.call, { signal: controller.signal });
    if (upgrade) upgrade.accept(request, socket, head, call, new Map());
    else socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = (path: string, query: Readonly<Record<string, string>>): string =>
    `ws://127.0.0.1:${port}${path}?${new URLSearchParams(query)}`;
  const clients: AgentClient[] = [];
  return {
    port,
    connect: async (path, query) => {
      const client = new AgentClient(new WebSocket(url(path, query)));
      clients.push(client);
      await client.opened;
      return client;
    },
    refusal: (path, query) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url(path, query));
        socket.on('open', () => reject(new Error('The upgrade was accepted')));
        socket.on('error', () => {}); // The refused handshake, which `unexpected-response` tells more of.
        socket.on('unexpected-response', (_, response) => {
          let body = '';
          response.on('data', (part: Buffer) => {
            body += part.toString();
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        });
      }),
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      for (const client of clients) client.terminate();
      await closed(server);
    },
  };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

const patienceMs = 50_000;

export interface ReceivedFrame {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect to be there.
  readonly message: any;
}

/** The other end of an agent's WebSocket. */
export class AgentClient {
  readonly #socket: WebSocket;
  readonly #unread: ReceivedFrame[] = [];
  readonly opened: Promise<void>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #arrived = Promise.withResolvers<void>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.opened = new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    this.closed = new Promise((resolve) =>
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    socket.on('message', (data) => {
      this.#unread.push(JSON.parse(data.toString()) as ReceivedFrame);
      this.#arrived.resolve();
      this.#arrived = Promise.withResolvers<void>();
    });
  }

  /** The next frame of this type; those before it are dropped. */
  async next(type: string): Promise<ReceivedFrame['message']> {
    const deadline = AbortSignal.timeout(patienceMs);
    const dropped: string[] = [];
    for (;;) {
      const frame = this.#unread.shift();
      if (frame?.type === type) return frame.message;
      if (frame !== undefined) {
        dropped.push(frame.type);
        continue;
      }
      const gaveUp = Promise.withResolvers<never>();
      deadline.addEventListener('abort', () =>
        gaveUp.reject(
          new Error(`No ${type} within ${patienceMs} ms; seen: ${dropped.join(', ') || 'nothing'}`),
        ),
      );
      await Promise.race([this.#arrived.promise, gaveUp.promise]);
    }
  }

  /** What has come and wasn't read. */
  get unread(): readonly ReceivedFrame[] {
    return this.#unread;
  }

  send(type: string, message: object): void {
    this.#socket.send(JSON.stringify({ type, message }));
  }

  sendRaw(data: string | Buffer): void {
    this.#socket.send(data);
  }

  terminate(): void {
    this.#socket.terminate();
  }
}

/** Resolves when the predicate holds. @throws after a while, with what `seen` shows. */
export async function until(predicate: () => boolean, seen: () => unknown): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!predicate()) {
    if (performance.now() > deadline)
      throw new Error(`Not reached within ${patienceMs} ms: ${predicate}; seen: ${JSON.stringify(seen())}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
