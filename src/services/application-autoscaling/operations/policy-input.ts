import type {
  CustomizedMetricSpecification,
  PutScalingPolicyCommandInput,
  StepAdjustment,
  TargetTrackingScalingPolicyConfiguration,
} from '@aws-sdk/client-application-auto-scaling';
import { unsupported, validation } from '../errors.ts';
import { constraints } from '../input.ts';
import {
  adjustmentTypes,
  aggregationTypes,
  type CustomizedMetricRecord,
  metricStatistics,
  type PredefinedMetricRecord,
  type StepRecord,
  type StepScalingRecord,
  serviceMetrics,
  type TargetTrackingRecord,
} from '../records.ts';

const maxSteps = 20;

/** What a policy says before it has its alarms. */
export type Tracking = Omit<TargetTrackingRecord, 'alarms'>;

/** @throws ValidationException */
export function readStepScaling(input: PutScalingPolicyCommandInput): StepScalingRecord {
  const configuration = input.StepScalingPolicyConfiguration;
  if (configuration === undefined || input.TargetTrackingScalingPolicyConfiguration !== undefined)
    throw validation(
      'A StepScaling policy takes a StepScalingPolicyConfiguration, and no other configuration',
    );
  const { AdjustmentType, Cooldown, MinAdjustmentMagnitude, MetricAggregationType, StepAdjustments } =
    configuration;
  const path = 'stepScalingPolicyConfiguration';
  constraints()
    .text(`${path}.adjustmentType`, AdjustmentType, { isRequired: true, oneOf: adjustmentTypes })
    .text(`${path}.metricAggregationType`, MetricAggregationType, { oneOf: aggregationTypes })
    .list(`${path}.stepAdjustments`, StepAdjustments ?? [], { min: 1, max: maxSteps })
    .throwIfViolated();
  checkCooldown('Cooldown', Cooldown);
  if (MinAdjustmentMagnitude !== undefined) {
    if (AdjustmentType !== 'PercentChangeInCapacity')
      throw validation(
        'MinAdjustmentMagnitude is valid only with the adjustment type PercentChangeInCapacity',
      );
    if (MinAdjustmentMagnitude < 1) throw validation('MinAdjustmentMagnitude must be greater than 0');
  }
  const adjustmentType = adjustmentTypes.find((known) => known === AdjustmentType) ?? 'ChangeInCapacity';
  const aggregation = aggregationTypes.find((known) => known === MetricAggregationType);
  return {
    ...{ type: 'StepScaling', adjustmentType },
    ...(MinAdjustmentMagnitude === undefined ? {} : { minAdjustmentMagnitude: MinAdjustmentMagnitude }),
    ...(Cooldown === undefined ? {} : { cooldownSeconds: Cooldown }),
    ...(aggregation === undefined ? {} : { metricAggregationType: aggregation }),
    steps: readSteps(StepAdjustments ?? [], adjustmentType),
  };
}

/** In order, each beginning where the one before ends (API reference, StepAdjustment). */
function readSteps(
  asked: readonly StepAdjustment[],
  adjustmentType: StepScalingRecord['adjustmentType'],
): readonly StepRecord[] {
  const steps = asked.map(
    ({ MetricIntervalLowerBound: lower, MetricIntervalUpperBound: upper, ScalingAdjustment }) => {
      if (ScalingAdjustment === undefined) throw validation('Each step adjustment needs a ScalingAdjustment');
      if (adjustmentType === 'ExactCapacity' && ScalingAdjustment < 0)
        throw validation('ScalingAdjustment cannot be less than 0 with the adjustment type ExactCapacity');
      if (lower === undefined && upper === undefined)
        throw validation('A step adjustment cannot be without both its lower and its upper bound');
      if (lower !== undefined && upper !== undefined && lower >= upper)
        throw validation("A step adjustment's lower bound must be less than its upper bound");
      const bounds = { ...(lower === undefined ? {} : { lower }), ...(upper === undefined ? {} : { upper }) };
      return { ...bounds, adjustment: ScalingAdjustment };
    },
  );
  const sorted = steps.toSorted(
    (a, b) => (a.lower ?? Number.NEGATIVE_INFINITY) - (b.lower ?? Number.NEGATIVE_INFINITY),
  );
  sorted.forEach((step, index) => {
    const next = sorted[index + 1];
    if (next !== undefined && step.upper !== next.lower)
      throw validation('Step adjustment intervals cannot overlap or have a gap between them');
  });
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first?.lower !== undefined && first.lower < 0)
    throw validation(
      'There must be a step adjustment with an unspecified lower bound when one has a negative lower bound',
    );
  if (last?.upper !== undefined && last.upper > 0)
    throw validation(
      'There must be a step adjustment with an unspecified upper bound when one has a positive upper bound',
    );
  return sorted;
}

/** @throws ValidationException */
export function readTargetTracking(input: PutScalingPolicyCommandInput): Tracking {
  const configuration = input.TargetTrackingScalingPolicyConfiguration;
  if (configuration === undefined || input.StepScalingPolicyConfiguration !== undefined) {
    throw validation(
      'A TargetTrackingScaling policy takes a TargetTrackingScalingPolicyConfiguration, and no other configuration',
    );
  }
  const { TargetValue, ScaleOutCooldown, ScaleInCooldown, DisableScaleIn } = configuration;
  checkCooldown('ScaleOutCooldown', ScaleOutCooldown);
  checkCooldown('ScaleInCooldown', ScaleInCooldown);
  if (TargetValue === undefined || !Number.isFinite(TargetValue) || TargetValue <= 0)
    throw validation('TargetValue must be greater than 0');
  return {
    ...{ type: 'TargetTrackingScaling', targetValue: TargetValue, metric: readMetric(configuration) },
    ...(ScaleOutCooldown === undefined ? {} : { scaleOutCooldownSeconds: ScaleOutCooldown }),
    ...(ScaleInCooldown === undefined ? {} : { scaleInCooldownSeconds: ScaleInCooldown }),
    ...(DisableScaleIn === undefined ? {} : { disableScaleIn: DisableScaleIn }),
  };
}

function readMetric({
  PredefinedMetricSpecification: predefined,
  CustomizedMetricSpecification: customized,
}: TargetTrackingScalingPolicyConfiguration): PredefinedMetricRecord | CustomizedMetricRecord {
  if (predefined !== undefined && customized === undefined) {
    const { PredefinedMetricType: type = '', ResourceLabel } = predefined;
    if (type === 'ALBRequestCountPerTarget') return readRequestCount(ResourceLabel);
    const known = serviceMetrics.find((name) => name === type);
    if (known === undefined) throw validation(`The predefined metric ${type} is none of ECS services`);
    if (ResourceLabel !== undefined)
      throw validation('ResourceLabel is valid only with the metric ALBRequestCountPerTarget');
    return { predefined: known };
  }
  if (customized === undefined || predefined !== undefined)
    throw validation('Either a PredefinedMetricSpecification or a CustomizedMetricSpecification is required');
  return readCustomizedMetric(customized);
}

function readRequestCount(label: string | undefined): PredefinedMetricRecord {
  const [, loadBalancer, targetGroup] =
    /^(app\/[\w-]{1,32}\/[0-9a-f]{16})\/(targetgroup\/[\w-]{1,32}\/[0-9a-f]{16})$/.exec(label ?? '') ?? [];
  if (loadBalancer === undefined || targetGroup === undefined) {
    throw validation(
      'The metric ALBRequestCountPerTarget takes a ResourceLabel of the form app/NAME/ID/targetgroup/NAME/ID',
    );
  }
  return { predefined: 'ALBRequestCountPerTarget', loadBalancer, targetGroup };
}

function readCustomizedMetric(specification: CustomizedMetricSpecification): CustomizedMetricRecord {
  const { Namespace, MetricName, Dimensions = [], Statistic, Unit, Metrics } = specification;
  if (Metrics !== undefined) throw unsupported('Metric math (CustomizedMetricSpecification.Metrics) is');
  const path = 'targetTrackingScalingPolicyConfiguration.customizedMetricSpecification';
  const checked = constraints()
    .text(`${path}.namespace`, Namespace, { isRequired: true, minLength: 1, maxLength: 255 })
    .text(`${path}.metricName`, MetricName, { isRequired: true, minLength: 1, maxLength: 255 })
    .text(`${path}.statistic`, Statistic, { isRequired: true, oneOf: metricStatistics })
    .text(`${path}.unit`, Unit, { maxLength: 1023 })
    .list(`${path}.dimensions`, Dimensions, { max: 30 });
  for (const { Name, Value } of Dimensions) {
    checked
      .text(`${path}.dimensions.member.name`, Name, { isRequired: true, minLength: 1, maxLength: 255 })
      .text(`${path}.dimensions.member.value`, Value, { isRequired: true, minLength: 1, maxLength: 1024 });
  }
  checked.throwIfViolated();
  return {
    ...{ namespace: Namespace ?? '', name: MetricName ?? '' },
    dimensions: Dimensions.map(({ Name = '', Value = '' }) => ({ name: Name, value: Value })),
    statistic: metricStatistics.find((known) => known === Statistic) ?? 'Average',
    ...(Unit === undefined ? {} : { unit: Unit }),
  };
}

function checkCooldown(name: string, seconds: number | undefined): void {
  if (seconds !== undefined && seconds < 0) throw validation(`${name} cannot be less than 0`);
}
