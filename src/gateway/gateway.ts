import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Clock, type Random, uuid } from '../clock/index.ts';
import { createServer } from '../http.ts';
import type { Log } from '../log.ts';
import { HttpRoutes, type Refusal, type WireAnswer } from '../protocols/index.ts';
import type { Authorize, Denial } from '../services/iam/index.ts';
import type { Service } from '../services/service.ts';
import { Exchange } from './exchange.ts';
import type { PipelineParts } from './parts.ts';
import { answerRequest } from './pipeline.ts';
import type { Route } from './route.ts';
import { ServiceCatalog } from './service-catalog.ts';
import { type CredentialLookup, type NoteUse, SignatureVerifier } from './sigv4.ts';
import { acceptUpgrade, type UpgradeTarget } from './upgrade.ts';

export interface GatewayOptions {
  readonly services: readonly Service[];
  /** Paths of the installation's own, and of services without an SDK's client. */
  readonly routes?: readonly Route[];
  /** WebSocket endpoints besides those of `services`. */
  readonly upgradeTargets?: readonly UpgradeTarget[];
  readonly clock: Clock;
  /** For request ids. */
  readonly random: Random;
  readonly credentials: CredentialLookup;
  /** Absent: nobody wants to know when a key was last used. */
  readonly noteUse?: NoteUse;
  readonly authorize: Authorize;
  /** For services that hand out sealed why they refuse (`AccessDenied.handsOutDetails`); absent: they don't. */
  readonly encodeDenial?: (denial: Denial) => string;
  readonly log: Log;
  /** Failures of the world that callers should hear of in plain words, such as a full disk. */
  readonly refusalOf?: (failure: unknown) => Refusal | undefined;
  /** Told of each request that was answered; absent: nobody counts. */
  readonly onAnswered?: (answered: AnsweredRequest) => void;
  readonly limits?: Partial<GatewayLimits>;
}

/** How a request ended, for who counts them. Names come from services' models and from routes, never from the request's text. */
export interface AnsweredRequest {
  /** The signing name; undefined: nothing on offer was asked. */
  readonly service: string | undefined;
  /** E.g. `ListClusters`, or a route's method and path; undefined: it was refused before that was known. */
  readonly operation: string | undefined;
  readonly status: number;
  /** From the end of its headers until its answer was handed to the connection. */
  readonly durationMs: number;
}

/** How much one listener takes on, and how slow a sender may be. Bodies are bounded per service. */
export interface GatewayLimits {
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** From the first byte of a request to the end of its body. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection is kept for the next request. */
  readonly keepAliveTimeoutMs: number;
  /** How long requests under way may go on when the gateway closes, before they are aborted. */
  readonly closeDeadlineMs: number;
}

const defaultLimits: GatewayLimits = {
  maxConnections: 10_000,
  maxHeaderBytes: 32 * 1024,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 75_000,
  closeDeadlineMs: 5_000,
};

export interface Gateway {
  /** @throws {Error} the address can't be listened on. */
  listen(at: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>;
  /** Loads a service that is about to be called for the first time. Does nothing where it is not on offer. */
  prepare(signingName: string): Promise<unknown>;
  /**
   * Stops accepting, lets requests under way end until the deadline, then aborts them; upgraded connections
   * are closed at once. Resolves when every connection is gone.
   */
  close(): Promise<void>;
  /** Where it listens; undefined before `listen` and after `close`. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
}

/** Makes the listener; nothing is loaded or opened before `listen`. */
export function createGateway(options: GatewayOptions): Gateway {
  return new HttpGateway(options);
}

class HttpGateway implements Gateway {
  readonly #server: Server;
  readonly #parts: PipelineParts;
  readonly #upgrades: HttpRoutes<UpgradeTarget>;
  readonly #clock: Clock;
  readonly #newRequestId: () => string;
  readonly #onAnswered: (answered: AnsweredRequest) => void;
  readonly #limits: GatewayLimits;
  readonly #underWay = new Set<Exchange>();
  readonly #upgraded = new Map<Duplex, Exchange>();
  #isClosing = false;

  constructor(options: GatewayOptions) {
    const { services, routes = [], clock, random, credentials, authorize, log } = options;
    this.#clock = clock;
    this.#newRequestId = () => uuid(random);
    this.#onAnswered = options.onAnswered ?? (() => undefined);
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#parts = {
      catalog: new ServiceCatalog(services),
      routes: routesOf(routes),
      verifier: new SignatureVerifier(credentials, options.noteUse),
      authorize,
      encodeDenial: options.encodeDenial,
      log,
      refusalOf: options.refusalOf ?? (() => undefined),
    };
    this.#upgrades = upgradesOf(services, options.upgradeTargets ?? []);
    this.#server = createServer(
      {
        maxHeaderSize: this.#limits.maxHeaderBytes,
        headersTimeout: this.#limits.headersTimeoutMs,
        requestTimeout: this.#limits.requestTimeoutMs,
        keepAliveTimeout: this.#limits.keepAliveTimeoutMs,
        connectionsCheckingInterval: Math.min(5_000, this.#limits.headersTimeoutMs),
      },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.maxConnections = this.#limits.maxConnections;
    this.#server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
  }

  get address(): { readonly host: string; readonly port: number } | undefined {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') return undefined;
    return { host: address.address, port: address.port };
  }

  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<{
    readonly port: number;
  }> {
    await new Promise<void>((resolve, reject) => {
      const onError = (cause: NodeJS.ErrnoException): void => reject(cannotListen(host, port, cause));
      this.#server.once('error', onError);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', onError);
        resolve();
      });
    });
    return { port: this.address?.port ?? port };
  }

  async prepare(signingName: string): Promise<unknown> {
    return this.#parts.catalog.find(signingName);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const stopping = new Error('Catamaran is stopping');
    for (const [socket, exchange] of this.#upgraded) {
      exchange.abort(stopping);
      socket.destroy();
    }
    const deadline = this.#clock.after(this.#limits.closeDeadlineMs, () => {
      for (const exchange of this.#underWay) exchange.abort(stopping);
      this.#server.closeAllConnections();
    });
    await closed;
    deadline[Symbol.dispose]();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = new Exchange(request, response, this.#newRequestId(), this.#clock.now());
    const beganAt = this.#clock.monotonic();
    this.#underWay.add(exchange);
    try {
      const answer = await answerRequest(exchange, this.#parts);
      if (answer === undefined) {
        response.destroy();
        return;
      }
      this.#send(response, exchange, answer);
      this.#onAnswered({
        service: exchange.signingName,
        operation: exchange.operation,
        status: answer.status,
        durationMs: this.#clock.monotonic() - beganAt,
      });
    } catch (error) {
      // Not even the error could be written: a codec's bug.
      this.#parts.log.error('An answer could not be written', { error, requestId: exchange.requestId });
      response.destroy();
    } finally {
      this.#underWay.delete(exchange);
    }
  }

  #send(response: ServerResponse, { requestId }: Exchange, { status, headers, body }: WireAnswer): void {
    // The rest of a body that is too large is not waited for.
    const closes = this.#isClosing || status === 413;
    response.writeHead(status, {
      ...headers,
      'x-amzn-RequestId': requestId,
      'content-length': Buffer.byteLength(body),
      ...(closes && { connection: 'close' }),
    });
    response.end(body);
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, first: Buffer): Promise<void> {
    // Those that were upgraded before are closed already; this one would outlive them unnoticed.
    if (this.#isClosing) {
      socket.destroy();
      return;
    }
    const exchange = new Exchange(request, socket, this.#newRequestId(), this.#clock.now());
    this.#upgraded.set(socket, exchange);
    socket.once('close', () => {
      this.#upgraded.delete(socket);
      exchange.abort(new Error('The connection was closed'));
    });
    await acceptUpgrade(exchange, socket, first, this.#upgrades, this.#parts);
  }
}

function routesOf(routes: readonly Route[]): HttpRoutes<Route> {
  const table = new HttpRoutes<Route>();
  for (const route of routes) table.add(route.method, route.path, route);
  return table;
}

function upgradesOf(
  services: readonly Service[],
  others: readonly UpgradeTarget[],
): HttpRoutes<UpgradeTarget> {
  const targets = new HttpRoutes<UpgradeTarget>();
  const ofServices = services.flatMap(({ signingName, upgrades = [] }) =>
    upgrades.map((upgrade) => ({ signingName, upgrade })),
  );
  for (const target of [...ofServices, ...others]) targets.add('GET', target.upgrade.path, target);
  return targets;
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): Error {
  const at = `${host}:${port}`;
  const why =
    cause.code === 'EADDRINUSE'
      ? 'another process listens there. Stop it or choose another port'
      : `${cause.message}. Choose another address or port.`;
  return new Error(`Cannot listen on ${at}: ${why}`, { cause });
}
