import type { GetAccessKeyLastUsedCommandInput, GetAccessKeyLastUsedResponse } from '@aws-sdk/client-iam';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { Constraints } from '../input/constraints.ts';
import { accessKeyKey, accessKeys, lastUseKey, lastUses } from '../records.ts';
import { checkKeyId, noSuchKey } from './change-access-key.ts';

/** @throws {Refusal} NoSuchEntity, ValidationError. */
export function getAccessKeyLastUsed(
  { state }: IamContext,
  { AccessKeyId: id = '' }: GetAccessKeyLastUsedCommandInput,
  { accountId }: Call,
): GetAccessKeyLastUsedResponse {
  checkKeyId(new Constraints(), id).throwIfViolated();
  const key = state.get(accessKeys, accessKeyKey(accountId, id));
  if (key === undefined) throw noSuchKey(id);
  const use = state.get(lastUses, lastUseKey(accountId, id));
  return {
    UserName: key.userName ?? 'root',
    AccessKeyLastUsed: {
      LastUsedDate: use && new Date(use.lastUsedAt),
      ServiceName: use?.service ?? 'N/A',
      Region: use?.region ?? 'N/A',
    },
  };
}
