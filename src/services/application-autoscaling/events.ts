import { type EventSource, eventSource } from '../events/index.ts';
import { resourceIdOf } from './arn.ts';
import { dimension } from './input.ts';
import { activities } from './records.ts';

/** What Application Auto Scaling tells EventBridge: a target that was scaled out as far as it goes. */
export function autoScalingEventSources(): readonly EventSource[] {
  return [
    eventSource(activities, ({ before, after }) => {
      const { change, endedAt } = after;
      const isDone = before?.status === 'InProgress' && after.status === 'Successful';
      if (!isDone || change === undefined || endedAt === undefined) return [];
      if (change.to <= change.from || change.to !== change.maxCapacity) return [];
      return [
        {
          source: 'aws.application-autoscaling',
          detailType: 'Application Auto Scaling Scaling Activity State Change',
          resources: [],
          time: endedAt,
          detail: {
            ...{ startTime: wholeSecond(after.startedAt), endTime: wholeSecond(endedAt) },
            ...{ newDesiredCapacity: change.to, oldDesiredCapacity: change.from },
            ...{ minCapacity: change.minCapacity, maxCapacity: change.maxCapacity },
            ...{ resourceId: resourceIdOf(after), scalableDimension: dimension, serviceNamespace: 'ecs' },
            ...{ statusCode: 'Successful', scaledToMax: true, direction: 'scale-out' },
          },
        },
      ];
    }),
  ];
}

/** `2022-06-12T10:20:43Z` */
const wholeSecond = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
