import type { EKS } from '@aws-sdk/client-eks';
import type { OperationsOf } from '../../service.ts';
import { eksAuthorization } from '../authorization.ts';
import type { EksContext } from '../context.ts';
import { describeInsight, describeInsightsRefresh, listInsights, startInsightsRefresh } from './insights.ts';

export function insightOperations(context: EksContext) {
  const { inCluster } = eksAuthorization(context.state);
  return {
    DescribeInsight: {
      action: 'eks:DescribeInsight',
      ...inCluster,
      run: (input, call) => describeInsight(context, input, call),
    },
    DescribeInsightsRefresh: {
      action: 'eks:DescribeInsightsRefresh',
      ...inCluster,
      run: (input, call) => describeInsightsRefresh(context, input, call),
    },
    ListInsights: {
      action: 'eks:ListInsights',
      ...inCluster,
      run: (input, call) => listInsights(context, input, call),
    },
    StartInsightsRefresh: {
      action: 'eks:StartInsightsRefresh',
      ...inCluster,
      run: (input, call) => startInsightsRefresh(context, input, call),
    },
  } satisfies Partial<OperationsOf<EKS>>;
}
