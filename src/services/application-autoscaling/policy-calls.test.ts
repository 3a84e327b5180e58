import { expect, it } from 'vitest';
import type { CallingAlarm } from '../cloudwatch/index.ts';
import { type Calling, dueOf, minuteMs } from './policy-calls.ts';
import type { ScalingPolicyRecord } from './records.ts';

const minute = 100 * minuteMs;

function calling(alarm: string, policy: ScalingPolicyRecord['policy']): Calling {
  const record = { id: alarm, name: alarm, cluster: 'default', service: 'web', createdAt: 0, policy };
  const state = { state: 'ALARM', transitionedAt: 7, threshold: 1, breachesBelow: false, told: [] } as const;
  return { record, alarm: { name: alarm, ...state } satisfies CallingAlarm };
}
const step = calling('step', { type: 'StepScaling', adjustmentType: 'ChangeInCapacity', steps: [] });
const tracking = (name: string, alarm: 'high' | 'low') =>
  calling(`${name}-${alarm}`, {
    ...{
      type: 'TargetTrackingScaling',
      targetValue: 1,
      alarms: { high: `${name}-high`, low: `${name}-low` },
    },
    metric: { predefined: 'ECSServiceAverageCPUUtilization' },
  });
const answered = (at: number, transitionedAt = 7) => ({ transitionedAt, minute: at });

it.each([
  ['never answered', {}, ['step']],
  ['answered in this minute', { step: answered(minute) }, []],
  ['answered ahead of it', { step: answered(minute + minuteMs) }, []],
  ['answered in the one before', { step: answered(minute - minuteMs) }, ['step']],
  ['answered by a clock that was set back since', { step: answered(minute + 60 * minuteMs) }, ['step']],
  ['answered before its state changed', { step: answered(minute, 6) }, ['step']],
])('a call is due that was %s', (_, before, due) => {
  expect(dueOf([step], before, minute).map(({ alarm }) => alarm.name)).toEqual(due);
});

it('policies that track targets scale in together, and out each by itself', () => {
  const all = [
    step,
    tracking('a', 'low'),
    tracking('b', 'low'),
    tracking('c', 'high'),
    tracking('d', 'high'),
  ];
  const before = Object.fromEntries(
    ['step', 'b-low', 'd-high'].map((name) => [name, answered(minute)] as const),
  );
  expect(dueOf(all, before, minute).map(({ alarm }) => alarm.name)).toEqual(['a-low', 'b-low', 'c-high']);
});
