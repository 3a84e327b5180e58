import type { AccessPolicyName, AccessScope } from '../../services/eks/index.ts';

/** Who asks, as Kubernetes names whoever asks. */
export interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  /** Of EKS: what he may besides what his names and groups say. Nobody can give them to himself by impersonating. */
  readonly accessPolicies?: readonly AccessPolicy[];
}

export interface AccessPolicy {
  readonly name: AccessPolicyName;
  readonly scope: AccessScope;
}

/** A bearer token's owner, and those of the asked-for audiences that the token is for. */
export interface Authenticated {
  readonly user: User;
  readonly audiences: readonly string[];
}

/**
 * Whose a bearer token is, if it is for one of these audiences; undefined: it is of no kind that is known here.
 * @throws {TokenError} it is of a kind that is known, and no good.
 */
export type Authenticate = (
  token: string,
  audiences: readonly string[],
) => Authenticated | undefined | Promise<Authenticated | undefined>;

/** Why a token is no good: for TokenReview and the log, never for whoever sent it. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** Whom a token must be for to be taken by the API server itself; those of EKS. */
export const apiAudiences: readonly string[] = ['https://kubernetes.default.svc'];

export const anonymous: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

/** May do everything, whatever the roles say. */
export const mastersGroup = 'system:masters';
export const authenticatedGroup = 'system:authenticated';

export const nodeUserPrefix = 'system:node:';

/** Of a kubelet: the node that it is; undefined: it is none. */
export const nodeOf = ({ username, groups }: Pick<User, 'groups' | 'username'>): string | undefined =>
  groups.includes('system:nodes') && username.startsWith(nodeUserPrefix)
    ? username.slice(nodeUserPrefix.length)
    : undefined;
