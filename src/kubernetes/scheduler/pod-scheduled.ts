import { type Condition, conditionOf } from '../controllers/objects.ts';
import { isLostRace, type Writer, withoutVersion } from '../controllers/writer.ts';
import { timestamp } from '../objects/object.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { PlacedPod } from './objects.ts';

const podResource = resourceNamed('', 'pods');

/** Of the pod as it is by now, where it is still there. */
export async function putStatus(
  writer: Writer,
  pod: PlacedPod,
  change: (status: PlacedPod['status']) => NonNullable<PlacedPod['status']>,
): Promise<void> {
  try {
    await writer.change<PlacedPod>(
      podResource,
      pod,
      (present) => ({
        ...present,
        metadata: withoutVersion(present.metadata),
        status: change(present.status),
      }),
      'status',
    );
  } catch (error) {
    if (!isLostRace(error)) throw error;
  }
}

export const unschedulable = ({ metadata, status }: PlacedPod, message: string, now: number): Condition => {
  const before = conditionOf(status, 'PodScheduled');
  const { generation } = metadata;
  return {
    ...{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
    ...(generation !== undefined && { observedGeneration: generation }),
    lastTransitionTime:
      before?.status === 'False' && before.lastTransitionTime !== undefined
        ? before.lastTransitionTime
        : timestamp(now),
  };
};

export const isSameCondition = (before: Condition | undefined, after: Condition): boolean =>
  before?.status === after.status && before.reason === after.reason && before.message === after.message;

/** In its place, or as the last. */
export function withCondition(
  conditions: readonly Condition[] = [],
  condition: Condition,
): readonly Condition[] {
  const at = conditions.findIndex(({ type }) => type === condition.type);
  return at < 0 ? [...conditions, condition] : conditions.with(at, condition);
}

/** Whether it stands at a pod already that it has no node, for this. */
export function saysUnschedulable({ status }: PlacedPod, why: string): boolean {
  const said = conditionOf(status, 'PodScheduled');
  return said?.status === 'False' && said.reason === 'Unschedulable' && said.message === why;
}

/** Says at a pod that it has no node, and why. */
export async function putUnschedulable(
  writer: Writer,
  pod: PlacedPod,
  why: string,
  now: number,
): Promise<void> {
  if (saysUnschedulable(pod, why)) return;
  await putStatus(writer, pod, (status = {}) => ({
    ...{ ...status, conditions: withCondition(status.conditions, unschedulable(pod, why, now)) },
  }));
}
