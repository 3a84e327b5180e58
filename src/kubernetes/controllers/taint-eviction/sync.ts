import { again, done, type Outcome } from '../../../reconcile/index.ts';
import { nodeKey, nodes } from '../collections.ts';
import type { Work } from '../controller.ts';
import { disrupt } from '../disrupt-pod.ts';
import type { Placement } from '../node-fit.ts';
import { conditionOf, type Pod, timeOf } from '../objects.ts';
import { podResource } from '../pod-control.ts';
import { fateOf } from './plan.ts';

const deletion = {
  reason: 'DeletionByTaintManager',
  message: 'Taint manager: deleting due to NoExecute taint',
};

/** Evicts pods from nodes whose taints they don't stand any longer; for how long each has had to, this process remembers. */
export function taintEvictionSync(): (work: Work<Pod>) => Promise<Outcome> {
  const since = new Map<string, number>();
  return async (work) => {
    const { key, object: pod, reader, writer, events, now } = work;
    const { uid, namespace, name, deletionTimestamp } = pod.metadata;
    const placement: Placement = pod.spec;
    const node = reader.get(nodes, nodeKey(key, placement.nodeName ?? ''));
    const fate =
      deletionTimestamp === undefined && node !== undefined
        ? fateOf(node.spec?.taints ?? [], placement.tolerations ?? [], {
            ...{ known: since.get(uid), boundAt: boundAt(pod), now },
          })
        : undefined;
    if (fate?.type === 'goes' && fate.at > now) {
      since.set(uid, fate.since);
      return again(fate.at - now);
    }
    const wasToGo = since.delete(uid);
    if (fate?.type === 'goes') {
      events.normal(pod, 'TaintManagerEviction', `Marking for deletion Pod ${namespace}/${name}`);
      await disrupt(work, pod, deletion);
      await writer.remove(podResource, pod);
    } else if (wasToGo && fate !== undefined) {
      events.normal(pod, 'TaintManagerEviction', `Cancelling deletion of Pod ${namespace}/${name}`);
    }
    return done;
  };
}

function boundAt(pod: Pod): number {
  const scheduled = conditionOf(pod.status, 'PodScheduled');
  return timeOf(scheduled?.lastTransitionTime) ?? timeOf(pod.metadata.creationTimestamp) ?? 0;
}
