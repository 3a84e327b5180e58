import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ScalingServer, startScaling, web } from './testing/scaling-server.ts';

let server: ScalingServer;
beforeEach(async () => {
  server = await startScaling(2);
});
afterEach(() => server[Symbol.asyncDispose]());

const minuteMs = 60_000;
const track = (
  PolicyName: string,
  PredefinedMetricType: 'ECSServiceAverageCPUUtilization' | 'ECSServiceAverageMemoryUtilization',
  more = {},
) =>
  server.sdk.putScalingPolicy({
    ...{ ...web, PolicyName, PolicyType: 'TargetTrackingScaling' },
    TargetTrackingScalingPolicyConfiguration: {
      ...{ TargetValue: 50, PredefinedMetricSpecification: { PredefinedMetricType }, ...more },
    },
  });
/** Without ids. */
const told = async (more?: object) =>
  (await server.told(more)).map((line) => line.replace(/TargetTracking-\S*-(Alarm\w+)-[0-9a-f-]{36}/, '$1'));

describe('target tracking', () => {
  it('scales out in proportion within minutes, and in by and by after a quarter of an hour', async () => {
    await server.register(1, 10);
    await track('cpu', 'ECSServiceAverageCPUUtilization');
    await server.minutesAt('CPUUtilization', 100, 2);
    expect(server.desired()).toBe(2);
    // The third minute is full, and settled.
    await server.minutesAt('CPUUtilization', 100, 1);
    await server.advance(15_000);
    expect(server.desired()).toBe(4);
    await server.fleet.until(() => server.fleet.describe().runningCount === 4);
    await server.advance(5_000);
    expect(await told()).toEqual([
      'monitor alarm AlarmHigh in state ALARM triggered policy cpu: Setting desired count to 4. Successful',
    ]);
    // Cooling down: what was added shows in the metric before more is.
    await server.minutesAt('CPUUtilization', 80, 3);
    expect(server.desired()).toBe(4);
    // Cooled down, and it was not enough.
    await server.minutesAt('CPUUtilization', 80, 3);
    expect(server.desired()).toBe(7);

    await server.minutesAt('CPUUtilization', 10, 14);
    expect(server.desired()).toBe(7);
    await server.minutesAt('CPUUtilization', 10, 2);
    expect(server.desired()).toBe(6);
    await server.minutesAt('CPUUtilization', 10, 3);
    expect(server.desired()).toBe(6);
    await server.minutesAt('CPUUtilization', 10, 25);
    expect(server.desired()).toBe(1);
    expect((await told({ IncludeNotScaledActivities: true }))[0]).toBe(
      'monitor alarm AlarmLow in state ALARM triggered policy cpu: Attempting to scale due to alarm triggered Failed',
    );
    const { ScalingActivities } = await server.sdk.describeScalingActivities({
      ...{ ServiceNamespace: 'ecs', IncludeNotScaledActivities: true, MaxResults: 1 },
    });
    expect(ScalingActivities?.[0]?.NotScaledReasons).toEqual([
      { Code: 'AlreadyAtMinCapacity', MinCapacity: 1 },
    ]);
  });

  it('scales in only when every policy is ready to, and missing data is not', async () => {
    await server.register(1, 10);
    await track('cpu', 'ECSServiceAverageCPUUtilization');
    await track('memory', 'ECSServiceAverageMemoryUtilization', { ScaleOutCooldown: 3_600 });
    await server.minutesAt('CPUUtilization', 5, 20);
    expect(server.desired()).toBe(2);
    await server.minutesAt('MemoryUtilization', 100, 4);
    expect(server.desired()).toBe(4);
    await server.advance(20 * minuteMs);
    expect(server.desired()).toBe(4);
  });

  it('does not scale in during a deployment', async () => {
    await server.register(1, 10);
    await track('cpu', 'ECSServiceAverageCPUUtilization');
    await server.minutesAt('CPUUtilization', 5, 14);
    await server.fleet.update({
      taskDefinition: 'web:2',
      deploymentConfiguration: { bakeTimeInMinutes: 60 },
    });
    await server.minutesAt('CPUUtilization', 5, 5);
    expect(server.desired()).toBe(2);
    const { ScalingActivities } = await server.sdk.describeScalingActivities({
      ...{ ServiceNamespace: 'ecs', IncludeNotScaledActivities: true },
    });
    expect(ScalingActivities).toMatchObject([
      { NotScaledReasons: [{ Code: 'TargetServicePutResourceAsUnscalable' }], StatusCode: 'Failed' },
    ]);
  });

  it('stays as it is while dynamic scaling is suspended', async () => {
    await server.register(1, 10);
    await track('cpu', 'ECSServiceAverageCPUUtilization');
    await server.sdk.registerScalableTarget({ ...web, SuspendedState: { DynamicScalingOutSuspended: true } });
    await server.minutesAt('CPUUtilization', 100, 5);
    expect(server.desired()).toBe(2);
    await server.sdk.registerScalableTarget({
      ...web,
      SuspendedState: { DynamicScalingOutSuspended: false },
    });
    await server.minutesAt('CPUUtilization', 100, 1);
    expect(server.desired()).toBe(4);
  });
});

describe('step scaling', () => {
  const putSteps = async (Cooldown: number): Promise<string> => {
    const { PolicyARN = '' } = await server.sdk.putScalingPolicy({
      ...{ ...web, PolicyName: 'steps', PolicyType: 'StepScaling' },
      StepScalingPolicyConfiguration: {
        ...{ AdjustmentType: 'ChangeInCapacity', Cooldown, MetricAggregationType: 'Maximum' },
        StepAdjustments: [
          { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 20, ScalingAdjustment: 1 },
          { MetricIntervalLowerBound: 20, ScalingAdjustment: 3 },
        ],
      },
    });
    await server.cloudWatch.putMetricAlarm({
      ...{ AlarmName: 'busy', Namespace: 'AWS/ECS', MetricName: 'CPUUtilization', Statistic: 'Average' },
      Dimensions: [
        { Name: 'ClusterName', Value: 'default' },
        { Name: 'ServiceName', Value: 'web' },
      ],
      ...{ Period: 60, EvaluationPeriods: 1, Threshold: 70, ComparisonOperator: 'GreaterThanThreshold' },
      AlarmActions: [PolicyARN],
    });
    return PolicyARN;
  };

  it('takes the step of what the alarm saw, at once and then each minute', async () => {
    await server.register(1, 10);
    const arn = await putSteps(0);
    await server.minutesAt('CPUUtilization', 80, 1);
    await server.advance(11_000);
    expect(server.desired()).toBe(3);
    expect(await told()).toEqual([
      expect.stringMatching(
        /^monitor alarm busy in state ALARM triggered policy steps: Setting desired count to 3\./,
      ),
    ]);
    await server.minutesAt('CPUUtilization', 95, 1);
    await server.advance(5_000);
    expect(server.desired()).toBe(6);
    const { AlarmHistoryItems = [] } = await server.cloudWatch.describeAlarmHistory({
      ...{ AlarmName: 'busy', HistoryItemType: 'Action' },
    });
    expect(AlarmHistoryItems.map(({ HistorySummary }) => HistorySummary)).toEqual([
      `Successfully executed action ${arn}`,
    ]);
    await server.minutesAt('CPUUtilization', 60, 3);
    expect(server.desired()).toBe(6);
  });

  it('goes by what is told of a state that somebody sets, and counts what was added lately', async () => {
    await server.register(1, 10);
    await putSteps(300);
    const set = async (value: number | undefined, StateValue: 'ALARM' | 'OK' = 'ALARM') => {
      const data =
        value === undefined ? {} : { StateReasonData: JSON.stringify({ recentDatapoints: [value] }) };
      await server.cloudWatch.setAlarmState({ AlarmName: 'busy', StateValue, StateReason: 'test', ...data });
      await server.advance(1_000);
    };
    await set(undefined);
    expect(server.desired()).toBe(3);
    await set(undefined, 'OK');
    await set(95);
    expect(server.desired()).toBe(5);
    await set(undefined, 'OK');
    await set(95);
    expect(server.desired()).toBe(5);
  });

  it('is not taken again by whoever starts after a crash', async () => {
    await server.register(1, 10);
    await putSteps(0);
    await server.minutesAt('CPUUtilization', 80, 1);
    await server.advance(11_000);
    expect(server.desired()).toBe(3);
    await server.restart();
    expect(server.desired()).toBe(3);
    const { AlarmHistoryItems } = await server.cloudWatch.describeAlarmHistory({ HistoryItemType: 'Action' });
    expect(AlarmHistoryItems).toHaveLength(1);
  });

  it('is not called by an alarm whose actions are disabled', async () => {
    await server.register(1, 10);
    await putSteps(0);
    await server.cloudWatch.disableAlarmActions({ AlarmNames: ['busy'] });
    await server.minutesAt('CPUUtilization', 100, 3);
    expect(server.desired()).toBe(2);
    await server.cloudWatch.enableAlarmActions({ AlarmNames: ['busy'] });
    await server.advance(0);
    expect(server.desired()).toBe(5);
  });
});
