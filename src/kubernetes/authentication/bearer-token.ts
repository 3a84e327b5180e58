import { type Authenticate, authenticatedGroup, TokenError } from './user.ts';

/** Longer ones are no token of any kind. */
const maxLength = 16 * 1024;

/**
 * Tries each kind of token. Whoever is found is in `system:authenticated`.
 * @throws {TokenError} from the returned function: nobody's, with what each kind that knew it says.
 */
export function bearerTokens(kinds: readonly Authenticate[]): Authenticate {
  return async (token, audiences) => {
    const failures: string[] = [];
    for (const authenticate of token.length > maxLength ? [] : kinds) {
      try {
        const found = await authenticate(token, audiences);
        if (found === undefined) continue;
        const { groups } = found.user;
        if (groups.includes(authenticatedGroup)) return found;
        return { ...found, user: { ...found.user, groups: [...groups, authenticatedGroup] } };
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        failures.push(error.message);
      }
    }
    const told = ['invalid bearer token', ...failures];
    throw new TokenError(told.length === 1 ? told[0] : `[${told.join(', ')}]`);
  };
}
