import type { Call } from '../../service.ts';
import { validationError } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';

/**
 * Whose keys a request is about: the user that it names, else the caller. Undefined: the root.
 * @throws {Refusal} ValidationError: a role's session names nobody, or the name is malformed.
 */
export function keyOwner(userName: string | undefined, { principal }: Call): string | undefined {
  if (userName !== undefined) {
    checkName(new Constraints(), 'userName', 'user', userName).throwIfViolated();
    return userName;
  }
  const { identity } = principal;
  if (identity.kind === 'user') return identity.userName;
  if (identity.kind === 'root') return undefined;
  throw validationError('Must specify userName when calling with non-User credentials');
}
