import type {
  DeregisterScalableTargetCommandInput,
  DescribeScalableTargetsCommandInput,
  DescribeScalableTargetsResponse,
  RegisterScalableTargetCommandInput,
  RegisterScalableTargetResponse,
  ScalableTarget,
  SuspendedState,
} from '@aws-sdk/client-application-auto-scaling';
import { serviceCapacity } from '../../ecs/index.ts';
import type { Call } from '../../service.ts';
import { newTargetId, resourceIdOf, type Scope, scalableTargetArn } from '../arn.ts';
import { checkBounds } from '../bounds.ts';
import { type AutoScalingContext, requireTarget } from '../context.ts';
import { limitExceeded, serviceNotFound, validation } from '../errors.ts';
import { constraints, dimension, pageOf, readFilter, readTags, readTarget } from '../input.ts';
import { prefixOf, type ScalableTargetRecord, type SuspendedRecord, targetKey, targets } from '../records.ts';
import { removeTarget } from '../remove-target.ts';

/** Of ECS, in an account and Region ("Quotas for Application Auto Scaling"). */
const maxTargets = 3_000;

/** Registers a service's desired count, or changes what is given of it; `reconcilers/scaling.ts` brings it within its bounds. */
export async function registerScalableTarget(
  { state, random, ensureServiceLinkedRole }: AutoScalingContext,
  input: RegisterScalableTargetCommandInput,
  call: Call,
): Promise<RegisterScalableTargetResponse> {
  const name = readTarget(
    input,
    constraints().text('roleARN', input.RoleARN, { minLength: 1, maxLength: 1600 }),
  );
  const tags = readTags(input.Tags);
  const { id } = await state.transact((tx) => {
    const key = targetKey(call, name);
    const before = tx.get(targets, key);
    const service = serviceCapacity(tx, call, name);
    if (service === undefined) throw serviceNotFound(name);
    if (service.schedulingStrategy === 'DAEMON')
      throw validation('ECS services with the DAEMON scheduling strategy can not be scaled');
    if (before === undefined) {
      let count = 0;
      for (const _ of tx.list(targets, prefixOf(targets, call))) count += 1;
      if (count >= maxTargets) throw limitExceeded(`There can be at most ${maxTargets} scalable targets.`);
    } else if (Object.entries(tags).some(([tag, value]) => before.tags[tag] !== value)) {
      throw validation('Tags can be given only when a scalable target is registered: use TagResource');
    }
    const bounds = readBounds(input, before);
    const isSame = bounds.minCapacity === before?.minCapacity && bounds.maxCapacity === before.maxCapacity;
    const target: ScalableTargetRecord = {
      ...(before ?? { ...name, id: newTargetId(random), createdAt: call.now, tags }),
      ...bounds,
      boundsVersion: (before?.boundsVersion ?? 0) + (isSame ? 0 : 1),
      suspended: readSuspended(input.SuspendedState, before?.suspended),
    };
    tx.put(targets, key, target);
    return target;
  });
  await ensureServiceLinkedRole(call.accountId);
  return { ScalableTargetARN: scalableTargetArn(call, id) };
}

function readBounds(
  { MinCapacity, MaxCapacity }: RegisterScalableTargetCommandInput,
  before: ScalableTargetRecord | undefined,
): Pick<ScalableTargetRecord, 'minCapacity' | 'maxCapacity'> {
  const minCapacity = MinCapacity ?? before?.minCapacity;
  const maxCapacity = MaxCapacity ?? before?.maxCapacity;
  if (minCapacity === undefined || maxCapacity === undefined)
    throw validation('Both MinCapacity and MaxCapacity are required to register a new scalable target');
  checkBounds(minCapacity, maxCapacity);
  return { minCapacity, maxCapacity };
}

/** What is not given stays as it is. */
function readSuspended(
  asked: SuspendedState | undefined,
  before: SuspendedRecord | undefined,
): SuspendedRecord {
  return {
    dynamicScalingIn: asked?.DynamicScalingInSuspended ?? before?.dynamicScalingIn ?? false,
    dynamicScalingOut: asked?.DynamicScalingOutSuspended ?? before?.dynamicScalingOut ?? false,
    scheduledScaling: asked?.ScheduledScalingSuspended ?? before?.scheduledScaling ?? false,
  };
}

/** With its policies, their alarms, and its scheduled actions. The service stays as it is. */
export async function deregisterScalableTarget(
  { state }: AutoScalingContext,
  input: DeregisterScalableTargetCommandInput,
  call: Call,
): Promise<object> {
  const name = readTarget(input);
  await state.transact((tx) => {
    requireTarget(tx, call, name);
    removeTarget(tx, call, name);
  });
  return {};
}

export function describeScalableTargets(
  { state }: AutoScalingContext,
  input: DescribeScalableTargetsCommandInput,
  call: Call,
): DescribeScalableTargetsResponse {
  const { ServiceNamespace, ResourceIds = [], ScalableDimension } = input;
  const checked = constraints().list('resourceIds', ResourceIds, { max: 50 });
  const isWanted = readFilter({ ServiceNamespace, ResourceIds, ScalableDimension }, checked);
  const all = [...state.list(targets, prefixOf(targets, call))].map(({ value }) => value);
  const { items, next } = pageOf(all.filter(isWanted), resourceIdOf, input);
  return { ScalableTargets: items.map((target) => scalableTarget(call, target)), ...next };
}

function scalableTarget(scope: Scope, target: ScalableTargetRecord): ScalableTarget {
  const { dynamicScalingIn, dynamicScalingOut, scheduledScaling } = target.suspended;
  return {
    ...{ ServiceNamespace: 'ecs', ResourceId: resourceIdOf(target), ScalableDimension: dimension },
    ...{ MinCapacity: target.minCapacity, MaxCapacity: target.maxCapacity },
    RoleARN:
      `arn:aws:iam::${scope.accountId}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/` +
      'AWSServiceRoleForApplicationAutoScaling_ECSService',
    CreationTime: new Date(target.createdAt),
    SuspendedState: {
      DynamicScalingInSuspended: dynamicScalingIn,
      DynamicScalingOutSuspended: dynamicScalingOut,
      ScheduledScalingSuspended: scheduledScaling,
    },
    ScalableTargetARN: scalableTargetArn(scope, target.id),
  };
}
