import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { type Clock, type Random, withTimeout } from '../../../clock/index.ts';
import { parseJson, Reader } from '../../reading.ts';
import type { ApiAccess } from '../kubelet-options.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { ApiError } from './api-error.ts';
import { apiVersionOf, type Resource } from './resources.ts';

/** Which objects, of a list or a watch. */
export interface Selection {
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface List<T> {
  readonly items: readonly T[];
  /** From where a watch goes on. */
  readonly resourceVersion: string;
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Nothing has changed; a watch may be resumed from here. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export type PatchType = 'strategic' | 'merge' | 'json';

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  /** Only this very object; another of its name is left alone (409). */
  readonly uid?: string;
}

/** What the parts of the kubelet ask of the API server. `ApiClient` is it over HTTPS. */
export type Api = Pick<
  ApiClient,
  'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'post' | 'serverVersion'
>;

const patchTypes: Readonly<Record<PatchType, string>> = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
};

const callTimeoutMs = 30_000;
const pageSize = 500;
/** As upstream's reflector: a watch ends by itself after 5 to 10 minutes, so that load spreads anew. */
const watchSeconds = { least: 300, most: 600 };
/** Beyond what the server was asked for, before a watch is taken for dead. */
const watchGraceMs = 30_000;
/** How long a token is used, as `aws eks get-token` says. */
const tokenLifeMs = 14 * 60_000;
/** Objects have at most 1.5 MiB (etcd); an answer holds a page of them. */
const mostAnswerBytes = 256 * 1024 * 1024;
const mostLineBytes = 16 * 1024 * 1024;
const mostSockets = 64;

/** The Kubernetes API of one cluster, over HTTPS connections that are kept. */
export class ApiClient implements Disposable {
  readonly #access: ApiAccess;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #agent: Agent;
  /** A watch holds its connection for minutes, and each object that pods use is watched by itself. */
  readonly #watchAgent: Agent;
  #token: { readonly value: Promise<string>; readonly untilMs: number } | undefined;

  constructor(access: ApiAccess, { clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#access = access;
    this.#clock = clock;
    this.#random = random;
    const ca = access.certificateAuthority;
    this.#agent = new Agent({ keepAlive: true, maxSockets: mostSockets, ca });
    this.#watchAgent = new Agent({ keepAlive: true, ca });
  }

  /** @throws {ApiError} code 404 when it is not there; {Error} when the server does not answer. */
  get<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
    signal: AbortSignal,
  ): Promise<T> {
    return this.#call<T>('GET', pathOf(resource, namespace, name), { signal });
  }

  /** All of them, page by page, as they were at one moment. @throws {ApiError}, {Error} */
  async list<T extends KubernetesObject>(
    resource: Resource<T>,
    selection: Selection,
    signal: AbortSignal,
  ): Promise<List<T>> {
    const items: T[] = [];
    let next: string | undefined;
    for (;;) {
      const query = { ...selectors(selection), limit: String(pageSize), continue: next };
      const path = pathOf(resource, selection.namespace);
      const page = await this.#call<ListAnswer<T>>('GET', path, { query, signal });
      const named = { apiVersion: apiVersionOf(resource), kind: resource.kind };
      for (const item of page.items ?? []) items.push({ ...named, ...item });
      next = page.metadata.continue;
      if (!next) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  /**
   * What happens after `resourceVersion`, until the server ends it (after some minutes) or the signal aborts.
   * @throws {ApiError} code 410: list again; {Error} when the connection breaks.
   */
  async *watch<T extends KubernetesObject>(
    resource: Resource<T>,
    selection: Selection,
    resourceVersion: string,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void> {
    const timeoutSeconds = watchSeconds.least + this.#random.integer(watchSeconds.most - watchSeconds.least);
    using deadline = withTimeout(this.#clock, timeoutSeconds * 1_000 + watchGraceMs, signal);
    const query = {
      ...selectors(selection),
      ...{
        watch: 'true',
        resourceVersion,
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(timeoutSeconds),
      },
    };
    const path = pathOf(resource, selection.namespace);
    const answer = await this.#send('GET', path, { query, signal: deadline.signal, agent: this.#watchAgent });
    try {
      for await (const line of linesOf(answer)) yield eventOf<T>(line);
    } finally {
      answer.destroy();
    }
  }

  create<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    object: T,
    signal: AbortSignal,
  ): Promise<T> {
    return this.#call<T>('POST', pathOf(resource, namespace), { body: withType(resource, object), signal });
  }

  /** Asks a subresource that answers with something else, as `serviceaccounts/token` does. */
  post<T extends KubernetesObject, Answer>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
    subresource: string,
    body: object,
    signal: AbortSignal,
  ): Promise<Answer> {
    return this.#call<Answer>('POST', pathOf(resource, namespace, name, subresource), { body, signal });
  }

  /** Replaces it; its `resourceVersion`, where it has one, must be the latest (409). */
  update<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    signal: AbortSignal,
    subresource?: string,
  ): Promise<T> {
    const { namespace, name } = object.metadata;
    const path = pathOf(resource, namespace, name, subresource);
    return this.#call<T>('PUT', path, { body: withType(resource, object), signal });
  }

  patch<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
    patch: { readonly type: PatchType; readonly body: unknown; readonly subresource?: string },
    signal: AbortSignal,
  ): Promise<T> {
    const path = pathOf(resource, namespace, name, patch.subresource);
    return this.#call<T>('PATCH', path, { body: patch.body, contentType: patchTypes[patch.type], signal });
  }

  /** @throws {ApiError} code 404: it is gone already; 409: it is another one of its name. */
  async delete<T extends KubernetesObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
    { gracePeriodSeconds, uid }: DeleteOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const body = {
      ...{ apiVersion: 'v1', kind: 'DeleteOptions' },
      ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      ...(uid !== undefined && { preconditions: { uid } }),
    };
    await this.#call('DELETE', pathOf(resource, namespace, name), { body, signal });
  }

  /** Of the server, e.g. `v1.35.0-eks-…`. */
  async serverVersion(signal: AbortSignal): Promise<string> {
    return (await this.#call<{ readonly gitVersion: string }>('GET', '/version', { signal })).gitVersion;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
    this.#watchAgent.destroy();
  }

  async #call<Answer>(method: string, path: string, call: Call): Promise<Answer> {
    using deadline = withTimeout(this.#clock, callTimeoutMs, call.signal);
    const answer = await this.#send(method, path, { ...call, signal: deadline.signal });
    const text = await textOf(answer);
    const value = parseJson(text);
    if (value === undefined) throw new Error(`${method} ${path} was not answered with JSON`);
    // The server checks objects before it keeps them; what is read here is what it kept.
    return value as Answer;
  }

  /** The answer's head, of a call that went well. A token that the server refuses is replaced once. */
  async #send(method: string, path: string, call: Call): Promise<IncomingMessage> {
    for (let attempt = 1; ; attempt++) {
      const token = await this.#currentToken();
      const answer = await this.#open(method, path, call, token);
      const code = answer.statusCode ?? 0;
      if (code >= 200 && code < 300) return answer;
      const text = await textOf(answer);
      if (code === 401 && attempt === 1) this.#token = undefined;
      else throw refusalOf(`${method} ${path}`, code, text, answer.headers['retry-after']);
    }
  }

  #open(method: string, path: string, call: Call, token: string): Promise<IncomingMessage> {
    const url = new URL(path, this.#access.endpoint);
    for (const [name, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, value);
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    const headers = {
      ...{ accept: 'application/json', authorization: `Bearer ${token}`, 'user-agent': 'kubelet' },
      ...(body && {
        'content-type': call.contentType ?? 'application/json',
        'content-length': String(body.length),
      }),
    };
    const { signal } = call;
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method, headers, agent: call.agent ?? this.#agent, signal }, resolve);
      outgoing.once('error', (error) => {
        const why = signal.aborted ? signal.reason : error;
        reject(new Error(`${method} ${path} was not answered: ${messageOf(why)}`, { cause: why }));
      });
      outgoing.end(body);
    });
  }

  async #currentToken(): Promise<string> {
    const nowMs = this.#clock.monotonic();
    if (this.#token === undefined || this.#token.untilMs <= nowMs) {
      this.#token = { value: this.#access.token(), untilMs: nowMs + tokenLifeMs };
    }
    const asked = this.#token;
    try {
      return await asked.value;
    } catch (error) {
      if (this.#token === asked) this.#token = undefined;
      throw new Error(`No token for the Kubernetes API: ${messageOf(error)}`, { cause: error });
    }
  }
}

interface Call {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly agent?: Agent;
  readonly signal: AbortSignal;
}

interface ListAnswer<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items?: readonly T[] | null;
}

function pathOf(
  { group, version, name: plural, isNamespaced }: Resource<KubernetesObject>,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const api = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const within =
    isNamespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const one = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${api}${within}/${plural}${one}${subresource === undefined ? '' : `/${subresource}`}`;
}

function selectors({ fieldSelector, labelSelector }: Selection): Record<string, string | undefined> {
  return { fieldSelector, labelSelector };
}

function withType<T extends KubernetesObject>(resource: Resource<T>, object: T): T {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

function eventOf<T>(line: string): WatchEvent<T> {
  const event = new Reader(parseJson(line), 'watch event');
  const type = event.word('type', ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);
  const object = event.object('object', (reader) => reader);
  if (type === 'BOOKMARK') {
    const resourceVersion = object.object('metadata', (metadata) => metadata.string('resourceVersion'));
    return { type, resourceVersion };
  }
  if (type === 'ERROR') {
    const code = object.optionalNumber('code') ?? 500;
    const message = object.optionalString('message') ?? 'the watch failed';
    throw new ApiError(message, { code, reason: object.optionalString('reason') ?? '' });
  }
  return { type, object: event.raw('object') as T };
}

function refusalOf(what: string, code: number, text: string, retryAfter: string | undefined): ApiError {
  const status = parseJson(text);
  const isStatus = typeof status === 'object' && status !== null && !Array.isArray(status);
  const reader = isStatus ? new Reader(status, 'status') : undefined;
  const message = reader?.optionalString('message') ?? text.slice(0, 1_024);
  return new ApiError(`${what} answered ${code}: ${message}`, {
    ...{ code, reason: reader?.optionalString('reason') ?? '' },
    retryAfterSeconds: retryAfter === undefined ? undefined : Number(retryAfter) || undefined,
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > mostAnswerBytes) {
      answer.destroy();
      throw new Error(`The Kubernetes API's answer has more than ${mostAnswerBytes} bytes`);
    }
  }
  return Buffer.concat(chunks).toString();
}

async function* linesOf(answer: IncomingMessage): AsyncGenerator<string, void> {
  let open: Buffer[] = [];
  let openBytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      open.push(chunk.subarray(start, end));
      const line = Buffer.concat(open).toString();
      open = [];
      openBytes = 0;
      start = end + 1;
      if (line.trim() !== '') yield line;
    }
    if (start === chunk.length) continue;
    open.push(chunk.subarray(start));
    openBytes += chunk.length - start;
    if (openBytes > mostLineBytes)
      throw new Error(`An event of a watch has more than ${mostLineBytes} bytes`);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
