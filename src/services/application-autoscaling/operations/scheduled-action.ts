import type {
  DeleteScheduledActionCommandInput,
  DescribeScheduledActionsCommandInput,
  DescribeScheduledActionsResponse,
  PutScheduledActionCommandInput,
  ScheduledAction,
} from '@aws-sdk/client-application-auto-scaling';
import type { Call } from '../../service.ts';
import { newId, readResourceId, resourceIdOf, type Scope, scheduledActionArn } from '../arn.ts';
import { checkBounds } from '../bounds.ts';
import { type AutoScalingContext, requireTarget } from '../context.ts';
import { limitExceeded, scheduledActionNotFound, validation } from '../errors.ts';
import { constraints, dimension, nameConstraint, pageOf, readFilter, readTarget } from '../input.ts';
import { prefixOf, type ScheduledActionRecord, scheduledActionKey, scheduledActions } from '../records.ts';
import { faultOf, nextTime } from '../schedule.ts';

/** Of a target ("Quotas for Application Auto Scaling"). */
const maxActions = 200;
const scheduleConstraint = { minLength: 1, maxLength: 1600 };

/** Makes a scheduled action, or changes what is given of it; start and end that are not given go (PutScheduledAction). */
export async function putScheduledAction(
  { state, random }: AutoScalingContext,
  input: PutScheduledActionCommandInput,
  call: Call,
): Promise<object> {
  const { ScheduledActionName: name = '' } = input;
  const checked = constraints()
    .text('scheduledActionName', input.ScheduledActionName, {
      ...nameConstraint,
      pattern:
        '[^ \\u0000-\\u001f\\u007f-\\u009f:/|]([^\\u0000-\\u001f\\u007f-\\u009f:/|]*[^ \\u0000-\\u001f\\u007f-\\u009f:/|])?',
    })
    .text('schedule', input.Schedule, scheduleConstraint)
    .text('timezone', input.Timezone, scheduleConstraint);
  const target = readTarget(input, checked);
  await state.transact((tx) => {
    requireTarget(tx, call, target);
    const key = scheduledActionKey(call, target, name);
    const before = tx.get(scheduledActions, key);
    if (before === undefined) {
      const count = [...tx.list(scheduledActions, prefixOf(scheduledActions, call, target))].length;
      if (count >= maxActions)
        throw limitExceeded(`A scalable target can have at most ${maxActions} scheduled actions.`);
    }
    tx.put(scheduledActions, key, {
      ...{ cluster: target.cluster, service: target.service, name },
      ...{
        id: before?.id ?? newId(random),
        createdAt: before?.createdAt ?? call.now,
        configuredAt: call.now,
      },
      ...readTimes(input, before, call.now),
      action: readAction(input, before),
    });
  });
  return {};
}

type Times = Pick<ScheduledActionRecord, 'schedule' | 'timezone' | 'startsAt' | 'endsAt'>;

function readTimes(
  { Schedule, Timezone, StartTime, EndTime }: PutScheduledActionCommandInput,
  before: ScheduledActionRecord | undefined,
  now: number,
): Times {
  const schedule = Schedule ?? before?.schedule;
  if (schedule === undefined) throw validation('A Schedule is required to create a scheduled action');
  const timezone = Timezone ?? before?.timezone;
  const times: Times = {
    schedule,
    ...(timezone === undefined ? {} : { timezone }),
    ...(StartTime === undefined ? {} : { startsAt: StartTime.getTime() }),
    ...(EndTime === undefined ? {} : { endsAt: EndTime.getTime() }),
  };
  const fault = faultOf(times);
  if (fault !== undefined) throw validation(fault);
  const { startsAt, endsAt } = times;
  if (startsAt !== undefined && endsAt !== undefined && startsAt >= endsAt)
    throw validation('StartTime must be before EndTime');
  if (nextTime({ ...times, configuredAt: now }, now) === undefined)
    throw validation(`Schedule ${schedule} has no time that is still to come`);
  return times;
}

function readAction(
  { ScalableTargetAction }: PutScheduledActionCommandInput,
  before: ScheduledActionRecord | undefined,
): ScheduledActionRecord['action'] {
  const { MinCapacity, MaxCapacity } = ScalableTargetAction ?? {};
  if (ScalableTargetAction === undefined && before !== undefined) return before.action;
  if (MinCapacity === undefined && MaxCapacity === undefined)
    throw validation('A ScalableTargetAction with a MinCapacity, a MaxCapacity or both is required');
  checkBounds(MinCapacity ?? 0, MaxCapacity ?? Math.max(0, MinCapacity ?? 0));
  return {
    ...(MinCapacity === undefined ? {} : { minCapacity: MinCapacity }),
    ...(MaxCapacity === undefined ? {} : { maxCapacity: MaxCapacity }),
  };
}

export async function deleteScheduledAction(
  { state }: AutoScalingContext,
  input: DeleteScheduledActionCommandInput,
  call: Call,
): Promise<object> {
  const { ScheduledActionName: name = '' } = input;
  const target = readTarget(
    input,
    constraints().text('scheduledActionName', input.ScheduledActionName, nameConstraint),
  );
  await state.transact((tx) => {
    const key = scheduledActionKey(call, target, name);
    if (tx.get(scheduledActions, key) === undefined) throw scheduledActionNotFound(target, name);
    tx.delete(scheduledActions, key);
  });
  return {};
}

export function describeScheduledActions(
  { state }: AutoScalingContext,
  input: DescribeScheduledActionsCommandInput,
  call: Call,
): DescribeScheduledActionsResponse {
  const { ScheduledActionNames: names } = input;
  const checked = constraints().list('scheduledActionNames', names, { max: 50 });
  const isWanted = readFilter({ ...input, ResourceIds: [input.ResourceId] }, checked);
  const found = [
    ...state.list(scheduledActions, prefixOf(scheduledActions, call, readResourceId(input.ResourceId))),
  ].flatMap(({ value }) =>
    isWanted(value) && (!names?.length || names.includes(value.name)) ? [value] : [],
  );
  const { items, next } = pageOf(found, (action) => `${resourceIdOf(action)} ${action.name}`, input);
  return { ScheduledActions: items.map((action) => scheduledAction(call, action)), ...next };
}

function scheduledAction(scope: Scope, record: ScheduledActionRecord): ScheduledAction {
  const { startsAt, endsAt, timezone, action } = record;
  return {
    ...{ ScheduledActionName: record.name, ScheduledActionARN: scheduledActionArn(scope, record, record) },
    ...{ ServiceNamespace: 'ecs', ResourceId: resourceIdOf(record), ScalableDimension: dimension },
    Schedule: record.schedule,
    ...(timezone === undefined ? {} : { Timezone: timezone }),
    ...(startsAt === undefined ? {} : { StartTime: new Date(startsAt) }),
    ...(endsAt === undefined ? {} : { EndTime: new Date(endsAt) }),
    ScalableTargetAction: { MinCapacity: action.minCapacity, MaxCapacity: action.maxCapacity },
    CreationTime: new Date(record.createdAt),
  };
}
