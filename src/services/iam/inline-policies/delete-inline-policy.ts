import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { changeHolder, type HolderName, holderConstraints } from '../holders.ts';
import { checkName } from '../input/names.ts';
import { noSuchInlinePolicy } from './get-inline-policy.ts';
import { inlinePolicyOf } from './inline-policy.ts';

/**
 * DeleteUserPolicy, DeleteGroupPolicy, DeleteRolePolicy.
 * @throws {Refusal} NoSuchEntity, UnmodifiableEntity, ValidationError.
 */
export async function deleteInlinePolicy(
  { state }: IamContext,
  holder: HolderName,
  { PolicyName = '' }: { readonly PolicyName: string | undefined },
  { accountId }: Call,
): Promise<object> {
  checkName(holderConstraints(holder), 'policyName', 'policy', PolicyName).throwIfViolated();
  await state.transact((tx) =>
    changeHolder(tx, accountId, holder, (before) => {
      if (inlinePolicyOf(before, PolicyName) === undefined) throw noSuchInlinePolicy(holder, PolicyName);
      const { [PolicyName]: _, ...rest } = before.inlinePolicies;
      return { inlinePolicies: rest };
    }),
  );
  return {};
}
