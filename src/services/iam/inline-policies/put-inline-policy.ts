import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { changeHolder, type HolderName, holderConstraints } from '../holders.ts';
import { policyDocumentConstraint } from '../input/constraints.ts';
import { readDocument } from '../input/documents.ts';
import { checkName } from '../input/names.ts';
import { withInlinePolicy } from './inline-policy.ts';

interface Input {
  readonly PolicyName: string | undefined;
  readonly PolicyDocument: string | undefined;
}

/**
 * PutUserPolicy, PutGroupPolicy, PutRolePolicy: makes the policy, or replaces the one of that name.
 * @throws {Refusal} NoSuchEntity, MalformedPolicyDocument, LimitExceeded, UnmodifiableEntity, ValidationError.
 */
export async function putInlinePolicy(
  { state }: IamContext,
  holder: HolderName,
  { PolicyName, PolicyDocument }: Input,
  { accountId }: Call,
): Promise<object> {
  checkName(holderConstraints(holder), 'policyName', 'policy', PolicyName)
    .text('policyDocument', PolicyDocument, { ...policyDocumentConstraint, isRequired: true })
    .throwIfViolated();
  const given = [PolicyName ?? '', PolicyDocument ?? ''] as const;
  readDocument(given[1], 'identity');
  await state.transact((tx) =>
    changeHolder(tx, accountId, holder, (before, name) => ({
      inlinePolicies: withInlinePolicy(before, given, { ...holder, name }),
    })),
  );
  return {};
}
