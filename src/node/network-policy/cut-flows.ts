import { type Flow, type IsolatedPod, policyVerdict } from '../../network/index.ts';
import type { NodePolicies } from './policy-index.ts';

/**
 * Which flows end because policies begin; undefined: none can. What goes on at a pod when the first policy of a direction
 * selects it is judged like what begins; what policies have let pass once goes on, though others come. So it is with the
 * network policy agent of the VPC CNI plugin.
 * @param before Undefined: nobody knows, so that all is judged.
 * @param own The node's own addresses: what it sends and is sent is nobody's to judge.
 */
export function cutFlows(
  before: NodePolicies | undefined,
  after: NodePolicies,
  own: ReadonlySet<string>,
): ((flow: Flow) => boolean) | undefined {
  const begins = {
    egress: newlyIsolated(before, after, 'egress'),
    ingress: newlyIsolated(before, after, 'ingress'),
  };
  if (begins.egress.size + begins.ingress.size === 0) return undefined;
  return ({ protocol, source, receiver, port }) => {
    const isStopped = (direction: 'egress' | 'ingress', address: string, peer: string): boolean => {
      const pod = begins[direction].get(address);
      if (pod === undefined || own.has(peer)) return false;
      return policyVerdict(after.plan, pod, direction, { protocol, port, peer })?.passes === false;
    };
    return isStopped('egress', source, receiver) || isStopped('ingress', receiver, source);
  };
}

/** By address, pods that were there before and had no policy in that direction. */
function newlyIsolated(
  before: NodePolicies | undefined,
  after: NodePolicies,
  direction: 'egress' | 'ingress',
): ReadonlyMap<string, IsolatedPod> {
  const there = before && new Set(before.addresses.values());
  const isolated = new Set(
    before?.plan.pods.flatMap((pod) => (pod[direction] === undefined ? [] : [pod.address])),
  );
  return new Map(
    after.plan.pods
      .filter(
        (pod) =>
          pod[direction] !== undefined && (there?.has(pod.address) ?? true) && !isolated.has(pod.address),
      )
      .map((pod) => [pod.address, pod]),
  );
}
