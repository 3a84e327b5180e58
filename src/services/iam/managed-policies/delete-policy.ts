import type { DeletePolicyCommandInput } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { deleteConflict } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { changePolicy, checkPolicyArn } from './policy-lookup.ts';

/**
 * With its one version; others are deleted before. Nobody may have it, neither attached nor as a boundary.
 * @throws {Refusal} NoSuchEntity, DeleteConflict, InvalidInput, AccessDenied (AWS's own), ValidationError.
 */
export async function deletePolicy(
  { state }: IamContext,
  { PolicyArn: arn = '' }: DeletePolicyCommandInput,
  call: Call,
): Promise<object> {
  checkPolicyArn(new Constraints(), arn).throwIfViolated();
  await state.transact((tx) =>
    changePolicy(
      tx,
      call,
      { action: 'DeletePolicy', arn },
      ({ attachmentCount, boundaryCount, versions }) => {
        if (attachmentCount + boundaryCount > 0) {
          throw deleteConflict('Cannot delete a policy attached to entities.');
        }
        if (versions.length > 1) {
          throw deleteConflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
          );
        }
        return undefined;
      },
    ),
  );
  return {};
}
