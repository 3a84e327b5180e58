import { expect, it } from 'vitest';
import { autoScalingEventSources } from './events.ts';
import { activityKey, type ScalingActivityRecord } from './records.ts';

const scope = { accountId: '123456789012', region: 'eu-west-1' };
const startedAt = Date.UTC(2026, 0, 1);
const change = { from: 5, to: 8, minCapacity: 2, maxCapacity: 8 };
const before: ScalingActivityRecord = {
  ...{ id: 'a', cluster: 'default', service: 'web', description: '', cause: '', startedAt, change },
  status: 'InProgress',
};

function told(bent: Partial<ScalingActivityRecord>, from: ScalingActivityRecord | undefined = before) {
  const after = { ...before, status: 'Successful', endedAt: startedAt + 61_500, ...bent } as const;
  const seen = { key: activityKey(scope, after), scope, before: from, after, now: startedAt };
  return autoScalingEventSources().flatMap(({ eventsOf }) => eventsOf(seen));
}

it('tells EventBridge of a target that is scaled out to its maximum', () => {
  expect(told({})).toEqual([
    {
      source: 'aws.application-autoscaling',
      detailType: 'Application Auto Scaling Scaling Activity State Change',
      resources: [],
      time: startedAt + 61_500,
      detail: {
        ...{ startTime: '2026-01-01T00:00:00Z', endTime: '2026-01-01T00:01:01Z' },
        ...{ newDesiredCapacity: 8, oldDesiredCapacity: 5, minCapacity: 2, maxCapacity: 8 },
        ...{ resourceId: 'service/default/web', scalableDimension: 'ecs:service:DesiredCount' },
        ...{ serviceNamespace: 'ecs', statusCode: 'Successful', scaledToMax: true, direction: 'scale-out' },
      },
    },
  ]);
});

it.each<[string, Partial<ScalingActivityRecord>, ScalingActivityRecord?]>([
  ['has not reached it', { change: { ...change, to: 7 } }],
  ['was scaled in to it', { change: { ...change, from: 9 } }],
  ['is on its way', { status: 'InProgress' }],
  ['was overtaken', { status: 'Overridden' }],
  ['was told of before', {}, { ...before, status: 'Successful' }],
])('and not of one that %s', (_, bent, from) => {
  expect(told(bent, from)).toEqual([]);
});
