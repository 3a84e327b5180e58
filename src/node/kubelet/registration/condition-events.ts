import type { NodeCondition } from '../objects/node.ts';

type Reasons = Readonly<Record<string, { readonly True: string; readonly False: string }>>;

/** As upstream's kubelet names them (pkg/kubelet/events/event.go). */
const reasons: Reasons = {
  MemoryPressure: { True: 'NodeHasInsufficientMemory', False: 'NodeHasSufficientMemory' },
  DiskPressure: { True: 'NodeHasDiskPressure', False: 'NodeHasNoDiskPressure' },
  PIDPressure: { True: 'NodeHasInsufficientPID', False: 'NodeHasSufficientPID' },
  Ready: { True: 'NodeReady', False: 'NodeNotReady' },
};

/** The reasons of the events that tell what has become of a node; of one that is new, all that it is. */
export function conditionEvents(
  now: readonly NodeCondition[],
  before: readonly NodeCondition[],
): readonly string[] {
  return now.flatMap(({ type, status }) => {
    const earlier = before.find((condition) => condition.type === type);
    const reason = status === 'Unknown' ? undefined : reasons[type]?.[status];
    return reason === undefined || earlier?.status === status ? [] : [reason];
  });
}
