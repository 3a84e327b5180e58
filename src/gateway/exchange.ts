import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import type { Codec } from '../protocols/index.ts';
import type { Call, Principal } from '../services/service.ts';
import { readBody } from './body.ts';
import type { LoadedService } from './service-catalog.ts';
import type { RequestHead } from './signature.ts';

/** One request under way, from its head to its answer. */
export class Exchange {
  readonly requestId: string;
  /** Epoch milliseconds at which the request was taken; all of it sees this one time. */
  readonly now: number;
  readonly request: IncomingMessage;
  readonly head: RequestHead;
  /** As soon as they are known: errors from then on are written in this protocol and in the service's words. */
  service: LoadedService | undefined;
  codec: Codec | undefined;
  /** Of the service or the route that is asked. */
  signingName: string | undefined;
  /** For the log and who counts. */
  operation: string | undefined;
  readonly #sink: Writable;
  #body: Buffer | Promise<Buffer> | undefined;
  #abort: AbortController | undefined;
  #abortedWith: unknown;

  /** @param sink Where the answer goes; when it closes before it has ended, nobody waits any more. */
  constructor(request: IncomingMessage, sink: Writable, requestId: string, now: number) {
    this.request = request;
    this.#sink = sink;
    this.requestId = requestId;
    this.now = now;
    this.head = headOf(request);
  }

  /** Made when it is first asked for; most operations never wait and never ask. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#abortedWith !== undefined) this.#abort.abort(this.#abortedWith);
      else if (this.#sink.destroyed) this.#abort.abort(new Error('The client went away'));
      else this.#sink.once('close', () => this.#onClose());
    }
    return this.#abort.signal;
  }

  /** The body, taken in once; `maxBytes` is of the first who asks. See `readBody`. */
  readBody(maxBytes: number): Buffer | Promise<Buffer> {
    this.#body ??= readBody(this.request, maxBytes);
    return this.#body;
  }

  abort(reason: Error): void {
    this.#abortedWith = reason;
    this.#abort?.abort(reason);
  }

  get isAbandoned(): boolean {
    return this.#sink.destroyed;
  }

  /** @param region The one that the request is signed for. */
  callOf(principal: Principal, region: string): Call {
    return new RequestCall(this, principal, region);
  }

  #onClose(): void {
    if (!this.#sink.writableFinished) this.abort(new Error('The client went away'));
  }
}

class RequestCall implements Call {
  readonly accountId: string;
  readonly region: string;
  readonly principal: Principal;
  readonly requestId: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly isSecure = false;
  readonly now: number;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, principal: Principal, region: string) {
    const { socket, headers } = exchange.request;
    this.accountId = principal.accountId;
    this.region = region;
    this.principal = principal;
    this.requestId = exchange.requestId;
    this.sourceIp = socket.remoteAddress ?? '';
    this.userAgent = headers['user-agent'] ?? '';
    this.now = exchange.now;
    this.#exchange = exchange;
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }
}

function headOf(request: IncomingMessage): RequestHead {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  return {
    method: request.method ?? 'GET',
    path: mark === -1 ? url : url.slice(0, mark),
    query: mark === -1 ? '' : url.slice(mark + 1),
    headers: request.headers,
    rawHeaders: request.rawHeaders,
  };
}
