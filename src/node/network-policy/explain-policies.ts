import { type PolicyPlan, policyVerdict } from '../../network/index.ts';

/** A packet that begins to speak, between addresses. */
export interface PolicyQuestion {
  readonly from: string;
  readonly to: string;
  /** `tcp`, `udp`, or one without ports. */
  readonly protocol: string;
  readonly port?: number;
}

export interface PolicyAnswer {
  readonly direction: 'egress' | 'ingress';
  readonly passes: boolean;
  readonly sentence: string;
}

/** What the policies of a node's pods say of a packet: of who sends it, and of whom it is for; nothing of who is not isolated. */
export function explainPolicies(
  plan: PolicyPlan,
  { from, to, protocol, port }: PolicyQuestion,
): readonly PolicyAnswer[] {
  const flow = { protocol, ...(port !== undefined && { port }) };
  return (['egress', 'ingress'] as const).flatMap((direction) => {
    const [own, peer] = direction === 'egress' ? [from, to] : [to, from];
    const pod = plan.pods.find(({ address }) => address === own);
    const verdict = pod && policyVerdict(plan, pod, direction, { ...flow, peer });
    if (verdict === undefined) return [];
    const what = `this ${direction} ${direction === 'egress' ? 'to' : 'from'} ${peer}`;
    const names = verdict.policies.join(', ');
    const { passes } = verdict;
    const stopping = `No rule of the NetworkPolicies that isolate ${own} (${names}) allows ${what}.`;
    const passing =
      own === peer
        ? `Nothing keeps the pod ${own} from itself.`
        : `The NetworkPolicy ${names} allows ${own} ${what}.`;
    return [{ direction, passes, sentence: passes ? passing : stopping }];
  });
}
