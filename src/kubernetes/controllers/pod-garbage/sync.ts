import { again, done, type Outcome } from '../../../reconcile/index.ts';
import { clusterWide, nodeKey, nodes, pods } from '../collections.ts';
import type { Work } from '../controller.ts';
import { disrupt } from '../disrupt-pod.ts';
import type { Kept, Pod } from '../objects.ts';
import { podResource } from '../pod-control.ts';
import { isTerminal } from '../pods.ts';
import { isLostRace } from '../writer.ts';
import { fateOf, tooMany } from './plan.ts';

/** Ends pods that nobody else will end; since when their nodes are missed, this process remembers. */
export function podGarbageSync(): (work: Work<Pod>) => Promise<Outcome> {
  const missingSince = new Map<string, number>();
  return async (work) => {
    const { key, object: pod, reader, writer, now } = work;
    const { nodeName = '' } = pod.spec;
    const own = nodeName === '' ? undefined : nodeKey(key, nodeName);
    const node = own && reader.get(nodes, own);
    if (own !== undefined && node === undefined && !missingSince.has(own)) {
      for (const other of missingSince.keys())
        if (reader.countByIndex(pods, 'node', other) === 0) missingSince.delete(other);
      missingSince.set(own, now);
    }
    if (own !== undefined && node !== undefined) missingSince.delete(own);
    const fate = fateOf(pod, node, own && missingSince.get(own), now);
    if (fate.type === 'stays') return done;
    if (fate.type === 'waits') return again(fate.afterMs);
    // Else nobody would ever say that it does not run any more.
    if (!isTerminal(pod)) await fail(work, pod, fate.why);
    await writer.remove(podResource, pod, { gracePeriodSeconds: 0 });
    return done;
  };
}

async function fail({ writer, now }: Work<Pod>, pod: Pod, why: string | undefined): Promise<void> {
  try {
    const said = why === undefined ? undefined : { reason: 'DeletionByPodGC', message: why };
    await disrupt({ writer, now }, pod, said, 'Failed');
  } catch (error) {
    if (!isLostRace(error)) throw error;
  }
}

/** Deletes those pods that have ended of which there are too many. */
export async function syncTerminatedPods({ key, reader, writer }: Work<Kept>): Promise<Outcome> {
  const terminated = reader.byIndex(pods, 'terminated', clusterWide(key, pods)).map(({ value }) => value);
  for (const pod of tooMany(terminated)) await writer.remove(podResource, pod, { gracePeriodSeconds: 0 });
  return done;
}
