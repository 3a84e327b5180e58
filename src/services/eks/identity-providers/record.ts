import {
  type Collection,
  type Reader,
  type RecordKey,
  recordKey,
  type Transaction,
} from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { clusterText, scopeOfKey, type Tags } from '../records.ts';

/** An OpenID Connect provider whose tokens a cluster takes. A cluster has one at most. */
export interface IdentityProviderRecord extends OidcProvider {
  /** UUID. */
  readonly id: string;
  readonly clusterName: string;
  readonly name: string;
  readonly tags: Tags;
  /** The update by which it comes or goes, while it is under way. */
  readonly updateId?: string;
  readonly isDeleting?: true;
}

/** What an API server needs to know of it. */
export interface OidcProvider {
  /** `https://…`, as tokens name it. */
  readonly issuerUrl: string;
  /** Whom tokens must be for. */
  readonly clientId: string;
  readonly usernameClaim: string;
  /** Absent: the issuer and `#`, unless the claim is `email`. `-`: none. */
  readonly usernamePrefix?: string;
  readonly groupsClaim?: string;
  readonly groupsPrefix?: string;
  /** Claims that tokens must have with these very values. */
  readonly requiredClaims: Readonly<Record<string, string>>;
}

/** `identity-provider-config/<cluster>` */
export const identityProviders: Collection<IdentityProviderRecord, 'cluster'> = {
  service: 'eks',
  noun: 'identity-provider-config',
  indexes: { cluster: ({ clusterName }, key) => clusterText(scopeOfKey(key), clusterName) },
};

export const identityProviderKey = ({ accountId, region }: Scope, clusterName: string): RecordKey =>
  recordKey(identityProviders, accountId, region, clusterName);

/** The provider whose tokens a cluster takes. */
export function identityProviderOf(
  reader: Reader,
  scope: Scope,
  clusterName: string,
): OidcProvider | undefined {
  const found = reader.get(identityProviders, identityProviderKey(scope, clusterName));
  return found?.isDeleting ? undefined : found;
}

/** The control plane has followed an update: what came by it is there, and what went by it is gone. */
export function settleIdentityProvider(
  tx: Transaction,
  scope: Scope,
  clusterName: string,
  updateId: string,
): void {
  const key = identityProviderKey(scope, clusterName);
  const found = tx.get(identityProviders, key);
  if (found?.updateId !== updateId) return;
  const { updateId: _, ...settled } = found;
  if (found.isDeleting) tx.delete(identityProviders, key);
  else tx.put(identityProviders, key, settled);
}
