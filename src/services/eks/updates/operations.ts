import type { EKS } from '@aws-sdk/client-eks';
import type { OperationsOf } from '../../service.ts';
import { eksAuthorization } from '../authorization.ts';
import type { EksContext } from '../context.ts';
import { cancelUpdate, describeUpdate, listUpdates } from './updates.ts';

export function updateOperations(context: EksContext) {
  const { cluster } = eksAuthorization(context.state);
  return {
    CancelUpdate: {
      action: 'eks:CancelUpdate',
      ...cluster,
      run: (input, call) => cancelUpdate(context, input, call),
    },
    DescribeUpdate: {
      action: 'eks:DescribeUpdate',
      ...cluster,
      run: (input, call) => describeUpdate(context, input, call),
    },
    ListUpdates: {
      action: 'eks:ListUpdates',
      ...cluster,
      run: (input, call) => listUpdates(context, input, call),
    },
  } satisfies Partial<OperationsOf<EKS>>;
}
