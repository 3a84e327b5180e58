import type { HostPort } from '../../../network/index.ts';
import type { PodIdentity } from '../kubelet-options.ts';

/** An interface of the node, as EC2 has it. */
export interface NodeInterface {
  /** `eni-…` */
  readonly id: string;
  /** 0: the node's primary one. */
  readonly deviceIndex: number;
  readonly macAddress: string;
  readonly subnetId: string;
  readonly securityGroupIds: readonly string[];
  /** The node's own, on which no pod is. */
  readonly primaryAddress: string;
  /** Those that pods may have. */
  readonly secondaryAddresses: readonly string[];
}

/** What an instance type has. */
export interface InterfaceLimits {
  readonly maxInterfaces: number;
  /** The primary address counted. */
  readonly ipv4PerInterface: number;
}

/** Who has which address of a node, and which ones rest. */
export interface Ledger {
  /** Address by the pod's uid. */
  readonly pods: Readonly<Record<string, string>>;
  /** Ports of the node by the uid of the pod that they lead to. */
  readonly hostPorts: Readonly<Record<string, readonly HostPort[]>>;
  /** When an address was given back, epoch milliseconds. */
  readonly released: Readonly<Record<string, number>>;
}

export type NextStep =
  | { readonly type: 'take'; readonly address: string }
  /** More addresses for an interface that has room: all that fit, as the Amazon VPC CNI plugin does. */
  | { readonly type: 'assign'; readonly interfaceId: string; readonly count: number }
  /** One more interface, with as many addresses beside its primary one. */
  | { readonly type: 'add-interface'; readonly deviceIndex: number; readonly count: number }
  | { readonly type: 'none' };

/** `IP_COOLDOWN_PERIOD` of the plugin: nobody who still knows a pod's address meets another pod. */
export const coolDownMs = 30_000;

/** How a pod comes to an address: of those that the node has, else of one that it can have. */
export function nextStep(
  interfaces: readonly NodeInterface[],
  ledger: Ledger,
  limits: InterfaceLimits,
  now: number,
): NextStep {
  const taken = new Set(Object.values(ledger.pods));
  const free = interfaces
    .flatMap(({ secondaryAddresses }) => secondaryAddresses)
    .find((address) => !taken.has(address) && !isResting(ledger, address, now));
  if (free !== undefined) return { type: 'take', address: free };
  const mostSecondary = limits.ipv4PerInterface - 1;
  const roomy = interfaces.find(({ secondaryAddresses }) => secondaryAddresses.length < mostSecondary);
  if (roomy !== undefined) {
    const count = mostSecondary - roomy.secondaryAddresses.length;
    return { type: 'assign', interfaceId: roomy.id, count };
  }
  if (interfaces.length >= limits.maxInterfaces || mostSecondary < 1) return { type: 'none' };
  const used = new Set(interfaces.map(({ deviceIndex }) => deviceIndex));
  let deviceIndex = 1;
  while (used.has(deviceIndex)) deviceIndex += 1;
  return { type: 'add-interface', deviceIndex, count: mostSecondary };
}

function isResting({ released }: Ledger, address: string, now: number): boolean {
  const since = released[address];
  // Given back in a future that the clock was set back from, it would rest for all of that.
  return since !== undefined && Math.abs(now - since) < coolDownMs;
}

export function withPod(
  ledger: Ledger,
  { uid, hostPorts }: Pick<PodIdentity, 'hostPorts' | 'uid'>,
  address: string,
): Ledger {
  const { [address]: _, ...released } = ledger.released;
  return {
    pods: { ...ledger.pods, [uid]: address },
    hostPorts: hostPorts.length === 0 ? ledger.hostPorts : { ...ledger.hostPorts, [uid]: hostPorts },
    released,
  };
}

/** Without those pods; their addresses rest from now on, and what has rested long enough is forgotten. */
export function withoutPods(ledger: Ledger, uids: readonly string[], now: number): Ledger {
  const gone = new Set(uids);
  const pods = Object.entries(ledger.pods);
  const freed = pods.flatMap(([uid, address]) => (gone.has(uid) ? [[address, now] as const] : []));
  const resting = Object.entries(ledger.released).filter(([address]) => isResting(ledger, address, now));
  return {
    pods: Object.fromEntries(pods.filter(([uid]) => !gone.has(uid))),
    hostPorts: Object.fromEntries(Object.entries(ledger.hostPorts).filter(([uid]) => !gone.has(uid))),
    released: Object.fromEntries([...resting, ...freed]),
  };
}
