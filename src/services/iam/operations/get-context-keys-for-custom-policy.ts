import type {
  GetContextKeysForCustomPolicyCommandInput,
  GetContextKeysForPolicyResponse,
} from '@aws-sdk/client-iam';
import { Constraints, policyDocumentConstraint } from '../input/constraints.ts';
import { distinct } from '../policy/index.ts';
import { readPolicyInput } from './policy-input.ts';

/** The condition keys that a request would need for these policies to be decided. */
export function getContextKeysForCustomPolicy({
  PolicyInputList = [],
}: GetContextKeysForCustomPolicyCommandInput): GetContextKeysForPolicyResponse {
  new Constraints().texts('policyInputList', PolicyInputList, policyDocumentConstraint).throwIfViolated();
  const policies = PolicyInputList.map((document, index) =>
    readPolicyInput(`PolicyInputList.${index + 1}`, document, 'identity'),
  );
  return { ContextKeyNames: [...distinct(policies.flatMap(({ contextKeys }) => contextKeys))] };
}
