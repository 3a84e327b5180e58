import type {
  DeregisterTargetsCommandInput,
  DescribeTargetHealthCommandInput,
  DescribeTargetHealthOutput,
  RegisterTargetsCommandInput,
  TargetDescription,
  TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { Refusal } from '../../../protocols/index.ts';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { type ElbContext, requireTargetGroup } from '../context.ts';
import { unsupported, validationError } from '../errors.ts';
import { type TargetGroupRecord, targetKey, targets } from '../records.ts';
import { targetState } from './target-state.ts';
import { drainTarget, type NamedTarget, newTarget, putTarget } from './targets.ts';

/** All of them, or none. @throws TargetGroupNotFound, InvalidTarget, TooManyTargets, ValidationError */
export async function registerTargets(
  context: ElbContext,
  { TargetGroupArn = '', Targets }: RegisterTargetsCommandInput,
  call: Call,
): Promise<object> {
  const named = readTargets(Targets);
  await context.state.transact((tx) => {
    const group = requireTargetGroup(tx, call, TargetGroupArn);
    for (const each of named) {
      const made = newTarget(tx, call, group, each, call.now);
      if (made instanceof Refusal) throw made;
      putTarget(tx, call, made);
    }
  });
  return {};
}

/** What isn't registered is success. @throws TargetGroupNotFound, ValidationError */
export async function deregisterTargets(
  { state }: ElbContext,
  { TargetGroupArn = '', Targets }: DeregisterTargetsCommandInput,
  call: Call,
): Promise<object> {
  const named = readTargets(Targets);
  await state.transact((tx) => {
    const group = requireTargetGroup(tx, call, TargetGroupArn);
    for (const each of named) drainTarget(tx, call, group, each, call.now);
  });
  return {};
}

/** Those that are named, which may not be registered; else all. @throws TargetGroupNotFound */
export function describeTargetHealth(
  { state }: ElbContext,
  { TargetGroupArn = '', Targets = [] }: DescribeTargetHealthCommandInput,
  call: Call,
): DescribeTargetHealthOutput {
  const group = requireTargetGroup(state, call, TargetGroupArn);
  const asked =
    Targets.length > 0
      ? readTargets(Targets)
      : state.byIndex(targets, 'targetGroup', group.id).map(({ value }) => value);
  return { TargetHealthDescriptions: asked.map((each) => healthView(state, call, group, each)) };
}

function healthView(
  reader: Reader,
  call: Call,
  group: TargetGroupRecord,
  { id, port = group.port, availabilityZone }: NamedTarget,
): TargetHealthDescription {
  const target = reader.get(targets, targetKey(targets, call, { targetGroupId: group.id, id, port }));
  const zone = target?.availabilityZone ?? availabilityZone;
  const { port: checked } = group.healthCheck;
  return {
    Target: { Id: id, Port: port, ...(group.targetType === 'ip' && zone && { AvailabilityZone: zone }) },
    HealthCheckPort: checked === 'traffic-port' ? String(port) : checked,
    TargetHealth: targetState(reader, call, group, target),
  };
}

function readTargets(given: readonly TargetDescription[] = []): readonly NamedTarget[] {
  if (given.length === 0) throw validationError('Targets must be specified');
  return given.map(({ Id = '', Port, AvailabilityZone, QuicServerId }) => {
    if (QuicServerId !== undefined) throw unsupported('QUIC server IDs are');
    if (Id === '' || Id.includes('/'))
      throw validationError(`The target ID '${Id.slice(0, 255)}' is not valid`);
    return { id: Id, port: Port, availabilityZone: AvailabilityZone };
  });
}
