import type { ApplicationAutoScaling } from '@aws-sdk/client-application-auto-scaling';
import type { OperationsOf, RefusedOperation } from '../service.ts';
import { autoScalingAuthorization } from './authorization.ts';
import type { AutoScalingContext } from './context.ts';
import { putScalingPolicy } from './operations/put-scaling-policy.ts';
import {
  deregisterScalableTarget,
  describeScalableTargets,
  registerScalableTarget,
} from './operations/scalable-target.ts';
import { describeScalingActivities } from './operations/scaling-activity.ts';
import { deleteScalingPolicy, describeScalingPolicies } from './operations/scaling-policy.ts';
import {
  deleteScheduledAction,
  describeScheduledActions,
  putScheduledAction,
} from './operations/scheduled-action.ts';
import { listTagsForResource, tagResource, untagResource } from './operations/tags.ts';

/** Every operation of Application Auto Scaling. */
export function autoScalingOperations(context: AutoScalingContext): OperationsOf<ApplicationAutoScaling> {
  const on = autoScalingAuthorization(context.state);
  return {
    DeleteScalingPolicy: {
      action: 'application-autoscaling:DeleteScalingPolicy',
      ...on.target,
      run: (input, call) => deleteScalingPolicy(context, input, call),
    },
    DeleteScheduledAction: {
      action: 'application-autoscaling:DeleteScheduledAction',
      ...on.target,
      run: (input, call) => deleteScheduledAction(context, input, call),
    },
    DeregisterScalableTarget: {
      action: 'application-autoscaling:DeregisterScalableTarget',
      ...on.target,
      run: (input, call) => deregisterScalableTarget(context, input, call),
    },
    DescribeScalableTargets: {
      action: 'application-autoscaling:DescribeScalableTargets',
      ...on.lists,
      run: (input, call) => describeScalableTargets(context, input, call),
    },
    DescribeScalingActivities: {
      action: 'application-autoscaling:DescribeScalingActivities',
      ...on.lists,
      run: (input, call) => describeScalingActivities(context, input, call),
    },
    DescribeScalingPolicies: {
      action: 'application-autoscaling:DescribeScalingPolicies',
      ...on.lists,
      run: (input, call) => describeScalingPolicies(context, input, call),
    },
    DescribeScheduledActions: {
      action: 'application-autoscaling:DescribeScheduledActions',
      ...on.lists,
      run: (input, call) => describeScheduledActions(context, input, call),
    },
    GetPredictiveScalingForecast: refused('GetPredictiveScalingForecast', 'there is no predictive scaling'),
    ListTagsForResource: {
      action: 'application-autoscaling:ListTagsForResource',
      ...on.resource,
      run: (input, call) => listTagsForResource(context, input, call),
    },
    PutScalingPolicy: {
      action: 'application-autoscaling:PutScalingPolicy',
      ...on.target,
      run: (input, call) => putScalingPolicy(context, input, call),
    },
    PutScheduledAction: {
      action: 'application-autoscaling:PutScheduledAction',
      ...on.target,
      run: (input, call) => putScheduledAction(context, input, call),
    },
    RegisterScalableTarget: {
      action: 'application-autoscaling:RegisterScalableTarget',
      ...on.newTarget,
      run: (input, call) => registerScalableTarget(context, input, call),
    },
    TagResource: {
      action: 'application-autoscaling:TagResource',
      ...on.taggedResource,
      run: (input, call) => tagResource(context, input, call),
    },
    UntagResource: {
      action: 'application-autoscaling:UntagResource',
      ...on.untaggedResource,
      run: (input, call) => untagResource(context, input, call),
    },
  };
}

function refused(operation: string, reason: string): RefusedOperation {
  return { refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.` };
}
