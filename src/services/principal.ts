/** Who made a request, proved by its signature. */
export interface Principal {
  readonly accountId: string;
  /** As refusals and `GetCallerIdentity` name it: the root's, the user's, or of a role the session's. */
  readonly arn: string;
  /** `aws:userid`: the root's account id, `AIDA…`, `AROA…:session` or `account:name`. */
  readonly userId: string;
  readonly accessKeyId: string;
  readonly identity: Identity;
  /** Present with temporary credentials. */
  readonly session?: Session;
}

/** What a signature is checked with, and who it proves. */
export interface Credentials {
  readonly secretAccessKey: string;
  readonly principal: Principal;
}

/** Whose policies decide. Names are IAM's, in the principal's account. */
export type Identity =
  | { readonly kind: 'root' }
  | { readonly kind: 'user'; readonly userName: string }
  | { readonly kind: 'role'; readonly roleName: string }
  /** Of GetFederationToken: acts with the policies of the user (or root) that asked for it, within the session's. */
  | { readonly kind: 'federated-user'; readonly name: string; readonly of: RootOrUser }
  /** Unsigned, where an operation allows that. */
  | { readonly kind: 'anonymous' };

export type RootOrUser = Extract<Identity, { readonly kind: 'root' | 'user' }>;

/** What temporary credentials carry. Times are epoch milliseconds. */
export interface Session {
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Of a role's session. */
  readonly name?: string;
  /** Absent: not limited further. With both absent members nothing is allowed. */
  readonly policies?: SessionPolicies;
  /** Session tags; they go before the role's tags of the same name, ignoring case. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Of `tags`: those that a session made from this one inherits. */
  readonly transitiveTagKeys?: readonly string[];
  readonly sourceIdentity?: string;
  /** `aws:FederatedProvider`: the OIDC provider's ARN that vouched for it. */
  readonly federatedProvider?: string;
  /** ARN of what the session was made for, such as an ECS task: it ends when that does. */
  readonly holder?: string;
}

export interface SessionPolicies {
  /** A policy document. */
  readonly inline?: string;
  readonly arns?: readonly string[];
}

export function rootPrincipal(accountId: string, accessKeyId: string): Principal {
  return {
    accountId,
    arn: `arn:aws:iam::${accountId}:root`,
    userId: accountId,
    accessKeyId,
    identity: { kind: 'root' },
  };
}

/** Who has not signed. It belongs to no account. */
export const anonymousPrincipal: Principal = {
  accountId: '',
  arn: 'anonymous',
  userId: 'anonymous',
  accessKeyId: '',
  identity: { kind: 'anonymous' },
};
