import type { IAM } from '@aws-sdk/client-iam';
import type { OperationsOf } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { namedResource } from '../resources.ts';
import { createAccessKey } from './create-access-key.ts';

type AccessKeyOperation = 'CreateAccessKey';

/** The operations on access keys. Without a user's name they are about the caller's own. */
export function accessKeyOperations(iam: IamContext): Pick<OperationsOf<IAM>, AccessKeyOperation> {
  const user = namedResource(iam.state, 'user');
  return {
    CreateAccessKey: {
      action: 'iam:CreateAccessKey',
      resources: user.callerOr((input) => input.UserName),
      run: (input, call) => createAccessKey(iam, input, call),
    },
  };
}
