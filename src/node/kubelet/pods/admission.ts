import { isCritical } from '../eviction/ranking.ts';
import type { PressureType } from '../eviction/thresholds.ts';
import {
  allContainers,
  type NodeSelectorRequirement,
  type NodeSelectorTerm,
  type Pod,
  type PodSpec,
  type Toleration,
} from '../objects/pod.ts';
import { type Amounts, amountsOf, podRequests } from '../resources/pod-requests.ts';
import { qosOf } from '../resources/qos.ts';
import { hostPortsOf, impossibleHostIp, isSamePort } from './host-ports.ts';
import { podEni } from './own-interface.ts';

/** The node as pods are admitted to it. */
export interface AdmittingNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  /** What it is short of. */
  readonly pressures: ReadonlySet<PressureType>;
  readonly hasAppArmor: boolean;
  /** See `NodeDescription`. */
  readonly onlyPod?: string | undefined;
}

/** Why a pod that was bound to the node does not run there. */
export interface Rejection {
  readonly reason: string;
  /** Without upstream's `Pod was rejected: `. */
  readonly message: string;
  /** How much of what is missing, where that is all that is in the way. */
  readonly lacking?: Amounts;
}

/**
 * Whether a node takes a pod that was bound to it: the scheduler may have known less, and a pod may name its node itself.
 * @param others The pods that run there, without those that are over.
 */
export function admit(pod: Pod, node: AdmittingNode, others: readonly Pod[]): Rejection | undefined {
  return (
    notExpected(pod, node) ??
    underPressure(pod, node) ??
    unsupported(pod.spec, node) ??
    forbiddenSysctl(pod.spec) ??
    wrongNode(pod.spec, node) ??
    takenPort(pod.spec, others) ??
    lackingResource(pod, node, others)
  );
}

/** On Fargate nobody has seen whether another pod, which names its node itself, may run there as it is: it might mount the machine. */
function notExpected({ metadata }: Pod, { onlyPod }: AdmittingNode): Rejection | undefined {
  if (onlyPod === undefined || metadata.uid === onlyPod) return undefined;
  return { reason: 'UnexpectedAdmissionError', message: 'this node of Fargate is for another pod' };
}

/** Memory that is short is kept from those who asked for none; a node that is short of anything else takes nobody. */
function underPressure(pod: Pod, { pressures }: AdmittingNode): Rejection | undefined {
  if (pressures.size === 0 || isCritical(pod)) return undefined;
  if (pressures.size === 1 && pressures.has('MemoryPressure')) {
    const isTolerated = pod.spec.tolerations?.some(toleratesMemoryPressure) ?? false;
    if (qosOf(pod) !== 'BestEffort' || isTolerated) return undefined;
  }
  return { reason: 'Evicted', message: `The node had condition: [${[...pressures].join(' ')}]. ` };
}

function toleratesMemoryPressure({ key, operator = 'Equal', value = '', effect = '' }: Toleration): boolean {
  if (effect !== '' && effect !== 'NoSchedule') return false;
  if (key === undefined || key === '') return operator === 'Exists';
  return key === 'node.kubernetes.io/memory-pressure' && (operator === 'Exists' || value === '');
}

/** A pod that is to be confined must not run where nothing confines it. */
function asksForAppArmor({ securityContext, ...spec }: PodSpec): boolean {
  const profiles = [securityContext, ...allContainers(spec).map((container) => container.securityContext)];
  return profiles.some((security) => ![undefined, 'Unconfined'].includes(security?.appArmorProfile?.type));
}

function unsupported(spec: PodSpec, { hasAppArmor }: AdmittingNode): Rejection | undefined {
  const { os } = spec;
  const refuse = (message: string): Rejection => ({ reason: 'UnexpectedAdmissionError', message });
  if (!hasAppArmor && asksForAppArmor(spec))
    return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' };
  const hostIp = impossibleHostIp(spec);
  if (hostIp !== undefined)
    return refuse(
      `host IP ${JSON.stringify(hostIp)} of a port is no IPv4 address, and this node has no others`,
    );
  if (os === undefined || os.name === 'linux') return undefined;
  return {
    reason: 'PodOSNotSupported',
    message: "Failed to admit pod as the OS field doesn't match node OS",
  };
}

const safeSysctls = new Set([
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies'],
  ...['net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start', 'net.ipv4.ip_local_reserved_ports'],
  ...['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl'],
  ...['net.ipv4.tcp_keepalive_probes', 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'],
]);

function forbiddenSysctl({ securityContext, hostNetwork, hostIPC }: PodSpec): Rejection | undefined {
  for (const { name } of securityContext?.sysctls ?? []) {
    const plain = name.replaceAll('/', '.');
    const isOfHost = plain.startsWith('net.') ? hostNetwork : hostIPC;
    const shown = JSON.stringify(plain);
    if (safeSysctls.has(plain) && !isOfHost) continue;
    const why = isOfHost
      ? `${plain.startsWith('net.') ? 'hostNetwork' : 'hostIPC'} set to true`
      : 'not allowlisted';
    return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${shown} ${why}` };
  }
  return undefined;
}

/** By its labels it is not where the pod is to run. */
export const wrongNodeReason = 'NodeAffinity';

function wrongNode({ nodeSelector = {}, affinity }: PodSpec, node: AdmittingNode): Rejection | undefined {
  const isSelected = Object.entries(nodeSelector).every(([key, value]) => node.labels[key] === value);
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (isSelected && (terms === undefined || terms.some((term) => matches(term, node)))) return undefined;
  return {
    reason: wrongNodeReason,
    message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  };
}

/** A term that asks for nothing is nobody's. */
function matches(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  node: AdmittingNode,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((each) =>
      meets(each, Object.hasOwn(node.labels, each.key) ? node.labels[each.key] : undefined),
    ) && matchFields.every((each) => each.key === 'metadata.name' && meets(each, node.name))
  );
}

function meets({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

function takenPort(spec: PodSpec, others: readonly Pod[]): Rejection | undefined {
  const taken = others.flatMap((other) => hostPortsOf(other.spec));
  if (!hostPortsOf(spec).some((port) => taken.some((other) => isSamePort(port, other)))) return undefined;
  return {
    reason: 'NodePorts',
    message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  };
}

/** What a node could never give a pod: why, in the words of a resize that is Infeasible. */
export function lackingCapacity(
  { spec }: Pod,
  { allocatable }: Pick<AdmittingNode, 'allocatable'>,
): string | undefined {
  const [asked, capacity] = [podRequests(spec), amountsOf(allocatable)];
  for (const name of ['memory', 'cpu']) {
    const [requested, has] = [asked.get(name) ?? 0n, capacity.get(name) ?? 0n];
    if (requested > has)
      return `Node didn't have enough capacity: ${name}, requested: ${rounded(requested, name)}, capacity: ${rounded(has, name)}`;
  }
  return undefined;
}

const whole = 1_000_000_000n;
const unitOf = (name: string): bigint => (name === 'cpu' ? 1_000_000n : whole);
const rounded = (nanos: bigint, name: string): bigint => (nanos + unitOf(name) - 1n) / unitOf(name);

/** https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#extended-resources */
const isExtended = (name: string): boolean => name.includes('/') && !/^([^/]+\.)?kubernetes\.io\//.test(name);

/** What a node does not have beside other pods. */
export function lackingResource(
  { spec }: Pod,
  { allocatable }: Pick<AdmittingNode, 'allocatable'>,
  others: readonly Pod[],
): Rejection | undefined {
  const capacity = amountsOf(allocatable);
  const used = others.map((other) => podRequests(other.spec));
  // The control plane says how many interfaces of pods the node has, and the scheduler counts them. As upstream, an
  // extended resource that the node does not tell of may be one of the cluster's.
  const own = [...podRequests(spec)].filter(
    ([name]) => name !== podEni && (capacity.has(name) || !isExtended(name)),
  );
  const asked = [['pods', whole] as const, ...own].map(([name, requested]) => {
    const taken =
      name === 'pods'
        ? BigInt(others.length) * whole
        : used.reduce((total, each) => total + (each.get(name) ?? 0n), 0n);
    return { name, requested, taken, has: capacity.get(name) ?? 0n };
  });
  const short = asked.filter(({ requested, taken, has }) => requested > 0n && taken + requested > has);
  const [first] = short;
  if (first === undefined) return undefined;
  const { name } = first;
  const [requested, taken, has] = [first.requested, first.taken, first.has].map((nanos) =>
    rounded(nanos, name),
  );
  return {
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${taken}, capacity: ${has}`,
    lacking: new Map(short.map((each) => [each.name, each.taken + each.requested - each.has])),
  };
}

/** A pod that the node needs finds nobody whose room it could have. */
export function unpreempted(lacking: Amounts): Rejection {
  const list = [...lacking].map(([name, nanos]) => `(res: ${name}, q: ${rounded(nanos, name)}), `).join('');
  return {
    reason: 'UnexpectedAdmissionError',
    message: `Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [${list}]`,
  };
}
