import { ApplicationAutoScaling, type ScalingActivity } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatch } from '@aws-sdk/client-cloudwatch';
import { expect, it } from 'vitest';
import { testImage } from './image.ts';
import { Installation, waitFor } from './installation.ts';

/** The alarm is set by hand, for minutes are long. */
it('an alarm scales a service out by a step, and its activity ends when the tasks run', {
  timeout: 240_000,
}, async () => {
  const image = await testImage();
  await using installation = await Installation.start();
  const ecs = installation.ecs();
  const scaling = new ApplicationAutoScaling(installation.clientOptions());
  const cloudWatch = new CloudWatch(installation.clientOptions());
  const container = { name: 'main', image, memory: 32, stopTimeout: 2, command: ['sleep', '600'] };
  await ecs.registerTaskDefinition({ family: 'tide', containerDefinitions: [container] });
  await ecs.createService({ serviceName: 'tide', taskDefinition: 'tide', desiredCount: 1 });

  const target = {
    ServiceNamespace: 'ecs',
    ResourceId: 'service/default/tide',
    ScalableDimension: 'ecs:service:DesiredCount',
  } as const;
  await scaling.registerScalableTarget({ ...target, MinCapacity: 1, MaxCapacity: 3 });
  const { PolicyARN = '' } = await scaling.putScalingPolicy({
    ...{ ...target, PolicyName: 'flood', PolicyType: 'StepScaling' },
    StepScalingPolicyConfiguration: {
      ...{ AdjustmentType: 'PercentChangeInCapacity', MinAdjustmentMagnitude: 2 },
      StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 50 }],
    },
  });
  const AlarmName = 'high-water';
  await cloudWatch.putMetricAlarm({
    ...{
      AlarmName,
      AlarmActions: [PolicyARN],
      Namespace: 'Harbour',
      MetricName: 'Level',
      Statistic: 'Maximum',
    },
    ...{ Period: 60, EvaluationPeriods: 1, Threshold: 5, ComparisonOperator: 'GreaterThanThreshold' },
  });
  await cloudWatch.setAlarmState({ AlarmName, StateValue: 'ALARM', StateReason: 'drill' });

  let seen: readonly ScalingActivity[] = [];
  const [activity] = await waitFor(
    'the scaling activity to succeed',
    async () => {
      const { ScalingActivities = [] } = await scaling.describeScalingActivities({ ServiceNamespace: 'ecs' });
      seen = ScalingActivities;
      return seen.some(({ StatusCode }) => StatusCode === 'Successful') ? seen : undefined;
    },
    () => seen,
  );
  expect(activity).toMatchObject({
    Cause: 'monitor alarm high-water in state ALARM triggered policy flood',
    Description: 'Setting desired count to 3.',
    StatusMessage: 'Successfully set desired count to 3. Change successfully fulfilled by ecs.',
  });
  const { services = [] } = await ecs.describeServices({ services: ['tide'] });
  expect(services[0]).toMatchObject({ desiredCount: 3, runningCount: 3 });
  expect(services[0]?.events?.map(({ message }) => message)).toContain(
    '(service tide) updated desiredCount to 3.',
  );
});
