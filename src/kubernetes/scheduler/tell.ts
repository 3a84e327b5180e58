import type { Cluster } from '../apiserver/cluster.ts';
import type { EventRecorder } from '../controllers/event-recorder.ts';
import { type Condition, conditionOf } from '../controllers/objects.ts';
import { isLostRace, type Writer, withoutVersion } from '../controllers/writer.ts';
import { timestamp } from '../objects/object.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import type { Unplaced } from './cluster-scheduler.ts';
import type { PlacedPod } from './objects.ts';
import { obstacleWords } from './obstacle-words.ts';

const podResource = resourceNamed('', 'pods');

/** Says at the pod why it has no node, and tells an event of it. */
export async function tellUnplaced(
  { clock }: Cluster,
  writer: Writer,
  events: EventRecorder,
  { queued, decision }: Unplaced,
): Promise<void> {
  const { pod } = queued.info;
  const message = obstacleWords(decision.obstacle);
  events.warning(pod, 'FailedScheduling', message);
  const condition = unschedulable(pod, message, clock.now());
  if (isSame(conditionOf(pod.status, 'PodScheduled'), condition)) return;
  try {
    await writer.change<PlacedPod>(
      podResource,
      pod,
      (present) => ({
        ...present,
        metadata: withoutVersion(present.metadata),
        status: { ...present.status, conditions: withCondition(present, condition) },
      }),
      'status',
    );
  } catch (error) {
    if (!isLostRace(error)) throw error;
  }
}

const unschedulable = ({ metadata, status }: PlacedPod, message: string, now: number): Condition => {
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

const isSame = (before: Condition | undefined, after: Condition): boolean =>
  before?.status === after.status && before.reason === after.reason && before.message === after.message;

/** In its place, or as the last. */
function withCondition({ status }: PlacedPod, condition: Condition): readonly Condition[] {
  const conditions = status?.conditions ?? [];
  const at = conditions.findIndex(({ type }) => type === condition.type);
  return at < 0 ? [...conditions, condition] : conditions.with(at, condition);
}
