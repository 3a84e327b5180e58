import type { IAM } from '@aws-sdk/client-iam';
import type { Call, ConditionKeys, OperationsOf, SupportedOperation } from '../../service.ts';
import { entityTagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { accessKeyKey, accessKeys } from '../records.ts';
import { namedResource } from '../resources.ts';
import { deleteAccessKey, updateAccessKey } from './change-access-key.ts';
import { createAccessKey } from './create-access-key.ts';
import { getAccessKeyLastUsed } from './get-access-key-last-used.ts';
import { listAccessKeys } from './list-access-keys.ts';

type AccessKeyOperation =
  | 'CreateAccessKey'
  | 'DeleteAccessKey'
  | 'GetAccessKeyLastUsed'
  | 'ListAccessKeys'
  | 'UpdateAccessKey';

/** The operations on access keys. Without a user's name they are about the caller's own. */
export function accessKeyOperations(iam: IamContext): Pick<OperationsOf<IAM>, AccessKeyOperation> {
  const { state } = iam;
  const user = namedResource(state, 'user');
  const conditions = (_input: unknown, _call: Call, resource: string): ConditionKeys =>
    entityTagKeys(state, resource);
  const on = <Input extends { UserName?: string | undefined }, Output>(
    action: string,
    run: (iam: IamContext, input: Input, call: Call) => Output | Promise<Output>,
  ): SupportedOperation<Input, Output> => ({
    action,
    resources: user.callerOr((input) => input.UserName),
    conditions,
    run: (input, call) => run(iam, input, call),
  });
  /** The user whose key it is. */
  const ownerOf = (id: string | undefined, { accountId }: Call): string => {
    if (id === undefined || !/^\w+$/.test(id)) return '*';
    return state.get(accessKeys, accessKeyKey(accountId, id))?.userName ?? '*';
  };
  return {
    CreateAccessKey: on('iam:CreateAccessKey', createAccessKey),
    ListAccessKeys: on('iam:ListAccessKeys', listAccessKeys),
    UpdateAccessKey: on('iam:UpdateAccessKey', updateAccessKey),
    DeleteAccessKey: on('iam:DeleteAccessKey', deleteAccessKey),
    GetAccessKeyLastUsed: {
      action: 'iam:GetAccessKeyLastUsed',
      resources: (input, call) => user.named(() => ownerOf(input.AccessKeyId, call))(input, call),
      conditions,
      run: (input, call) => getAccessKeyLastUsed(iam, input, call),
    },
  };
}
