import { ipv4Number } from '../../../topology/index.ts';
import { blockRanges } from './policy-blocks.ts';
import type { IsolatedPod, PolicyPeer, PolicyPlan, PolicyPort } from './policy-plan.ts';

/** What begins to speak, by its first packet. */
export interface BeginningFlow {
  /** Others than `tcp`, `udp` and `sctp` have no ports. */
  readonly protocol: string;
  readonly port?: number;
  /** Who it is with, at the other end. */
  readonly peer: string;
}

export interface PolicyVerdict {
  readonly passes: boolean;
  /** `namespace/name`: the first that lets it pass, else all that isolate the pod. */
  readonly policies: readonly string[];
}

/** What a pod's policies say of a flow; undefined: nothing isolates it in that direction. What the kernel does by `policyTable`. */
export function policyVerdict(
  plan: Pick<PolicyPlan, 'groups' | 'namedPorts'>,
  pod: IsolatedPod,
  direction: 'egress' | 'ingress',
  flow: BeginningFlow,
): PolicyVerdict | undefined {
  const policies = pod[direction];
  if (policies === undefined) return undefined;
  if (flow.peer === pod.address) return { passes: true, policies: [] };
  const asked = direction === 'egress' ? flow.peer : pod.address;
  const passing = policies.find(({ rules }) =>
    rules.some(
      ({ peers, ports }) =>
        (peers === 'all' || peers.some((peer) => isPeer(peer, flow.peer))) &&
        (ports === 'all' || ports.some((port) => isPort(port))),
    ),
  );
  return passing === undefined
    ? { passes: false, policies: policies.map(({ policy }) => policy) }
    : { passes: true, policies: [passing.policy] };

  function isPeer(peer: PolicyPeer, address: string): boolean {
    if (peer.type === 'group') return plan.groups.get(peer.id)?.addresses.has(address) ?? false;
    const number = ipv4Number(address);
    return blockRanges([peer]).some(([first, last]) => first <= number && number <= last);
  }

  function isPort(port: PolicyPort): boolean {
    if (flow.port === undefined) return false;
    if (port.type === 'range')
      return flow.protocol === port.protocol && port.from <= flow.port && flow.port <= port.to;
    const group = plan.namedPorts.get(port.id);
    return group?.protocol === flow.protocol && group.places.has(`${asked}:${flow.port}`);
  }
}
