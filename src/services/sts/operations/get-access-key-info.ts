import type { GetAccessKeyInfoCommandInput, GetAccessKeyInfoResponse } from '@aws-sdk/client-sts';
import type { Sessions } from '../../iam/index.ts';
import { validationError } from '../errors.ts';
import { stsConstraints } from '../session-input.ts';

/**
 * The account that a key id belongs to; it stands in the id itself, so that the key may be anybody's.
 * @throws {Refusal} ValidationError.
 */
export function getAccessKeyInfo(
  sessions: Sessions,
  { AccessKeyId = '' }: GetAccessKeyInfoCommandInput,
): GetAccessKeyInfoResponse {
  stsConstraints()
    .text('accessKeyId', AccessKeyId, { pattern: String.raw`[\w]*`, minLength: 16, maxLength: 128 })
    .throwIfViolated();
  const Account = sessions.accountOfKey(AccessKeyId);
  if (Account === undefined) throw validationError(`The access key ID ${AccessKeyId} is not valid.`);
  return { Account };
}
