import type {
  DescribeScalingActivitiesCommandInput,
  DescribeScalingActivitiesResponse,
  NotScaledReason,
  ScalingActivity,
} from '@aws-sdk/client-application-auto-scaling';
import { ascending } from '../../pages.ts';
import type { Call } from '../../service.ts';
import { readResourceId, resourceIdOf } from '../arn.ts';
import type { AutoScalingContext } from '../context.ts';
import { dimension, pageOf, readFilter } from '../input.ts';
import { activities, type NotScaledRecord, prefixOf, type ScalingActivityRecord } from '../records.ts';

/** The newest first. */
export function describeScalingActivities(
  { state }: AutoScalingContext,
  input: DescribeScalingActivitiesCommandInput,
  call: Call,
): DescribeScalingActivitiesResponse {
  const isWanted = readFilter({ ...input, ResourceIds: [input.ResourceId] });
  const all = [...state.list(activities, prefixOf(activities, call, readResourceId(input.ResourceId)))].map(
    ({ value }) => value,
  );
  const found = all.filter(
    (each) => isWanted(each) && (each.notScaled === undefined || input.IncludeNotScaledActivities === true),
  );
  const place = ({ startedAt, id }: ScalingActivityRecord): string =>
    `${String(startedAt).padStart(15, '0')} ${id}`;
  const { items, next } = pageOf(found, place, input, (a, b) => ascending(b, a));
  return { ScalingActivities: items.map(scalingActivity), ...next };
}

function scalingActivity(activity: ScalingActivityRecord): ScalingActivity {
  const { endedAt, notScaled } = activity;
  return {
    ...{ ActivityId: activity.id, ServiceNamespace: 'ecs', ResourceId: resourceIdOf(activity) },
    ...{ ScalableDimension: dimension, Description: activity.description, Cause: activity.cause },
    StartTime: new Date(activity.startedAt),
    ...(endedAt === undefined ? {} : { EndTime: new Date(endedAt) }),
    ...{ StatusCode: activity.status, StatusMessage: activity.statusMessage },
    ...(notScaled && { NotScaledReasons: [reasonOf(notScaled)] }),
  };
}

function reasonOf(reason: NotScaledRecord): NotScaledReason {
  switch (reason.code) {
    case 'AlreadyAtMaxCapacity':
      return { Code: reason.code, MaxCapacity: reason.maxCapacity };
    case 'AlreadyAtMinCapacity':
      return { Code: reason.code, MinCapacity: reason.minCapacity };
    case 'AlreadyAtDesiredCapacity':
      return { Code: reason.code, CurrentCapacity: reason.currentCapacity };
    case 'TargetServicePutResourceAsUnscalable':
      return { Code: reason.code };
  }
}
