import type {
  GetKeyPolicyCommandInput,
  ListKeyPoliciesCommandInput,
  PutKeyPolicyCommandInput,
} from '@aws-sdk/client-kms';
import type { Call } from '../../service.ts';
import { type KmsContext, requireKey } from '../context.ts';
import { malformedPolicy, validationException } from '../errors.ts';
import { permitOnKey } from '../permission.ts';
import { changed } from './change-key.ts';

/** "Key policy document size" (AWS KMS quotas). */
const maxBytes = 32 * 1024;
/** The only name that there is. */
const policyName = 'default';

/** What a key has unless it is said: the account, whose policies of IAM decide from there on. */
export const defaultPolicy = ({ accountId }: Pick<Call, 'accountId'>): string =>
  JSON.stringify(
    {
      Version: '2012-10-17',
      Id: 'key-default-1',
      Statement: [
        {
          ...{ Sid: 'Enable IAM User Permissions', Effect: 'Allow' },
          Principal: { AWS: `arn:aws:iam::${accountId}:root` },
          ...{ Action: 'kms:*', Resource: '*' },
        },
      ],
    },
    undefined,
    2,
  );

/**
 * A key policy that can be kept. Unless it is wanted so, it leaves the caller able to change it.
 * @throws MalformedPolicyDocumentException
 */
export function checkedPolicy(
  { whyNotPermitted, whyNotPolicy }: Pick<KmsContext, 'whyNotPermitted' | 'whyNotPolicy'>,
  call: Call,
  policy: string,
  { arn, isLockoutAllowed }: { readonly arn: string; readonly isLockoutAllowed: boolean },
): string {
  if (Buffer.byteLength(policy) > maxBytes)
    throw validationException(`A key policy can have at most ${maxBytes} bytes.`);
  const wrong = whyNotPolicy(policy);
  if (wrong !== undefined) throw malformedPolicy(wrong);
  const asked = { call, action: 'kms:PutKeyPolicy', resource: arn, conditions: () => ({}), policy };
  if (!isLockoutAllowed && whyNotPermitted(asked) !== undefined)
    throw malformedPolicy('The new key policy will not allow you to update the key policy in the future.');
  return policy;
}

/** @throws NotFoundException, AccessDeniedException */
export function getKeyPolicy(
  context: KmsContext,
  { KeyId = '', PolicyName = policyName }: GetKeyPolicyCommandInput,
  call: Call,
) {
  const record = requireKey(context.state, call, KeyId);
  permitOnKey(context, call, 'kms:GetKeyPolicy', record);
  refuseOtherNames(PolicyName);
  return { Policy: record.policy, PolicyName };
}

/** @throws NotFoundException, AccessDeniedException */
export function listKeyPolicies(
  context: KmsContext,
  { KeyId = '' }: ListKeyPoliciesCommandInput,
  call: Call,
) {
  const record = requireKey(context.state, call, KeyId);
  permitOnKey(context, call, 'kms:ListKeyPolicies', record);
  return { PolicyNames: [policyName], Truncated: false };
}

/** @throws MalformedPolicyDocumentException, NotFoundException, AccessDeniedException */
export async function putKeyPolicy(
  context: KmsContext,
  input: PutKeyPolicyCommandInput,
  call: Call,
): Promise<object> {
  const { KeyId = '', Policy = '', PolicyName = policyName } = input;
  refuseOtherNames(PolicyName);
  const isLockoutAllowed = input.BypassPolicyLockoutSafetyCheck === true;
  await changed(context, call, { KeyId, action: 'kms:PutKeyPolicy' }, (record) => ({
    ...record,
    policy: checkedPolicy(context, call, Policy, { arn: record.arn, isLockoutAllowed }),
  }));
  return {};
}

function refuseOtherNames(name: string): void {
  if (name !== policyName)
    throw validationException(`No such policy exists: the name of a key policy is ${policyName}.`);
}
