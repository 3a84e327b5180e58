import { isCritical } from '../eviction/ranking.ts';
import type { Pod } from '../objects/pod.ts';
import { type Amounts, podRequests } from '../resources/pod-requests.ts';
import { qosOf } from '../resources/qos.ts';

const onePod = 1_000_000_000n;

/**
 * Whom a node ends so that it can take a pod that it, or the cluster, can't do without: as few Guaranteed pods as it can, then as few
 * Burstable, then those that ask for nothing; each time the one that comes closest to what is lacking.
 * @param lacking By resource, `pods` among them.
 * @returns undefined: also without all of those there would not be enough.
 */
export function podsToPreempt(
  pod: Pod,
  others: readonly Pod[],
  lacking: Amounts,
): readonly Pod[] | undefined {
  const candidates = others.filter((other) => isPreemptedBy(pod, other));
  const of = (qos: ReturnType<typeof qosOf>): readonly Pod[] =>
    candidates.filter((each) => qosOf(each) === qos);
  const [guaranteed, burstable, bestEffort] = [of('Guaranteed'), of('Burstable'), of('BestEffort')];
  if (without(lacking, candidates).size > 0) return undefined;
  const fromGuaranteed = closest(guaranteed, without(lacking, [...burstable, ...bestEffort]));
  const fromBurstable = closest(burstable, without(lacking, [...fromGuaranteed, ...bestEffort]));
  const fromBestEffort = closest(bestEffort, without(lacking, [...fromGuaranteed, ...fromBurstable]));
  return [...fromGuaranteed, ...fromBurstable, ...fromBestEffort];
}

function isPreemptedBy(pod: Pod, other: Pod): boolean {
  if (isCritical(pod) && !isCritical(other)) return true;
  return (pod.spec.priority ?? 0) > (other.spec.priority ?? 0);
}

/** What is still lacking when these are gone. */
function without(lacking: Amounts, gone: readonly Pod[]): Amounts {
  const left = [...lacking].map(([name, amount]): [string, bigint] => [
    name,
    gone.reduce((rest, each) => rest - amountOf(each, name), amount),
  ]);
  return new Map(left.filter(([, amount]) => amount > 0n));
}

/** Of these the few that give what is lacking. */
function closest(pods: readonly Pod[], lacking: Amounts): readonly Pod[] {
  const chosen: Pod[] = [];
  let left = lacking;
  const rest = new Set(pods);
  while (left.size > 0) {
    const [next] = [...rest].toSorted(
      (one, other) => distance(one, left) - distance(other, left) || Number(total(one) - total(other)),
    );
    if (next === undefined) break;
    rest.delete(next);
    chosen.push(next);
    left = without(left, [next]);
  }
  return chosen;
}

/** How far a pod is from giving what is lacking: 0, it gives all of it. */
function distance(pod: Pod, lacking: Amounts): number {
  return [...lacking].reduce((sum, [name, amount]) => {
    const missing = Number(amount - amountOf(pod, name)) / Number(amount);
    return sum + Math.max(0, missing) ** 2;
  }, 0);
}

const amountOf = (pod: Pod, name: string): bigint =>
  name === 'pods' ? onePod : (podRequests(pod.spec).get(name) ?? 0n);

const total = ({ spec }: Pod): bigint => {
  const asked = podRequests(spec);
  return (asked.get('memory') ?? 0n) + (asked.get('cpu') ?? 0n);
};
