import type {
  Alarm,
  DeleteScalingPolicyCommandInput,
  DescribeScalingPoliciesCommandInput,
  DescribeScalingPoliciesResponse,
  PredefinedMetricSpecification,
  ScalingPolicy,
} from '@aws-sdk/client-application-auto-scaling';
import type { Reader } from '../../../reconcile/index.ts';
import { alarmsOfPolicy } from '../../cloudwatch/index.ts';
import type { Call } from '../../service.ts';
import { policyArn, readResourceId, resourceIdOf, type Scope } from '../arn.ts';
import type { AutoScalingContext } from '../context.ts';
import { policyNotFound } from '../errors.ts';
import { constraints, dimension, nameConstraint, pageOf, readFilter, readTarget } from '../input.ts';
import {
  type PredefinedMetricRecord,
  policies,
  policyKey,
  prefixOf,
  type ScalingPolicyRecord,
} from '../records.ts';
import { removePolicy } from '../remove-target.ts';

/** With the alarms that belong to it; those that somebody else made stay. */
export async function deleteScalingPolicy(
  { state }: AutoScalingContext,
  input: DeleteScalingPolicyCommandInput,
  call: Call,
): Promise<object> {
  const { PolicyName = '' } = input;
  const target = readTarget(input, constraints().text('policyName', input.PolicyName, nameConstraint));
  await state.transact((tx) => {
    const policy = tx.get(policies, policyKey(call, target, PolicyName));
    if (policy === undefined) throw policyNotFound(target, PolicyName);
    removePolicy(tx, call, policy);
  });
  return {};
}

export function describeScalingPolicies(
  { state }: AutoScalingContext,
  input: DescribeScalingPoliciesCommandInput,
  call: Call,
): DescribeScalingPoliciesResponse {
  const { PolicyNames } = input;
  const checked = constraints().list('policyNames', PolicyNames, { max: 50 });
  const isWanted = readFilter({ ...input, ResourceIds: [input.ResourceId] }, checked);
  const found = [...state.list(policies, prefixOf(policies, call, readResourceId(input.ResourceId)))].flatMap(
    ({ value }) =>
      isWanted(value) && (!PolicyNames?.length || PolicyNames.includes(value.name)) ? [value] : [],
  );
  const { items, next } = pageOf(found, (policy) => `${resourceIdOf(policy)} ${policy.name}`, input);
  return { ScalingPolicies: items.map((policy) => scalingPolicy(state, call, policy)), ...next };
}

/** Its own, or those that call it. */
export function policyAlarms(reader: Reader, scope: Scope, policy: ScalingPolicyRecord): Alarm[] {
  return alarmsOfPolicy(reader, scope, policyArn(scope, policy, policy)).map(({ name, arn }) => ({
    ...{ AlarmName: name, AlarmARN: arn },
  }));
}

function scalingPolicy(reader: Reader, scope: Scope, record: ScalingPolicyRecord): ScalingPolicy {
  return {
    ...{ PolicyARN: policyArn(scope, record, record), PolicyName: record.name, ServiceNamespace: 'ecs' },
    ...{ ResourceId: resourceIdOf(record), ScalableDimension: dimension, PolicyType: record.policy.type },
    ...configurationOf(record),
    ...{ Alarms: policyAlarms(reader, scope, record), CreationTime: new Date(record.createdAt) },
  };
}

function configurationOf({
  policy,
}: ScalingPolicyRecord): Pick<
  ScalingPolicy,
  'StepScalingPolicyConfiguration' | 'TargetTrackingScalingPolicyConfiguration'
> {
  if (policy.type === 'StepScaling') {
    return {
      StepScalingPolicyConfiguration: {
        AdjustmentType: policy.adjustmentType,
        StepAdjustments: policy.steps.map(({ lower, upper, adjustment }) => ({
          ...{
            MetricIntervalLowerBound: lower,
            MetricIntervalUpperBound: upper,
            ScalingAdjustment: adjustment,
          },
        })),
        MinAdjustmentMagnitude: policy.minAdjustmentMagnitude,
        Cooldown: policy.cooldownSeconds,
        MetricAggregationType: policy.metricAggregationType,
      },
    };
  }
  const { metric } = policy;
  return {
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: policy.targetValue,
      ...('predefined' in metric
        ? { PredefinedMetricSpecification: predefinedMetric(metric) }
        : {
            CustomizedMetricSpecification: {
              ...{ MetricName: metric.name, Namespace: metric.namespace, Statistic: metric.statistic },
              Dimensions: metric.dimensions.map(({ name, value }) => ({ Name: name, Value: value })),
              Unit: metric.unit,
            },
          }),
      ScaleOutCooldown: policy.scaleOutCooldownSeconds,
      ScaleInCooldown: policy.scaleInCooldownSeconds,
      DisableScaleIn: policy.disableScaleIn,
    },
  };
}

function predefinedMetric(metric: PredefinedMetricRecord): PredefinedMetricSpecification {
  if (metric.predefined !== 'ALBRequestCountPerTarget') return { PredefinedMetricType: metric.predefined };
  const { loadBalancer, targetGroup } = metric;
  return { PredefinedMetricType: metric.predefined, ResourceLabel: `${loadBalancer}/${targetGroup}` };
}
