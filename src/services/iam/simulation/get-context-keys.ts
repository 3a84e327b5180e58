import type {
  GetContextKeysForCustomPolicyCommandInput,
  GetContextKeysForPolicyResponse,
  GetContextKeysForPrincipalPolicyCommandInput,
} from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints, policyDocumentConstraint } from '../input/constraints.ts';
import { type CompiledPolicy, distinct } from '../policy/index.ts';
import { readPolicyInput } from './policy-input.ts';
import { policySource } from './policy-source.ts';

/** The condition keys that a request would need for these policies to be decided. */
export function getContextKeysForCustomPolicy({
  PolicyInputList = [],
}: GetContextKeysForCustomPolicyCommandInput): GetContextKeysForPolicyResponse {
  return contextKeysOf(readPolicies(PolicyInputList));
}

/**
 * The same for the policies of a user, group or role, with its permissions boundary.
 * @throws {Refusal} NoSuchEntity, InvalidInput, ValidationError.
 */
export function getContextKeysForPrincipalPolicy(
  { state }: IamContext,
  { PolicySourceArn = '', PolicyInputList = [] }: GetContextKeysForPrincipalPolicyCommandInput,
  { accountId }: Call,
): GetContextKeysForPolicyResponse {
  const given = readPolicies(PolicyInputList);
  const { identity, boundary = [] } = policySource(state, accountId, PolicySourceArn).policies;
  return contextKeysOf([...identity, ...boundary, ...given]);
}

function readPolicies(documents: readonly string[]): readonly CompiledPolicy[] {
  new Constraints().texts('policyInputList', documents, policyDocumentConstraint).throwIfViolated();
  return documents.map((document, index) =>
    readPolicyInput(`PolicyInputList.${index + 1}`, document, 'identity'),
  );
}

function contextKeysOf(policies: readonly CompiledPolicy[]): GetContextKeysForPolicyResponse {
  return { ContextKeyNames: [...distinct(policies.flatMap(({ contextKeys }) => contextKeys))] };
}
