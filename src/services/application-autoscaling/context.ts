import type { Clock, Random } from '../../clock/index.ts';
import type { Reader, State } from '../../reconcile/index.ts';
import type { MetricStore } from '../cloudwatch/index.ts';
import { readTargetArn, type Scope, type TargetName } from './arn.ts';
import { targetNotFound } from './errors.ts';
import { type ScalableTargetRecord, targetKey, targets } from './records.ts';

/** What the room of Application Auto Scaling is given by the composition root. */
export interface AutoScalingContext {
  readonly state: State;
  readonly clock: Clock;
  readonly random: Random;
  /** CloudWatch's. */
  readonly metrics: MetricStore;
  /** Makes AWSServiceRoleForApplicationAutoScaling_ECSService in an account unless it is there; cheap when it is. */
  readonly ensureServiceLinkedRole: (accountId: string) => Promise<void>;
}

/** @throws ObjectNotFoundException */
export function requireTarget(reader: Reader, scope: Scope, name: TargetName): ScalableTargetRecord {
  const target = reader.get(targets, targetKey(scope, name));
  if (target === undefined) throw targetNotFound(name);
  return target;
}

export function findTargetByArn(reader: Reader, scope: Scope, arn: string): ScalableTargetRecord | undefined {
  const id = readTargetArn(scope, arn);
  return id === undefined ? undefined : reader.byIndex(targets, 'id', id)[0]?.value;
}
