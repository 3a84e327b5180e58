import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../../clock/index.ts';
import type { Api } from '../api/api-client.ts';
import type { Resource } from '../api/resources.ts';
import type { KubernetesObject } from '../objects/object.ts';
import { KubeletRefusal } from './served-pods.ts';

interface TokenReview extends KubernetesObject {
  readonly spec: { readonly token: string };
  readonly status?: { readonly authenticated?: boolean; readonly user?: User };
}

interface AccessReview extends KubernetesObject {
  readonly spec: object;
  readonly status?: { readonly allowed?: boolean };
}

interface User {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

const tokenReviews: Resource<TokenReview> = {
  ...{ group: 'authentication.k8s.io', version: 'v1', name: 'tokenreviews', kind: 'TokenReview' },
  isNamespaced: false,
};
const accessReviews: Resource<AccessReview> = {
  ...{ group: 'authorization.k8s.io', version: 'v1', name: 'subjectaccessreviews' },
  ...{ kind: 'SubjectAccessReview', isNamespaced: false },
};

/** As upstream's kubelet remembers what the API server said. */
const rememberedMs = { token: 120_000, allowed: 300_000, denied: 30_000 };
const mostRemembered = 1_000;

/** Who may ask this kubelet what: the API server decides, by certificate or token and by its rules for `nodes/…`. */
export class ClientAccess {
  readonly #api: Pick<Api, 'create'>;
  readonly #nodeName: string;
  readonly #clock: Clock;
  readonly #users = new Remembered<User | undefined>();
  readonly #decisions = new Remembered<boolean>();

  constructor(api: Pick<Api, 'create'>, nodeName: string, clock: Clock) {
    this.#api = api;
    this.#nodeName = nodeName;
    this.#clock = clock;
  }

  /** @throws {KubeletRefusal} 401, 403; {Error} the API server does not answer. */
  async check(request: IncomingMessage, path: string, signal: AbortSignal): Promise<void> {
    const user = await this.#userOf(request, signal);
    if (user?.username === undefined) throw new KubeletRefusal(401, 'Unauthorized');
    const verb = verbs[request.method ?? 'GET'] ?? 'get';
    const wanted = subresourcesOf(path);
    for (const subresource of wanted) if (await this.#allows(user, verb, subresource, signal)) return;
    throw new KubeletRefusal(
      403,
      `Forbidden (user=${user.username}, verb=${verb}, resource=nodes, subresource(s)=[${wanted.join(' ')}])`,
    );
  }

  async #userOf({ socket, headers }: IncomingMessage, signal: AbortSignal): Promise<User | undefined> {
    if (socket instanceof TLSSocket && socket.authorized) return certifiedUser(socket);
    const token = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const key = createHash('sha256').update(token).digest('base64');
    const now = this.#clock.monotonic();
    const known = this.#users.get(key, now);
    if (known !== undefined) return known.value;
    const { status } = await this.#api.create(
      tokenReviews,
      undefined,
      { metadata: { name: '' }, spec: { token } },
      signal,
    );
    const user = status?.authenticated === true ? status.user : undefined;
    this.#users.set(key, user, now + rememberedMs.token);
    return user;
  }

  async #allows(user: User, verb: string, subresource: string, signal: AbortSignal): Promise<boolean> {
    const key = JSON.stringify([user, verb, subresource]);
    const now = this.#clock.monotonic();
    const known = this.#decisions.get(key, now);
    if (known !== undefined) return known.value;
    const resourceAttributes = {
      ...{ verb, version: 'v1', resource: 'nodes', subresource, name: this.#nodeName },
    };
    const { username: name, uid, groups, extra } = user;
    const { status } = await this.#api.create(
      accessReviews,
      undefined,
      { metadata: { name: '' }, spec: { user: name, uid, groups, extra, resourceAttributes } },
      signal,
    );
    const isAllowed = status?.allowed === true;
    this.#decisions.set(key, isAllowed, now + (isAllowed ? rememberedMs.allowed : rememberedMs.denied));
    return isAllowed;
  }
}

function certifiedUser(socket: TLSSocket): User {
  const { CN, O } = socket.getPeerCertificate().subject as Readonly<
    Record<string, string | string[] | undefined>
  >;
  const username = [CN ?? []].flat().at(-1);
  return { ...(username && { username }), groups: [...[O ?? []].flat(), 'system:authenticated'] };
}

const verbs: Readonly<Record<string, string>> = {
  ...{ GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' },
};

/** Any of these is enough: what a path is by itself, and `proxy`, which is all of the kubelet. */
function subresourcesOf(path: string): readonly string[] {
  const [, first = ''] = path.split('/');
  switch (first) {
    case 'stats':
    case 'metrics':
      return [first];
    case 'logs':
      return ['log'];
    case 'healthz':
    case 'pods':
    case 'configz':
      return [first, 'proxy'];
    default:
      return ['proxy'];
  }
}

/** Values that are good for a time; the oldest go when there are too many. */
class Remembered<T> {
  readonly #values = new Map<string, { readonly value: T; readonly untilMs: number }>();

  get(key: string, now: number): { readonly value: T } | undefined {
    const known = this.#values.get(key);
    return known !== undefined && known.untilMs > now ? known : undefined;
  }

  set(key: string, value: T, untilMs: number): void {
    this.#values.delete(key);
    this.#values.set(key, { value, untilMs });
    const [oldest] = this.#values.keys();
    if (this.#values.size > mostRemembered && oldest !== undefined) this.#values.delete(oldest);
  }
}
