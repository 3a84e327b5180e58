import type { GetUserPolicyCommandInput, GetUserPolicyResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { noSuchEntity } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { encodedDocument } from '../input/documents.ts';
import { checkName } from '../input/names.ts';
import { findUser } from './user-lookup.ts';

/** @throws {Refusal} NoSuchEntity, ValidationError. */
export function getUserPolicy(
  { state }: IamContext,
  { UserName = '', PolicyName = '' }: GetUserPolicyCommandInput,
  { accountId }: Call,
): GetUserPolicyResponse {
  const constraints = checkName(new Constraints(), 'userName', 'user', UserName);
  checkName(constraints, 'policyName', 'policy', PolicyName).throwIfViolated();
  const user = findUser(state, accountId, UserName);
  const document = user.inlinePolicies[PolicyName];
  if (document === undefined) throw noSuchEntity(`The user policy with name ${PolicyName} cannot be found.`);
  return { UserName: user.userName, PolicyName, PolicyDocument: encodedDocument(document) };
}
