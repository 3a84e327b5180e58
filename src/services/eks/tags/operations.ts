import type { EKS } from '@aws-sdk/client-eks';
import type { OperationsOf } from '../../service.ts';
import { eksAuthorization } from '../authorization.ts';
import type { EksContext } from '../context.ts';
import { listTagsForResource, tagResource, untagResource } from './tags.ts';

export function tagOperations(context: EksContext) {
  const on = eksAuthorization(context.state);
  return {
    ListTagsForResource: {
      action: 'eks:ListTagsForResource',
      ...on.listedTags,
      run: (input, call) => listTagsForResource(context, input, call),
    },
    TagResource: {
      action: 'eks:TagResource',
      ...on.tagged,
      run: (input, call) => tagResource(context, input, call),
    },
    UntagResource: {
      action: 'eks:UntagResource',
      ...on.untagged,
      run: (input, call) => untagResource(context, input, call),
    },
  } satisfies Partial<OperationsOf<EKS>>;
}
