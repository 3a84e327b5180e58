import type { Reader, Transaction } from '../../reconcile/index.ts';
import { deletePolicyAlarm, type PolicyAlarm, putPolicyAlarm } from '../cloudwatch/index.ts';
import { findServiceTargetGroup } from '../elbv2/index.ts';
import { policyArn, resourceIdOf, type Scope, type TargetName } from './arn.ts';
import { validation } from './errors.ts';
import type { PredefinedMetricRecord, ScalingPolicyRecord, TargetTrackingRecord } from './records.ts';

const metricNames = {
  ECSServiceAverageCPUUtilization: 'CPUUtilization',
  ECSServiceAverageMemoryUtilization: 'MemoryUtilization',
} as const;

type Watched = Pick<PolicyAlarm, 'metric' | 'statistic' | 'unit'>;

function watchedMetric({ cluster, service }: TargetName, { metric }: TargetTrackingRecord): Watched {
  if ('predefined' in metric) {
    if (metric.predefined === 'ALBRequestCountPerTarget') return requestsPerTarget(metric);
    const dimensions = [
      { name: 'ClusterName', value: cluster },
      { name: 'ServiceName', value: service },
    ];
    const name = metricNames[metric.predefined];
    return { metric: { namespace: 'AWS/ECS', name, dimensions }, statistic: 'Average', unit: 'Percent' };
  }
  const { namespace, name, dimensions, statistic, unit } = metric;
  return { metric: { namespace, name, dimensions }, statistic, ...(unit === undefined ? {} : { unit }) };
}

function requestsPerTarget({
  loadBalancer,
  targetGroup,
}: Extract<PredefinedMetricRecord, { readonly loadBalancer: string }>): Watched {
  const dimensions = [
    { name: 'LoadBalancer', value: loadBalancer },
    { name: 'TargetGroup', value: targetGroup },
  ];
  const metric = { namespace: 'AWS/ApplicationELB', name: 'RequestCountPerTarget', dimensions };
  return { metric, statistic: 'Sum' };
}

/** @throws ValidationException A policy would watch a target group that no such load balancer sends to. */
export function requireWatched(
  reader: Reader,
  scope: Scope,
  { metric }: Pick<TargetTrackingRecord, 'metric'>,
): void {
  if (!('predefined' in metric) || metric.predefined !== 'ALBRequestCountPerTarget') return;
  const arn = (resource: string): string =>
    `arn:aws:elasticloadbalancing:${scope.region}:${scope.accountId}:${resource}`;
  const { loadBalancer, targetGroup } = metric;
  const group = findServiceTargetGroup(reader, scope, arn(targetGroup));
  if (group?.loadBalancerArn !== arn(`loadbalancer/${loadBalancer}`))
    throw validation(
      `The load balancer ${loadBalancer} does not route traffic to a target group ${targetGroup}`,
    );
}

/** The names of a new policy's alarms. @param newId Makes an id with each call. */
export function trackingAlarmNames(
  target: TargetName,
  newId: () => string,
): { readonly high: string; readonly low: string } {
  const prefix = `TargetTracking-${resourceIdOf(target)}`;
  return { high: `${prefix}-AlarmHigh-${newId()}`, low: `${prefix}-AlarmLow-${newId()}` };
}

/** So much of the target, and less, is low. */
const lowShare = 0.9;

/** Makes the policy's alarms as it says: above the target for 3 minutes, and well below it for 15. */
export function putTrackingAlarms(
  tx: Transaction,
  scope: Scope,
  policy: ScalingPolicyRecord,
  tracking: TargetTrackingRecord,
  now: number,
): void {
  const arn = policyArn(scope, policy, policy);
  const common = {
    ...watchedMetric(policy, tracking),
    periodSeconds: 60,
    description: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${arn}.`,
  };
  const { high, low } = tracking.alarms;
  const put = (alarm: PolicyAlarm): void => putPolicyAlarm(tx, scope, arn, alarm, now);
  put({
    ...common,
    ...{ name: high, evaluationPeriods: 3, comparisonOperator: 'GreaterThanThreshold' },
    threshold: tracking.targetValue,
  });
  if (low === undefined) return;
  put({
    ...common,
    ...{ name: low, evaluationPeriods: 15, comparisonOperator: 'LessThanThreshold' },
    // Without the dust of floats: nine tenths of 70 are 63.
    threshold: Number((tracking.targetValue * lowShare).toPrecision(12)),
  });
}

/** @param kept The policy as it is to be; its alarms stay. Absent: it goes. */
export function deleteTrackingAlarms(
  tx: Transaction,
  scope: Scope,
  { alarms: { high, low } }: TargetTrackingRecord,
  kept?: ScalingPolicyRecord['policy'],
): void {
  const stays = kept?.type === 'TargetTrackingScaling' ? [kept.alarms.high, kept.alarms.low] : [];
  for (const name of [high, low]) {
    if (name !== undefined && !stays.includes(name)) deletePolicyAlarm(tx, scope, name);
  }
}
