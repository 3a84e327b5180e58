import type { Cluster } from '../apiserver/cluster.ts';
import { disrupt } from '../controllers/disrupt-pod.ts';
import type { EventRecorder } from '../controllers/event-recorder.ts';
import { conditionOf } from '../controllers/objects.ts';
import { isLostRace, type Writer } from '../controllers/writer.ts';
import { resourceNamed } from '../schema/catalogue.ts';
import { schedulerName, type Unplaced } from './cluster-scheduler.ts';
import type { PlacedPod } from './objects.ts';
import { obstacleWords, preemptionWords } from './obstacle-words.ts';
import { isSameCondition, putStatus, unschedulable, withCondition } from './pod-scheduled.ts';

const podResource = resourceNamed('', 'pods');

/** Says at the pod why it has no node, and where room is made for it; then those go who are in its way. */
export async function tellUnplaced(
  { clock }: Cluster,
  writer: Writer,
  events: EventRecorder,
  { queued, obstacle, preemption, displaced }: Unplaced,
): Promise<void> {
  const { pod } = queued.info;
  const also = preemption && preemptionWords(obstacle.nodes, preemption);
  const message = also === undefined ? obstacleWords(obstacle) : `${obstacleWords(obstacle)} ${also}`;
  events.warning(pod, 'FailedScheduling', message);
  const isHopeless = preemption?.node === undefined && preemption?.reasons !== undefined;
  const nominated = isHopeless ? undefined : (preemption?.node?.name ?? pod.status?.nominatedNodeName);
  const condition = unschedulable(pod, message, clock.now());
  if (
    !isSameCondition(conditionOf(pod.status, 'PodScheduled'), condition) ||
    nominated !== pod.status?.nominatedNodeName
  )
    await putStatus(writer, pod, (present) => {
      const { nominatedNodeName: _, ...status } = present ?? {};
      return {
        ...{ ...status, conditions: withCondition(status.conditions, condition) },
        ...(nominated !== undefined && { nominatedNodeName: nominated }),
      };
    });
  if (preemption?.node === undefined) return;
  for (const { pod: other } of displaced)
    await putStatus(writer, other, (status) => {
      const { nominatedNodeName: _, ...rest } = status ?? {};
      return rest;
    });
  for (const victim of preemption.victims)
    await evict(writer, events, victim.pod, {
      ...{ by: pod, node: preemption.node.name, now: clock.now() },
    });
}

/** It is told what for, and has the time that it asks for to end. */
async function evict(
  writer: Writer,
  events: EventRecorder,
  victim: PlacedPod,
  { by, node, now }: { readonly by: PlacedPod; readonly node: string; readonly now: number },
): Promise<void> {
  if (victim.metadata.deletionTimestamp !== undefined) return;
  const message = `${schedulerName}: preempting to accommodate a higher priority pod`;
  try {
    await disrupt({ writer, now }, victim, { reason: 'PreemptionByScheduler', message });
  } catch (error) {
    if (isLostRace(error)) return;
    throw error;
  }
  await writer.remove(podResource, victim);
  events.normal(victim, 'Preempted', `Preempted by pod ${by.metadata.uid} on node ${node}`);
}
