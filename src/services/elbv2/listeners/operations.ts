import type { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { OperationsOf } from '../../service.ts';
import { elbAuthorization, speaking } from '../authorization.ts';
import type { ElbContext } from '../context.ts';
import {
  addListenerCertificates,
  describeListenerCertificates,
  removeListenerCertificates,
} from './certificates.ts';
import { createListener } from './create-listener.ts';
import {
  deleteListener,
  describeListenerAttributes,
  describeListeners,
  modifyListener,
  modifyListenerAttributes,
} from './listener.ts';
import { describeSSLPolicies } from './ssl-policies.ts';

export function listenerOperations(context: ElbContext) {
  const on = elbAuthorization(context.state);
  return {
    AddListenerCertificates: {
      action: 'elasticloadbalancing:AddListenerCertificates',
      ...on.listener(),
      run: (input, call) => addListenerCertificates(context, input, call),
    },
    CreateListener: {
      action: 'elasticloadbalancing:CreateListener',
      ...on.newListener,
      run: (input, call) => createListener(context, input, call),
    },
    DeleteListener: {
      action: 'elasticloadbalancing:DeleteListener',
      ...on.listener(),
      run: (input, call) => deleteListener(context, input, call),
    },
    DescribeListenerAttributes: {
      action: 'elasticloadbalancing:DescribeListenerAttributes',
      ...on.everything,
      run: (input, call) => describeListenerAttributes(context, input, call),
    },
    DescribeListenerCertificates: {
      action: 'elasticloadbalancing:DescribeListenerCertificates',
      ...on.everything,
      run: (input, call) => describeListenerCertificates(context, input, call),
    },
    DescribeListeners: {
      action: 'elasticloadbalancing:DescribeListeners',
      ...on.everything,
      run: (input, call) => describeListeners(context, input, call),
    },
    DescribeSSLPolicies: {
      action: 'elasticloadbalancing:DescribeSSLPolicies',
      ...on.everything,
      run: (input) => describeSSLPolicies(input),
    },
    ModifyListener: {
      action: 'elasticloadbalancing:ModifyListener',
      ...on.listener(speaking),
      run: (input, call) => modifyListener(context, input, call),
    },
    ModifyListenerAttributes: {
      action: 'elasticloadbalancing:ModifyListenerAttributes',
      ...on.listener(),
      run: (input, call) => modifyListenerAttributes(context, input, call),
    },
    RemoveListenerCertificates: {
      action: 'elasticloadbalancing:RemoveListenerCertificates',
      ...on.listener(),
      run: (input, call) => removeListenerCertificates(context, input, call),
    },
  } satisfies Partial<OperationsOf<ElasticLoadBalancingV2>>;
}
