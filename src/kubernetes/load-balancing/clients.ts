import type { RecordKey } from '../../reconcile/index.ts';
import { parsedKey } from '../controllers/collections.ts';
import type { Site } from './infrastructure.ts';
import { type Guarded, ModelError, type WantedBalancer, type WantedSignIn } from './model.ts';

type Client = NonNullable<WantedSignIn['client']>;

/**
 * As what the load balancer is known to identity providers: the id and the secret that Secrets have, read as `auth-idp-oidc` names
 * them (AWS Load Balancer Controller, "Authentication").
 * @returns the load balancer with the clients of all who are to sign in.
 * @throws {ModelError} a Secret is not there, or lacks one of the two.
 */
export async function withClients(
  { store }: Pick<Site, 'store'>,
  wanted: WantedBalancer,
): Promise<WantedBalancer> {
  const clients = new Map<RecordKey, Client>();
  for (const { guard } of wanted.listeners.flatMap((listener) => [listener, ...listener.rules]))
    if (guard?.type === 'authenticate-oidc' && !clients.has(guard.secretKey))
      clients.set(guard.secretKey, await readClient(store, guard.secretKey));
  if (clients.size === 0) return wanted;
  const known = <T extends Guarded>(guarded: T): T => {
    const { guard } = guarded;
    if (guard?.type !== 'authenticate-oidc') return guarded;
    const client = clients.get(guard.secretKey);
    return { ...guarded, guard: { ...guard, ...(client !== undefined && { client }) } };
  };
  const listeners = wanted.listeners.map((listener) => ({
    ...known(listener),
    rules: listener.rules.map(known),
  }));
  return { ...wanted, listeners };
}

async function readClient(store: Site['store'], key: RecordKey): Promise<Client> {
  const { namespace, name } = parsedKey(key);
  const of = `secret: ${namespace}/${name}`;
  // It is watched; the others of its group are not told of it.
  const missing = (what: string) => new ModelError(what, { mayChange: true });
  const entry = await store.get(key);
  if (entry === undefined) throw missing(`secrets "${name}" not found, ${of}`);
  const { data = {} } = entry.value as { readonly data?: Readonly<Record<string, string>> | null };
  const textOf = (member: string): string | undefined => {
    const value = data?.[member];
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
  };
  const id = textOf('clientID') ?? textOf('clientId');
  if (id === undefined) throw missing(`missing clientID, ${of}`);
  const secret = textOf('clientSecret');
  if (secret === undefined) throw missing(`missing clientSecret, ${of}`);
  return { id: id.trimEnd(), secret, version: entry.revision };
}

/** What a load balancer's listeners and rules, by their ARNs, have been told of the clients that they are. */
export interface Told {
  /** Whether what is wanted there is the client that it was told last. */
  knows(arn: string, wanted: Guarded): boolean;
  note(arn: string, told: Guarded): void;
}

/**
 * Which clients load balancers have been told that they are. Nobody shows a secret that he has been told, so it is remembered
 * from which version of a Secret it came; what was told by an earlier process is told once more.
 */
export class ToldClients {
  readonly #balancers = new Map<string, Map<string, number>>();

  of(loadBalancerArn: string): Told {
    const versions = this.#balancers.get(loadBalancerArn) ?? new Map<string, number>();
    this.#balancers.set(loadBalancerArn, versions);
    return {
      knows: (arn, wanted) => versionOf(wanted) === undefined || versions.get(arn) === versionOf(wanted),
      note: (arn, told) => {
        const version = versionOf(told);
        if (version !== undefined) versions.set(arn, version);
      },
    };
  }

  /** Of a load balancer that goes. */
  forget(loadBalancerArn: string): void {
    this.#balancers.delete(loadBalancerArn);
  }
}

/** Where load balancers are made as they are wanted. */
export interface BalancerSite extends Site {
  readonly clients: ToldClients;
}

const versionOf = ({ guard }: Guarded): number | undefined =>
  guard?.type === 'authenticate-oidc' ? guard.client?.version : undefined;
