import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { type Guard, headerFields, mostHeaderBytes } from '../../../balancing/index.ts';
import type { Clock } from '../../../clock/index.ts';
import { createServer } from '../../../http.ts';
import type { Log } from '../../../log.ts';
import type { Namespace } from '../../linux/namespace.ts';
import { guardPath } from './place.ts';
import { readQuestion, writeDecision } from './wire.ts';

/** What a question has beside the fields of the client's request. */
const questionBytes = 32_768;
const listenAgainMs = 500;

export interface GuardEndpointOptions {
  /** The node's: there alone it is found. */
  readonly namespace: Pick<Namespace, 'run'>;
  readonly interfaceId: string;
  readonly guard: Guard;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Answers a node's proxy whether requests pass. Proxies outlive this process: while nobody is here, they let nothing
 * through that has to be asked for.
 */
export class GuardEndpoint implements Disposable {
  readonly #options: GuardEndpointOptions;
  readonly #closing = new AbortController();
  readonly #server: Server;
  #again: Disposable | undefined;

  constructor(options: GuardEndpointOptions) {
    this.#options = options;
    this.#server = createServer(
      { maxHeaderSize: mostHeaderBytes + questionBytes, keepAlive: false },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxHeadersCount = 0;
    this.#server.on('error', (error) => this.#tryAgain(error));
    this.#listen();
  }

  #listen(): void {
    const { namespace, interfaceId } = this.#options;
    // The socket is made and named before this returns, so it is the namespace's.
    namespace.run(() => this.#server.listen({ path: guardPath(interfaceId) }));
  }

  /** An earlier process may still have the name, for a moment. */
  #tryAgain(error: Error): void {
    const { clock, log, interfaceId } = this.#options;
    if (this.#closing.signal.aborted) return;
    log.warn('A load balancer’s guard has no socket; it is tried again', { interfaceId, error });
    this.#again = clock.after(listenAgainMs, () => this.#listen());
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { guard, log } = this.#options;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const question = readQuestion(headerFields(request.rawHeaders));
      if (question === undefined) throw new Error('Nobody asks a guard so');
      const decision = await guard(question, AbortSignal.any([gone.signal, this.#closing.signal]));
      const { status, reason, fields, body } = writeDecision(decision);
      response.writeHead(status, reason, [...fields, ['Content-Length', Buffer.byteLength(body)]].flat());
      response.end(body);
    } catch (error) {
      // Whoever has gone meanwhile needs no answer.
      if (!gone.signal.aborted) log.error('A load balancer’s guard could not decide', { error });
      response.destroy();
    }
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new Error('The load balancer’s guard is not there any more'));
    this.#again?.[Symbol.dispose]();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
