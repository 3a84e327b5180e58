import type { GetPolicyCommandInput, GetPolicyResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { checkPolicyArn, findPolicy } from './policy-lookup.ts';
import { policyView } from './policy-view.ts';

/** @throws {Refusal} NoSuchEntity, InvalidInput, ValidationError. */
export function getPolicy(
  { state }: IamContext,
  { PolicyArn: arn = '' }: GetPolicyCommandInput,
  { accountId }: Call,
): GetPolicyResponse {
  checkPolicyArn(new Constraints(), arn).throwIfViolated();
  return { Policy: policyView(state, accountId, arn, findPolicy(state, accountId, arn)) };
}
