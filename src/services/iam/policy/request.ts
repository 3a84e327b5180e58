/** What is asked of the policies: one action on one resource. */
export interface PolicyRequest {
  /** E.g. `ecs:RunTask`; compared ignoring case. */
  readonly action: string;
  /** An ARN, or `*` for actions without resource-level permissions. */
  readonly resource: string;
  /** The account the resource belongs to; absent: the principal's own. */
  readonly resourceAccountId?: string;
  /** Who asks. Absent in a simulation that names no caller: only identity policies are asked then. */
  readonly principal?: PolicyPrincipal;
  readonly context: ContextSource;
}

/** `service:Name`, as requests have it: wildcards are for policies. */
export const isAction = (text: string): boolean => /^[A-Za-z0-9-]+:[A-Za-z0-9]+$/.test(text);

/** An ARN with all its parts, or `*`. */
export const isResource = (text: string): boolean => text === '*' || /^arn:(?:[^:]*:){4}./s.test(text);

/** Who asks, with the names by which a policy's Principal may mean it. */
export type PolicyPrincipal =
  | {
      readonly kind: 'root' | 'user' | 'federated-user';
      readonly accountId: string;
      readonly arn: string;
      /** A user's unique id. */
      readonly id?: string;
    }
  /** `arn` is the session's; absent where a simulation means the role itself. `id` is the role's unique id. */
  | {
      readonly kind: 'role';
      readonly accountId: string;
      readonly roleArn: string;
      readonly arn?: string;
      readonly id?: string;
    }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'identity-provider'; readonly provider: string }
  | { readonly kind: 'anonymous' };

/** The condition keys of a request. */
export interface ContextSource {
  /** @param key In lower case. */
  get(key: string): ContextValue | undefined;
}

/** Condition keys that are given. Names ignore case. */
export class RequestContext implements ContextSource {
  readonly #values = new Map<string, ContextValue>();

  /** Undefined is absent. */
  constructor(entries: Iterable<readonly [key: string, value: ContextValue | undefined]> = []) {
    for (const [key, value] of entries) if (value !== undefined) this.#values.set(key.toLowerCase(), value);
  }

  get(key: string): ContextValue | undefined {
    return this.#values.get(key);
  }
}

/** A list is a multivalued key, even with one value. An empty one counts as absent. */
export type ContextValue = string | readonly string[];
