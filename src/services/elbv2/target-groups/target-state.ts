import type { TargetHealth } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { findLoadBalancer } from '../context.ts';
import {
  type LoadBalancerRecord,
  type TargetGroupRecord,
  type TargetHealthRecord,
  type TargetRecord,
  targetHealths,
  targetKey,
} from '../records.ts';

/** The health of a target in AWS's words (guide, "Target health status"). */
export function targetState(
  reader: Reader,
  scope: Scope,
  group: TargetGroupRecord,
  target: TargetRecord | undefined,
): TargetHealth {
  if (target === undefined) return notRegistered;
  const { use } = group;
  const balancer = use && findLoadBalancer(reader, scope, use.loadBalancerArn);
  const seen = reader.get(targetHealths, targetKey(targetHealths, scope, target));
  return stateOf(target, balancer, seen);
}

export const notRegistered: TargetHealth = {
  State: 'unused',
  Reason: 'Target.NotRegistered',
  Description: 'Target is not registered to the target group',
};

/** @param balancer The one that sends to its group. */
function stateOf(
  target: TargetRecord,
  balancer: Pick<LoadBalancerRecord, 'nodes'> | undefined,
  seen: TargetHealthRecord | undefined,
): TargetHealth {
  if (target.drainsUntil !== undefined) {
    return {
      State: 'draining',
      Reason: 'Target.DeregistrationInProgress',
      Description: 'Target deregistration is in progress',
    };
  }
  if (balancer === undefined) {
    return notInUse('Target group is not configured to receive traffic from the load balancer');
  }
  if (!isInEnabledZone(target, balancer)) {
    return notInUse('Target is in an Availability Zone that is not enabled for the load balancer');
  }
  switch (seen?.state) {
    case undefined:
    // It was draining, and is registered anew.
    case 'drained':
      return {
        State: 'initial',
        Reason: 'Elb.RegistrationInProgress',
        Description: 'Target registration is in progress',
      };
    case 'initial':
      return {
        State: 'initial',
        Reason: 'Elb.InitialHealthChecking',
        Description: 'Initial health checks in progress',
      };
    case 'healthy':
      return { State: 'healthy' };
    case 'unhealthy':
      return { State: 'unhealthy', ...failure(seen) };
  }
}

/** Others are not sent to. */
export const isInEnabledZone = (
  { availabilityZone }: Pick<TargetRecord, 'availabilityZone'>,
  { nodes }: Pick<LoadBalancerRecord, 'nodes'>,
): boolean => availabilityZone === 'all' || nodes.some((node) => node.availabilityZone === availabilityZone);

const notInUse = (Description: string): TargetHealth => ({
  ...{ State: 'unused', Reason: 'Target.NotInUse', Description },
});

function failure(seen: TargetHealthRecord & { readonly state: 'unhealthy' }): Omit<TargetHealth, 'State'> {
  switch (seen.cause) {
    case 'code-mismatch':
      return {
        Reason: 'Target.ResponseCodeMismatch',
        Description: `Health checks failed with these codes: [${seen.code}]`,
      };
    case 'timeout':
      return { Reason: 'Target.Timeout', Description: 'Request timed out' };
    case 'failed':
      return { Reason: 'Target.FailedHealthChecks', Description: 'Health checks failed' };
  }
}
