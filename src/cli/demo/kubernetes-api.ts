import { Agent, request } from 'node:https';
import type { Clock } from '../../clock/index.ts';
import { eksToken } from '../../eks-token.ts';
import type { RootCredentials } from '../../installation/index.ts';
import { CommandError } from '../terminal.ts';

/** Half of how long a token is good for. */
const tokenMs = 7 * 60_000;
const fieldManager = 'catamaran-demo';

interface Access {
  readonly clusterName: string;
  /** E.g. `https://127.0.0.1:36001`. */
  readonly endpoint: string;
  /** PEM. */
  readonly certificateAuthority: string;
  readonly credentials: RootCredentials;
  readonly clock: Clock;
}

/** An object as it is sent: `path` is its collection's. */
export interface Manifest {
  readonly path: string;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
    readonly spec?: object;
  };
}

/** The Kubernetes API of a cluster, for somebody who signs in as `aws eks get-token` does, with JSON in and out. */
export class KubernetesApi implements Disposable {
  readonly #access: Access;
  readonly #agent: Agent;
  #token: { readonly value: string; readonly untilMs: number } | undefined;

  constructor(access: Access) {
    this.#access = access;
    this.#agent = new Agent({ keepAlive: true, ca: access.certificateAuthority });
  }

  /** @throws {CommandError} with what the server says. */
  get(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#call('GET', path, undefined, signal);
  }

  /** Server-side apply. @throws {CommandError} with what the server says. */
  async apply({ path, object }: Manifest, signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({ fieldManager, force: 'true' });
    await this.#call('PATCH', `${path}/${object.metadata.name}?${query}`, object, signal);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #call(method: string, path: string, body: object | undefined, signal: AbortSignal): Promise<unknown> {
    const headers = {
      authorization: `Bearer ${await this.#currentToken()}`,
      // JSON is YAML.
      ...(body && { 'content-type': 'application/apply-patch+yaml' }),
    };
    const url = new URL(path, this.#access.endpoint);
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
    const outgoing = request(url, { method, headers, signal, agent: this.#agent }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => {
        text += chunk;
      });
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body && JSON.stringify(body));
    const { status, text } = await promise;
    if (status >= 300) throw new CommandError(`${method} ${path} answered ${status}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }

  async #currentToken(): Promise<string> {
    const { clusterName, credentials, clock } = this.#access;
    if (this.#token === undefined || this.#token.untilMs <= clock.now()) {
      const value = await eksToken(clusterName, credentials.region, credentials, clock.now());
      this.#token = { value, untilMs: clock.now() + tokenMs };
    }
    return this.#token.value;
  }
}

/** What is at a place in an object; undefined: nothing is. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Object.entries(here).find(([name]) => name === String(step))?.[1];
  }
  return here;
}

/** The list at a place in an object; none where there is no list. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}
