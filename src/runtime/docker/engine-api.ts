import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { type Clock, withTimeout } from '../../clock/index.ts';
import { Agent, request } from '../../http.ts';
import type { EngineAddress } from './engine-socket.ts';

/** What one call may ask for besides its method and path. */
export interface EngineCall {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, a tar by the Engine's conventions. */
  readonly tar?: AsyncIterable<Uint8Array> | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the whole answer of `json`, for the answer's beginning of `stream` and `attach`. Default 60 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** The Engine refused: its status and its own words. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly status: number;
  /** The Engine's `message`, without "Error response from daemon". */
  readonly words: string;
  constructor(call: string, status: number, words: string) {
    super(`${call} answered ${status}: ${words}`);
    this.status = status;
    this.words = words;
  }
}

/** The Engine did not answer: it is not there, restarting, or hung. */
export class EngineAwayError extends Error {
  override readonly name = 'EngineAwayError';
}

/** Answers larger than this are a fault of whoever answers. */
const largestAnswerBytes = 64 * 1024 * 1024;
const defaultTimeoutMs = 60_000;
/** A stop holds its connection until the container has ended, and many may stop at once. */
const mostConnections = 1_024;

/**
 * The Docker Engine's HTTP API over one socket: keep-alive connections for calls, one of its own for each stream.
 */
export class EngineApi implements Disposable {
  readonly address: EngineAddress;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: mostConnections, maxFreeSockets: 16 });
  #isClosed = false;

  /** @param version The API version spoken, e.g. `1.41`. */
  constructor(address: EngineAddress, version: string, clock: Clock) {
    this.address = address;
    this.#prefix = `/v${version}`;
    this.#clock = clock;
  }

  /** One call with its JSON answer; undefined when the answer is empty (204, 304). @throws {EngineError | EngineAwayError} */
  async json(method: string, path: string, call: EngineCall = {}): Promise<unknown> {
    using deadline = withTimeout(this.#clock, call.timeoutMs ?? defaultTimeoutMs, call.signal);
    const incoming = await this.#send(method, path, call, deadline.signal, this.#agent);
    const text = await this.#read(incoming, `${method} ${path}`, call.signal);
    return text === '' ? undefined : parseAnswer(text, `${method} ${path}`);
  }

  /** A call whose answer is read as it comes. The caller destroys it or reads it to its end. */
  async stream(method: string, path: string, call: EngineCall = {}): Promise<IncomingMessage> {
    using deadline = withTimeout(this.#clock, call.timeoutMs ?? defaultTimeoutMs);
    return this.#send(method, path, call, deadline.signal, false);
  }

  /** A call that turns its connection into a raw stream (attach, exec). The caller destroys it. */
  async hijack(method: string, path: string, call: EngineCall = {}): Promise<Duplex> {
    using deadline = withTimeout(this.#clock, call.timeoutMs ?? defaultTimeoutMs, call.signal);
    const what = `${method} ${path}`;
    const outgoing = this.#open(method, path, call, false, { connection: 'Upgrade', upgrade: 'tcp' });
    const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
    const onAbort = (): void => {
      outgoing.destroy(new Error(`No answer: ${String(deadline.signal.reason)}`));
    };
    deadline.signal.addEventListener('abort', onAbort, { once: true });
    outgoing.on('upgrade', (_response, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    outgoing.on('response', (incoming) => {
      this.#read(incoming, what, call.signal).then(
        () => reject(new EngineAwayError(`${what} was not upgraded to a stream`)),
        reject,
      );
    });
    outgoing.on('error', (error) => reject(this.#away(what, error, call.signal)));
    try {
      writeBody(outgoing, call);
      return await promise;
    } finally {
      deadline.signal.removeEventListener('abort', onAbort);
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  async #send(
    method: string,
    path: string,
    call: EngineCall,
    deadline: AbortSignal,
    agent: InstanceType<typeof Agent> | false,
  ): Promise<IncomingMessage> {
    const what = `${method} ${path}`;
    for (;;) {
      const outgoing = this.#open(method, path, call, agent);
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const end = (signal: AbortSignal): void => {
        outgoing.destroy(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
      };
      const onDeadline = (): void => end(deadline);
      const onAbort = (): void => {
        if (call.signal) end(call.signal);
      };
      deadline.addEventListener('abort', onDeadline, { once: true });
      call.signal?.addEventListener('abort', onAbort, { once: true });
      const release = (): void => {
        deadline.removeEventListener('abort', onDeadline);
        call.signal?.removeEventListener('abort', onAbort);
      };
      outgoing.on('response', resolve);
      outgoing.on('close', release);
      outgoing.on('error', reject);
      if (deadline.aborted) onDeadline();
      else if (call.signal?.aborted) onAbort();
      else writeBody(outgoing, call);
      try {
        return await promise.then((incoming) => this.#checked(incoming, what, call.signal));
      } catch (error) {
        // A kept connection may have been closed by the Engine in the very moment it was used again.
        const isEnginesDoing = outgoing.reusedSocket && isReset(error) && !this.#isClosed;
        if (isEnginesDoing && isRepeatable(call) && !deadline.aborted) continue;
        throw error instanceof EngineError ? error : this.#away(what, error, call.signal);
      }
    }
  }

  /** Answers of 400 and above are thrown with the Engine's words. */
  async #checked(incoming: IncomingMessage, what: string, signal?: AbortSignal): Promise<IncomingMessage> {
    if ((incoming.statusCode ?? 500) >= 400) await this.#read(incoming, what, signal);
    return incoming;
  }

  async #read(incoming: IncomingMessage, what: string, signal?: AbortSignal): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of incoming as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > largestAnswerBytes)
          throw new Error(`the answer is larger than ${largestAnswerBytes} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.#away(what, error, signal);
    }
    const text = Buffer.concat(chunks).toString();
    const status = incoming.statusCode ?? 500;
    if (status >= 400) throw new EngineError(what, status, wordsOf(text));
    return text;
  }

  #open(
    method: string,
    path: string,
    call: EngineCall,
    agent: InstanceType<typeof Agent> | false,
    headers: Readonly<Record<string, string>> = {},
  ): ClientRequest {
    const options: RequestOptions = {
      ...this.address.connect,
      agent,
      method,
      path: `${this.#prefix}${path}${queryOf(call.query)}`,
      headers: { host: 'engine', ...bodyHeaders(method, call), ...call.headers, ...headers },
    };
    return request(options);
  }

  #away(what: string, cause: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    const words = cause instanceof Error ? cause.message : String(cause);
    return new EngineAwayError(
      `The container engine at ${this.address.uri} did not answer ${what}: ${words}`,
      {
        cause,
      },
    );
  }
}

/** Reads newline-delimited JSON, one value at a time. Bounded: a line of more than 16 MiB ends it. */
export async function* jsonLines(source: Readable): AsyncGenerator<unknown, void> {
  let rest = '';
  source.setEncoding('utf8');
  for await (const chunk of source as AsyncIterable<string>) {
    rest += chunk;
    let start = 0;
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n', start)) {
      const line = rest.slice(start, end).trim();
      start = end + 1;
      if (line !== '') yield JSON.parse(line);
    }
    rest = rest.slice(start);
    if (rest.length > 16 * 1024 * 1024) throw new Error('The container engine sent a line without end');
  }
  if (rest.trim() !== '') yield JSON.parse(rest);
}

function queryOf(query: EngineCall['query']): string {
  if (query === undefined) return '';
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function bodyHeaders(method: string, call: EngineCall): Record<string, string> {
  if (call.tar !== undefined) {
    return call.tar instanceof Uint8Array
      ? { 'content-type': 'application/x-tar', 'content-length': String(call.tar.byteLength) }
      : { 'content-type': 'application/x-tar', 'transfer-encoding': 'chunked' };
  }
  if (call.json !== undefined) return { 'content-type': 'application/json' };
  return method === 'GET' ? {} : { 'content-length': '0' };
}

function writeBody(outgoing: ClientRequest, call: EngineCall): void {
  if (call.json !== undefined) outgoing.end(JSON.stringify(call.json));
  else if (call.tar === undefined) outgoing.end();
  else if (call.tar instanceof Uint8Array) outgoing.end(call.tar);
  else void writeAll(outgoing, call.tar);
}

async function writeAll(outgoing: ClientRequest, body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of body) {
      if (outgoing.destroyed) return;
      if (!outgoing.write(chunk)) {
        await new Promise<void>((resolve) => {
          outgoing.once('drain', resolve);
          outgoing.once('close', resolve);
        });
      }
    }
    outgoing.end();
  } catch (error) {
    outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

const isRepeatable = (call: EngineCall): boolean => call.tar === undefined || call.tar instanceof Uint8Array;

function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function parseAnswer(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EngineAwayError(`${what} answered with something that is not JSON`, { cause });
  }
}

function wordsOf(body: string): string {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer === 'object' && answer !== null) {
      if ('message' in answer && typeof answer.message === 'string') return answer.message.trim();
      // Podman's own form.
      if ('cause' in answer && typeof answer.cause === 'string') return answer.cause.trim();
    }
  } catch {
    // A proxy or a very old Engine answers in plain text.
  }
  return body.trim().slice(0, 2_000) || 'no reason given';
}
