import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { noSuchEntity, quotaExceeded, validationError } from '../errors.ts';
import { changeHolder, type HolderName, holderConstraints } from '../holders.ts';
import {
  assertAttachable,
  checkPolicyArn,
  countUse,
  noSuchPolicy,
  unknownHere,
  usablePolicy,
} from '../managed-policies/policy-lookup.ts';

/** IAM user guide, "IAM and AWS STS quotas". */
const maxAttached = 10;
const quotas = { user: 'PoliciesPerUser', group: 'PoliciesPerGroup', role: 'PoliciesPerRole' } as const;

interface Input {
  readonly PolicyArn: string | undefined;
}

/**
 * AttachUserPolicy, AttachGroupPolicy, AttachRolePolicy. What is attached already stays so.
 * @throws {Refusal} NoSuchEntity, LimitExceeded, PolicyNotAttachable, UnmodifiableEntity, ValidationError.
 */
export async function attachPolicy(
  { state }: IamContext,
  holder: HolderName,
  { PolicyArn: arn = '' }: Input,
  { accountId }: Call,
): Promise<object> {
  checkPolicyArn(holderConstraints(holder), arn).throwIfViolated();
  assertIsArn(arn);
  await state.transact((tx) =>
    changeHolder(tx, accountId, holder, ({ attachedPolicies }) => {
      if (usablePolicy(tx, accountId, arn) === undefined) {
        throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.${unknownHere(arn)}`);
      }
      assertAttachable(arn);
      if (attachedPolicies.includes(arn)) return {};
      if (attachedPolicies.length >= maxAttached) throw quotaExceeded(quotas[holder.type], maxAttached);
      countUse(tx, arn, 'attachmentCount', 1);
      return { attachedPolicies: [...attachedPolicies, arn] };
    }),
  );
  return {};
}

/**
 * DetachUserPolicy, DetachGroupPolicy, DetachRolePolicy.
 * @throws {Refusal} NoSuchEntity, UnmodifiableEntity, ValidationError.
 */
export async function detachPolicy(
  { state }: IamContext,
  holder: HolderName,
  { PolicyArn: arn = '' }: Input,
  { accountId }: Call,
): Promise<object> {
  checkPolicyArn(holderConstraints(holder), arn).throwIfViolated();
  assertIsArn(arn);
  await state.transact((tx) =>
    changeHolder(tx, accountId, holder, ({ attachedPolicies }) => {
      if (!attachedPolicies.includes(arn)) throw noSuchPolicy(arn);
      countUse(tx, arn, 'attachmentCount', -1);
      return { attachedPolicies: attachedPolicies.filter((attached) => attached !== arn) };
    }),
  );
  return {};
}

function assertIsArn(text: string): void {
  // The two spaces are AWS's.
  if (!/^arn:[^:]+:[^:]+:/.test(text)) throw validationError('Invalid ARN:  Could not be parsed!');
}
