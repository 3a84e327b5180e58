import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { OperationsOf } from '../../service.ts';
import { elbAuthorization } from '../authorization.ts';
import type { ElbContext } from '../context.ts';
import { addTags, describeTags, removeTags } from './tags.ts';

export function tagOperations(context: ElbContext) {
  const on = elbAuthorization(context.state);
  return {
    AddTags: {
      action: 'elasticloadbalancing:AddTags',
      ...on.tagged,
      run: (input, call) => addTags(context, input, call),
    },
    DescribeTags: {
      action: 'elasticloadbalancing:DescribeTags',
      ...on.everything,
      run: (input, call) => describeTags(context, input, call),
    },
    RemoveTags: {
      action: 'elasticloadbalancing:RemoveTags',
      ...on.untagged,
      run: (input, call) => removeTags(context, input, call),
    },
  } satisfies Partial<OperationsOf<ElasticLoadBalancingV2>>;
}
