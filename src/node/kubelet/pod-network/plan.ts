import type { HostPort } from '../../../network/index.ts';
import { cidrBlock, ipv4Text } from '../../../topology/index.ts';
import type { OwnInterface, PodIdentity } from '../kubelet-options.ts';

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
  /** Those that pods may have, beside those of its prefixes. */
  readonly secondaryAddresses: readonly string[];
  /** Blocks of 16 addresses each, which pods may have: `10.0.0.16/28`. */
  readonly prefixes: readonly string[];
}

/** All that pods may have. */
export const podAddressesOf = ({ secondaryAddresses, prefixes }: NodeInterface): readonly string[] => [
  ...secondaryAddresses,
  ...prefixes.flatMap((prefix) => {
    const { first, last } = cidrBlock(prefix);
    return Array.from({ length: last - first + 1 }, (_, at) => ipv4Text(first + at));
  }),
];

/** What an instance type has. */
export interface InterfaceLimits {
  readonly maxInterfaces: number;
  /** The primary address counted. A prefix is one. */
  readonly ipv4PerInterface: number;
}

/** What interfaces are given more of: so many addresses, or one prefix. */
export type More = { readonly type: 'addresses'; readonly count: number } | { readonly type: 'prefix' };

/** Who has which address of a node, and which ones rest. */
export interface Ledger {
  /** Address by the pod's uid. */
  readonly pods: Readonly<Record<string, string>>;
  /** Ports of the node by the uid of the pod that they lead to. */
  readonly hostPorts: Readonly<Record<string, readonly HostPort[]>>;
  /** Of pods with an interface for themselves, by uid. */
  readonly own: Readonly<Record<string, OwnPlace>>;
  /** When an address was given back, epoch milliseconds. */
  readonly released: Readonly<Record<string, number>>;
}

/** An interface that a pod has for itself, and how it was when it got it. */
export interface OwnPlace extends OwnInterface {
  /** See `NodePod`. */
  readonly isApart: boolean;
}

export type NextStep =
  | { readonly type: 'take'; readonly address: string }
  /** More for an interface that has room: all addresses that fit, as the Amazon VPC CNI plugin does, or a prefix. */
  | { readonly type: 'assign'; readonly interfaceId: string; readonly more: More }
  /** One more interface, with that beside its primary address. */
  | { readonly type: 'add-interface'; readonly deviceIndex: number; readonly more: More }
  | { readonly type: 'none' };

/** `IP_COOLDOWN_PERIOD` of the plugin: nobody who still knows a pod's address meets another pod. */
export const coolDownMs = 30_000;

/**
 * How a pod comes to an address: of those that the node has, else of one that it can have.
 * @param hasPrefixes Whether it is to have prefixes.
 */
export function nextStep(
  interfaces: readonly NodeInterface[],
  ledger: Ledger,
  limits: InterfaceLimits,
  now: number,
  hasPrefixes = false,
): NextStep {
  const taken = new Set(Object.values(ledger.pods));
  const free = interfaces
    .flatMap(podAddressesOf)
    .find((address) => !taken.has(address) && !isResting(ledger, address, now));
  if (free !== undefined) return { type: 'take', address: free };
  const mostSecondary = limits.ipv4PerInterface - 1;
  const more = (count: number): More => (hasPrefixes ? { type: 'prefix' } : { type: 'addresses', count });
  for (const { id, secondaryAddresses, prefixes } of interfaces) {
    const room = mostSecondary - secondaryAddresses.length - prefixes.length;
    if (room > 0) return { type: 'assign', interfaceId: id, more: more(room) };
  }
  if (interfaces.length >= limits.maxInterfaces || mostSecondary < 1) return { type: 'none' };
  const used = new Set(interfaces.map(({ deviceIndex }) => deviceIndex));
  let deviceIndex = 1;
  while (used.has(deviceIndex)) deviceIndex += 1;
  return { type: 'add-interface', deviceIndex, more: more(mostSecondary) };
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
    ...ledger,
    pods: { ...ledger.pods, [uid]: address },
    hostPorts: hostPorts.length === 0 ? ledger.hostPorts : { ...ledger.hostPorts, [uid]: hostPorts },
    released,
  };
}

/** With a pod that has an interface for itself. */
export const withOwn = (
  ledger: Ledger,
  { uid, hostPorts }: Pick<PodIdentity, 'hostPorts' | 'uid'>,
  place: OwnPlace,
): Ledger => ({
  ...ledger,
  own: { ...ledger.own, [uid]: place },
  hostPorts: hostPorts.length === 0 ? ledger.hostPorts : { ...ledger.hostPorts, [uid]: hostPorts },
});

/** Without those pods; their addresses rest from now on, and what has rested long enough is forgotten. */
export function withoutPods(ledger: Ledger, uids: readonly string[], now: number): Ledger {
  const gone = new Set(uids);
  const pods = Object.entries(ledger.pods);
  const freed = pods.flatMap(([uid, address]) => (gone.has(uid) ? [[address, now] as const] : []));
  const resting = Object.entries(ledger.released).filter(([address]) => isResting(ledger, address, now));
  return {
    pods: Object.fromEntries(pods.filter(([uid]) => !gone.has(uid))),
    hostPorts: Object.fromEntries(Object.entries(ledger.hostPorts).filter(([uid]) => !gone.has(uid))),
    own: Object.fromEntries(Object.entries(ledger.own).filter(([uid]) => !gone.has(uid))),
    released: Object.fromEntries([...resting, ...freed]),
  };
}
