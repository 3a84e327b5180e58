/** Who asks, as Kubernetes names whoever asks. */
export interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Whose a bearer token is; undefined: nobody's. */
export type Authenticate = (token: string) => User | undefined | Promise<User | undefined>;

export const anonymous: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

/** May do everything, whatever the roles say. */
export const mastersGroup = 'system:masters';
export const authenticatedGroup = 'system:authenticated';
