import type { PutScalingPolicyCommandInput } from '@aws-sdk/client-application-auto-scaling';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ScalingServer, startScaling, web } from './testing/scaling-server.ts';

let server: ScalingServer;
beforeEach(async () => {
  server = await startScaling(2);
  await server.register(1, 10);
});
afterEach(() => server[Symbol.asyncDispose]());

const cpu = {
  PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
} as const;
const tracking: PutScalingPolicyCommandInput = {
  ...{ ...web, PolicyName: 'cpu', PolicyType: 'TargetTrackingScaling' },
  TargetTrackingScalingPolicyConfiguration: { TargetValue: 75, ...cpu },
};
const steps: PutScalingPolicyCommandInput = {
  ...{ ...web, PolicyName: 'steps', PolicyType: 'StepScaling' },
  StepScalingPolicyConfiguration: {
    ...{ AdjustmentType: 'ChangeInCapacity', Cooldown: 60 },
    StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
  },
};
const bentTracking = (bent: object) => ({
  ...tracking,
  TargetTrackingScalingPolicyConfiguration: { TargetValue: 75, ...cpu, ...bent },
});
const bentSteps = (bent: object) => ({
  ...steps,
  StepScalingPolicyConfiguration: { ...steps.StepScalingPolicyConfiguration, ...bent },
});
const alarms = async (AlarmNamePrefix = 'TargetTracking-service/default/web-Alarm') =>
  (await server.cloudWatch.describeAlarms({ AlarmNamePrefix })).MetricAlarms ?? [];

describe('a target tracking policy', () => {
  it('has two alarms, which belong to it', async () => {
    const { PolicyARN, Alarms = [] } = await server.sdk.putScalingPolicy(tracking);
    expect(PolicyARN).toMatch(
      /^arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:[0-9a-f-]{36}:resource\/ecs\/service\/default\/web:policyName\/cpu$/,
    );
    const made = await alarms();
    expect(made.map(({ AlarmName }) => AlarmName)).toEqual([
      expect.stringMatching(/^TargetTracking-service\/default\/web-AlarmHigh-[0-9a-f-]{36}$/),
      expect.stringMatching(/^TargetTracking-service\/default\/web-AlarmLow-[0-9a-f-]{36}$/),
    ]);
    expect(Alarms).toEqual(made.map(({ AlarmName, AlarmArn }) => ({ AlarmName, AlarmARN: AlarmArn })));
    const common = {
      ...{
        Namespace: 'AWS/ECS',
        MetricName: 'CPUUtilization',
        Statistic: 'Average',
        Unit: 'Percent',
        Period: 60,
      },
      Dimensions: [
        { Name: 'ClusterName', Value: 'default' },
        { Name: 'ServiceName', Value: 'web' },
      ],
      ...{ ActionsEnabled: true, AlarmActions: [PolicyARN], OKActions: [], InsufficientDataActions: [] },
      AlarmDescription: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${PolicyARN}.`,
    };
    expect(made).toMatchObject([
      { ...common, Threshold: 75, EvaluationPeriods: 3, ComparisonOperator: 'GreaterThanThreshold' },
      { ...common, Threshold: 67.5, EvaluationPeriods: 15, ComparisonOperator: 'LessThanThreshold' },
    ]);
    const [{ AlarmName = '' } = {}] = made;
    const belongs = {
      name: 'ValidationException',
      message: expect.stringContaining(`policy ${PolicyARN}: change`),
    };
    await expect(server.cloudWatch.deleteAlarms({ AlarmNames: [AlarmName] })).rejects.toMatchObject(belongs);
    await expect(
      server.cloudWatch.putMetricAlarm({
        ...{ AlarmName, Namespace: 'N', MetricName: 'M', Statistic: 'Sum', Period: 60, EvaluationPeriods: 1 },
        ...{ Threshold: 1, ComparisonOperator: 'GreaterThanThreshold' },
      }),
    ).rejects.toMatchObject(belongs);
    await server.sdk.deleteScalingPolicy({ ...web, PolicyName: 'cpu' });
    expect(await alarms()).toEqual([]);
  });

  it('changes with its alarms, which keep their names', async () => {
    const { PolicyARN } = await server.sdk.putScalingPolicy(tracking);
    const before = await alarms();
    const changed = await server.sdk.putScalingPolicy(
      bentTracking({ TargetValue: 50, DisableScaleIn: true }),
    );
    expect(changed.PolicyARN).toBe(PolicyARN);
    expect(await alarms()).toMatchObject([{ AlarmName: before[0]?.AlarmName, Threshold: 50 }]);
    await server.sdk.putScalingPolicy(tracking);
    expect(await alarms()).toHaveLength(2);
    await server.sdk.deregisterScalableTarget(web);
    expect(await alarms()).toEqual([]);
  });

  it('watches the requests of a target group that its load balancer sends to', async () => {
    const [loadBalancer, targetGroup] = ['app/harbour/0123456789abcdef', 'targetgroup/web/fedcba9876543210'];
    const ResourceLabel = `${loadBalancer}/${targetGroup}`;
    const requests = bentTracking({
      PredefinedMetricSpecification: { PredefinedMetricType: 'ALBRequestCountPerTarget', ResourceLabel },
      TargetValue: 1_000,
    });
    await expect(server.sdk.putScalingPolicy(requests)).rejects.toThrow('does not route traffic');
    await server.addTargetGroup(targetGroup, loadBalancer);
    await server.sdk.putScalingPolicy(requests);
    const common = {
      ...{ Namespace: 'AWS/ApplicationELB', MetricName: 'RequestCountPerTarget', Statistic: 'Sum' },
      Dimensions: [
        { Name: 'LoadBalancer', Value: loadBalancer },
        { Name: 'TargetGroup', Value: targetGroup },
      ],
    };
    expect(await alarms()).toMatchObject([
      { ...common, Threshold: 1_000 },
      { ...common, Threshold: 900 },
    ]);
    const { ScalingPolicies } = await server.sdk.describeScalingPolicies({ ServiceNamespace: 'ecs' });
    expect(
      ScalingPolicies?.[0]?.TargetTrackingScalingPolicyConfiguration?.PredefinedMetricSpecification,
    ).toEqual({
      ...{ PredefinedMetricType: 'ALBRequestCountPerTarget', ResourceLabel },
    });
  });

  it('watches any metric', async () => {
    const CustomizedMetricSpecification = {
      ...{ Namespace: 'Harbour', MetricName: 'Backlog', Statistic: 'Maximum', Unit: 'Count' },
      Dimensions: [{ Name: 'Queue', Value: 'boats' }],
    } as const;
    await server.sdk.putScalingPolicy(
      bentTracking({
        PredefinedMetricSpecification: undefined,
        CustomizedMetricSpecification,
        TargetValue: 10,
      }),
    );
    expect(await alarms()).toMatchObject([
      { ...CustomizedMetricSpecification, Threshold: 10 },
      { ...CustomizedMetricSpecification, Threshold: 9 },
    ]);
    const { ScalingPolicies } = await server.sdk.describeScalingPolicies({ ServiceNamespace: 'ecs' });
    expect(ScalingPolicies?.[0]?.TargetTrackingScalingPolicyConfiguration).toEqual({
      ...{ TargetValue: 10, CustomizedMetricSpecification },
    });
  });

  it.each([
    [bentTracking({ TargetValue: 0 }), 'TargetValue must be greater than 0'],
    [bentTracking({ ScaleInCooldown: -1 }), 'ScaleInCooldown cannot be less than 0'],
    [bentTracking({ PredefinedMetricSpecification: undefined }), 'Either a PredefinedMetricSpecification or'],
    [
      bentTracking({
        PredefinedMetricSpecification: { PredefinedMetricType: 'DynamoDBReadCapacityUtilization' },
      }),
      'The predefined metric DynamoDBReadCapacityUtilization is none of ECS services',
    ],
    [
      bentTracking({ PredefinedMetricSpecification: { PredefinedMetricType: 'ALBRequestCountPerTarget' } }),
      'The metric ALBRequestCountPerTarget takes a ResourceLabel',
    ],
    [
      bentTracking({
        PredefinedMetricSpecification: undefined,
        CustomizedMetricSpecification: { Metrics: [] },
      }),
      'Metric math (CustomizedMetricSpecification.Metrics) is not supported',
    ],
    [{ ...tracking, PolicyType: 'PredictiveScaling' }, 'Predictive scaling policies are not supported'],
    [{ ...tracking, PolicyName: 'a\nb' }, "at 'policyName' failed"],
    [{ ...tracking, PolicyType: 'SimpleScaling' }, "Value 'SimpleScaling' at 'policyType' failed"],
    [
      { ...tracking, PolicyType: 'StepScaling' },
      'A StepScaling policy takes a StepScalingPolicyConfiguration',
    ],
    [{ ...tracking, PolicyName: 'other' }, 'Only one TargetTrackingScaling policy for a given metric'],
    [{ ...steps, PolicyName: 'cpu' }, 'The type of the scaling policy cpu can not be changed'],
  ])('refuses %j', async (input, message) => {
    await server.sdk.putScalingPolicy(tracking);
    const before = await server.sdk.describeScalingPolicies({ ServiceNamespace: 'ecs' });
    await expect(server.sdk.putScalingPolicy(input as PutScalingPolicyCommandInput)).rejects.toMatchObject({
      ...{ name: 'ValidationException', message: expect.stringContaining(message) },
    });
    const after = await server.sdk.describeScalingPolicies({ ServiceNamespace: 'ecs' });
    expect(after.ScalingPolicies).toEqual(before.ScalingPolicies);
  });
});

describe('a step scaling policy', () => {
  it('is called by alarms that somebody makes', async () => {
    const { PolicyARN = '', Alarms } = await server.sdk.putScalingPolicy(steps);
    expect(Alarms).toEqual([]);
    await server.cloudWatch.putMetricAlarm({
      ...{
        AlarmName: 'busy',
        Namespace: 'N',
        MetricName: 'M',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
      },
      ...{ Threshold: 1, ComparisonOperator: 'GreaterThanThreshold', AlarmActions: [PolicyARN] },
    });
    const { ScalingPolicies } = await server.sdk.describeScalingPolicies({ ServiceNamespace: 'ecs' });
    expect(ScalingPolicies).toEqual([
      {
        ...{ ...steps, PolicyARN, CreationTime: expect.any(Date) },
        Alarms: [{ AlarmName: 'busy', AlarmARN: 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:busy' }],
      },
    ]);
    await server.sdk.deleteScalingPolicy({ ...web, PolicyName: 'steps' });
    expect(await alarms('busy')).toMatchObject([{ AlarmActions: [PolicyARN] }]);
    await expect(server.sdk.deleteScalingPolicy({ ...web, PolicyName: 'steps' })).rejects.toMatchObject({
      name: 'ObjectNotFoundException',
      message:
        'No scaling policy found for service namespace: ecs, resource ID: service/default/web, ' +
        'scalable dimension: ecs:service:DesiredCount, policy name: steps',
    });
  });

  const [lower, upper] = ['MetricIntervalLowerBound', 'MetricIntervalUpperBound'] as const;
  it.each([
    [bentSteps({ AdjustmentType: undefined }), 'adjustmentType'],
    [bentSteps({ StepAdjustments: [] }), 'stepAdjustments'],
    [
      bentSteps({ StepAdjustments: [{ ScalingAdjustment: 1 }] }),
      'without both its lower and its upper bound',
    ],
    [
      bentSteps({ StepAdjustments: [{ [lower]: 5, [upper]: 5, ScalingAdjustment: 1 }] }),
      'less than its upper bound',
    ],
    [
      bentSteps({
        StepAdjustments: [
          { [lower]: 0, [upper]: 10, ScalingAdjustment: 1 },
          { [lower]: 20, ScalingAdjustment: 2 },
        ],
      }),
      'cannot overlap or have a gap',
    ],
    [
      bentSteps({ StepAdjustments: [{ [lower]: 0, [upper]: 9, ScalingAdjustment: 1 }] }),
      'an unspecified upper bound',
    ],
    [
      bentSteps({ StepAdjustments: [{ [lower]: -9, [upper]: 0, ScalingAdjustment: 1 }] }),
      'an unspecified lower bound',
    ],
    [bentSteps({ MinAdjustmentMagnitude: 2 }), 'MinAdjustmentMagnitude is valid only with'],
    [
      bentSteps({
        AdjustmentType: 'ExactCapacity',
        StepAdjustments: [{ [lower]: 0, ScalingAdjustment: -1 }],
      }),
      'ExactCapacity',
    ],
  ])('refuses %j', async (input, message) => {
    await expect(server.sdk.putScalingPolicy(input as PutScalingPolicyCommandInput)).rejects.toMatchObject({
      ...{ name: 'ValidationException', message: expect.stringContaining(message) },
    });
  });
});

it('lists policies by name and target, and has them only on targets', async () => {
  await server.sdk.putScalingPolicy(tracking);
  await server.sdk.putScalingPolicy(steps);
  const names = async (more: object) =>
    (await server.sdk.describeScalingPolicies({ ServiceNamespace: 'ecs', ...more })).ScalingPolicies?.map(
      ({ PolicyName }) => PolicyName,
    );
  expect(await names({})).toEqual(['cpu', 'steps']);
  expect(await names({ PolicyNames: ['steps', 'none'] })).toEqual(['steps']);
  expect(await names({ ResourceId: 'service/default/none' })).toEqual([]);
  await expect(
    server.sdk.putScalingPolicy({ ...tracking, ResourceId: 'service/default/none' }),
  ).rejects.toMatchObject({ name: 'ObjectNotFoundException' });
});
