import {
  again,
  done,
  type Outcome,
  type Reconciler,
  type RecordKey,
  type State,
  watching,
} from '../../../reconcile/index.ts';
import type { Store } from '../../../store/index.ts';
import { timestamp } from '../../objects/object.ts';
import { pods } from '../collections.ts';
import { nodeOf } from '../daemon-set/objects.ts';
import type { Condition, Pod } from '../objects.ts';

/** What becomes of a pod. */
export type Fate = 'Failed' | 'Pending' | 'Ready' | 'Running' | 'Succeeded';

/** What it decides about, with whether it runs already. */
export type Decide = (pod: Pod) => Fate | undefined;

/** Where pods run. */
export interface Nodes {
  /** Of a pod that has no node yet. */
  place(pod: Pod): string;
  /** Nothing happens to the pods of one. */
  isSilent(node: string): boolean;
}

const oneNode: Nodes = { place: () => 'node-1', isSilent: () => false };

/**
 * Runs pods of all clusters as far as the API can tell, a stand-in for scheduler and kubelet: binds them to a node, says
 * what they are, and takes away those that are deleted.
 * @param decide Undefined: the pod stays as it is.
 * @param lookAgainMs Decides anew so often, whether a pod changes or not.
 */
export function fakeKubelet(
  { state, store, now }: { readonly state: State; readonly store: Store; readonly now: () => number },
  decide: Decide = () => 'Ready',
  lookAgainMs?: number,
  nodes = oneNode,
): Reconciler {
  const next = lookAgainMs === undefined ? done : again(lookAgainMs);
  return {
    name: 'fake-kubelet',
    watches: [watching<Pod>(pods, ({ key, after }) => (after === undefined ? [] : [key]))],
    reconcile: async (workKey): Promise<Outcome> => {
      const key = workKey as RecordKey;
      const entry = await store.get(key);
      const pod = state.get(pods, key);
      if (entry === undefined || pod === undefined) return done;
      const present = entry.value as unknown as Pod;
      const { deletionTimestamp, finalizers = [] } = present.metadata;
      const node = nodeOf(present) ?? nodes.place(present);
      if (nodes.isSilent(node)) return next;
      const guard = [{ key, revision: entry.revision }];
      if (deletionTimestamp !== undefined) {
        const isEnded = finalizers.length === 0;
        const ended = isEnded ? undefined : withFate(present, node, 'Failed', now());
        if (isEnded) await store.commit(guard, [{ type: 'delete', key }]);
        else if (ended !== undefined && present.status?.phase !== 'Failed')
          await store.commit(guard, [{ type: 'put', key, value: ended as never }]);
        return done;
      }
      const fate = decide(present);
      if (fate === undefined || hasFate(present, fate)) return next;
      await store.commit(guard, [{ type: 'put', key, value: withFate(present, node, fate, now()) as never }]);
      return next;
    },
  };
}

const isReadyBy = (fate: Fate): string => (fate === 'Ready' ? 'True' : 'False');

function hasFate({ status }: Pod, fate: Fate): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return status?.phase === phaseBy(fate) && (ready === undefined || ready.status === isReadyBy(fate));
}

const phaseBy = (fate: Fate): string => (fate === 'Ready' ? 'Running' : fate);

const isRunning = (fate: Fate): boolean => fate === 'Ready' || fate === 'Running';

/** One of its own, by its uid. */
const addressOf = ({ metadata }: Pod): string =>
  `10.1.${Number.parseInt(metadata.uid.slice(0, 2), 16)}.${Number.parseInt(metadata.uid.slice(2, 4), 16)}`;

/** `exit:3` fails with 3, others with 1. */
const exitCodeOf = (image: unknown): number => Number(/^exit:(\d+)$/.exec(String(image))?.[1] ?? 1);

/** The pod as a kubelet would report it. */
function withFate(pod: Pod, nodeName: string, fate: Fate, now: number): Pod {
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'Ready');
  const ready: Condition = { type: 'Ready', status: isReadyBy(fate), lastTransitionTime: timestamp(now) };
  return {
    ...pod,
    spec: { ...pod.spec, nodeName },
    status: {
      ...{ ...pod.status, phase: phaseBy(fate), conditions: [...others, ready], startTime: timestamp(now) },
      ...(isRunning(fate) && { podIP: addressOf(pod), podIPs: [{ ip: addressOf(pod) }] }),
      containerStatuses: pod.spec.containers.map(({ name, image }) => ({
        ...{ name, restartCount: 0 },
        ...(fate === 'Failed' && {
          state: { terminated: { exitCode: exitCodeOf(image), finishedAt: timestamp(now) } },
        }),
      })),
    },
  };
}
