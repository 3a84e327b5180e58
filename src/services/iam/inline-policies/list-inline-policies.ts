import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { findHolder, type HolderName, holderConstraints } from '../holders.ts';
import { checkPage, type PageInput, pageOf } from '../input/pages.ts';

/**
 * ListUserPolicies, ListGroupPolicies, ListRolePolicies: the names alone.
 * @throws {Refusal} NoSuchEntity, InvalidInput (the marker), ValidationError.
 */
export function listInlinePolicies(
  { state }: IamContext,
  holder: HolderName,
  input: PageInput,
  { accountId }: Call,
) {
  checkPage(holderConstraints(holder), input).throwIfViolated();
  const names = Object.keys(findHolder(state, accountId, holder).inlinePolicies);
  const { items, ...place } = pageOf(names, (name) => name, input);
  return { PolicyNames: [...items], ...place };
}
