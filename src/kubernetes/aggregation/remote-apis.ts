import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Random } from '../../clock/index.ts';
import type { User } from '../authentication/user.ts';
import type { KubernetesObject } from '../objects/object.ts';
import type { ObjectsInMemory } from '../objects/objects-in-memory.ts';
import { type Dial, DialingAgent } from '../webhooks/dial.ts';
import { type Address, resolveService } from '../webhooks/service-address.ts';
import { apiServices, pathOfApi, type RemoteApi, remoteApiOf } from './api-services.ts';
import type { RemoteResource } from './remote-resources.ts';
import { remoteUserHeaders } from './remote-user.ts';

/** What shows a remote API server that it is the cluster that calls; both PEM. */
export interface FrontProxyIdentity {
  readonly certificate: string;
  readonly privateKey: string;
}

/** What a remote API server has told of itself. */
export interface Told {
  readonly resources: readonly RemoteResource[];
  /** Of its document of OpenAPI, version 3; undefined: it has none. */
  readonly openApi: string | undefined;
}

interface RemoteRequest {
  readonly user: User;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly signal: AbortSignal;
}

/** Most that is read of what a remote API server says of itself. */
const maxToldBytes = 8 * 1024 * 1024;

/** The APIs of a cluster that other servers answer. */
export class RemoteApis implements Disposable {
  readonly #objects: ObjectsInMemory;
  readonly #random: Random;
  readonly #agent: DialingAgent;
  readonly #identity: () => Promise<FrontProxyIdentity>;
  /** By name; kept as long as there is an APIService, so that one that is away is still known. */
  readonly #told = new Map<string, Told>();
  #read: readonly KubernetesObject[] = [];
  #all: readonly RemoteApi[] = [];
  #known: Promise<FrontProxyIdentity> | undefined;

  constructor(parts: {
    readonly objects: ObjectsInMemory;
    readonly random: Random;
    readonly dial: Dial;
    readonly identity: () => Promise<FrontProxyIdentity>;
  }) {
    this.#objects = parts.objects;
    this.#random = parts.random;
    this.#agent = new DialingAgent(parts.dial);
    this.#identity = parts.identity;
  }

  get all(): readonly RemoteApi[] {
    const objects = this.#objects.all(apiServices);
    if (objects !== this.#read) {
      this.#all = objects.flatMap((it) => remoteApiOf(it) ?? []);
      this.#read = objects;
      const names = new Set(this.#all.map(({ name }) => name));
      for (const name of this.#told.keys()) if (!names.has(name)) this.#told.delete(name);
    }
    return this.#all;
  }

  /** Who answers a path; undefined: the cluster's own API server. */
  find(path: string): RemoteApi | undefined {
    if (!path.startsWith('/apis/')) return undefined;
    return this.all.find((it) => path === pathOfApi(it) || path.startsWith(`${pathOfApi(it)}/`));
  }

  told({ name }: RemoteApi): Told | undefined {
    return this.#told.get(name);
  }

  note({ name }: RemoteApi, told: Told): void {
    this.#told.set(name, told);
  }

  /** @throws {ServiceResolutionError} the service leads nowhere. */
  addressOf({ service }: RemoteApi): Address {
    return resolveService(this.#objects, this.#random, service);
  }

  /**
   * Passes a request on.
   * @param body What is sent; undefined: nothing.
   */
  async call(
    api: RemoteApi,
    address: Address,
    asked: RemoteRequest,
    body?: NodeJS.ReadableStream,
  ): Promise<IncomingMessage> {
    const request = await this.open(api, address, asked);
    return new Promise((resolve, reject) => {
      request.once('response', resolve);
      request.on('error', reject);
      request.once('close', () => reject(new Error('the connection ended without a response')));
      if (body === undefined) request.end();
      else body.on('error', () => request.destroy()).pipe(request);
    });
  }

  /** A request that is not sent yet: the caller ends it. */
  async open(
    api: RemoteApi,
    address: Address,
    { user, method, path, headers, signal }: RemoteRequest,
  ): Promise<ClientRequest> {
    const { service, caBundle, insecureSkipTLSVerify } = api;
    this.#known ??= this.#identity();
    const { certificate, privateKey } = await this.#known;
    const options: RequestOptions = {
      ...{ host: address.host, port: address.port, agent: this.#agent, method, path, signal },
      ...{ cert: certificate, key: privateKey, rejectUnauthorized: !insecureSkipTLSVerify },
      servername: `${service.name}.${service.namespace}.svc`,
      ...(caBundle !== '' && { ca: caBundle }),
      headers: { ...headers, host: `${address.host}:${address.port}`, ...remoteUserHeaders(user) },
    };
    return httpsRequest(options);
  }

  /** What a remote API server says at a path to the aggregator itself. @throws {Error} it does not. */
  async fetch(api: RemoteApi, address: Address, path: string, signal: AbortSignal): Promise<unknown> {
    const response = await this.call(api, address, {
      ...{ user: aggregator, method: 'GET', path, headers: { accept: 'application/json' }, signal },
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxToldBytes) throw new Error(`the answer of ${path} is larger than ${maxToldBytes} bytes`);
      chunks.push(chunk);
    }
    const { statusCode = 0 } = response;
    if (statusCode < 200 || statusCode >= 300)
      throw new Error(`bad status from https://${address.host}:${address.port}${path}: ${statusCode}`);
    return JSON.parse(Buffer.concat(chunks).toString());
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

const aggregator: User = { username: 'system:kube-aggregator', groups: ['system:masters'] };
