import { type Taint, type Toleration, tolerates } from '../node-fit.ts';
import { timeOf } from '../objects.ts';

/** What becomes of a pod by the taints of its node. */
export type Fate =
  | { readonly type: 'stays' }
  /** It stays until then. `since`: when its time began. */
  | { readonly type: 'goes'; readonly at: number; readonly since: number };

/**
 * When a pod has to leave a node: at once if it does not tolerate a taint that evicts, else when the shortest of its
 * tolerations is over. Its time begins when the first of the taints was added, and goes on when one takes another's place.
 * @param known When its time began, as an earlier look has found; undefined: it did not run.
 * @param boundAt When the pod came to the node.
 */
export function fateOf(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  {
    known,
    boundAt,
    now,
  }: { readonly known: number | undefined; readonly boundAt: number; readonly now: number },
): Fate {
  const evicting = taints.filter(({ effect }) => effect === 'NoExecute');
  const used = evicting.map((taint) => tolerations.find((toleration) => tolerates(toleration, taint)));
  if (used.includes(undefined)) return { type: 'goes', at: now, since: known ?? now };
  const seconds = used
    .map((toleration) => toleration?.tolerationSeconds)
    .filter((limit) => limit !== undefined);
  if (seconds.length === 0) return { type: 'stays' };
  const added = evicting.map(({ timeAdded }) => timeOf(timeAdded)).filter((at) => at !== undefined);
  const since = known ?? Math.min(now, Math.max(boundAt, added.length > 0 ? Math.min(...added) : now));
  return { type: 'goes', at: since + Math.max(0, Math.min(...seconds)) * 1_000, since };
}
