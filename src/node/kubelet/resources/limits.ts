import type { CgroupLimits, ContainerLimits } from '../../../runtime/index.ts';
import { given } from '../../reading.ts';
import type { Pod, PodContainer } from '../objects/pod.ts';
import { amountsOf, podRequests, wholeLimit } from './pod-requests.ts';
import { qosOf } from './qos.ts';

const whole = 1_000_000_000n;
const milli = 1_000_000n;
const MiB = 1_048_576n * whole;
const leastShares = 2;
/** The kernel takes no smaller quota. */
const leastCpuMillis = 10;
const mostShares = 262_144;
/** The Engine takes no smaller limit. */
const leastMemoryMiB = 6;

/** What CPU that is asked for weighs in the kernel's scheduler. */
export function sharesOf(nanos: bigint): number {
  const shares = Number((nanos * 1_024n) / whole);
  return Math.min(mostShares, Math.max(leastShares, shares));
}

/** In thousandths, rounded up. */
const millisOf = (nanos: bigint): number => Number((nanos + milli - 1n) / milli);

const heldMillis = (cpu: bigint, nodeCpuMillis: number): number =>
  Math.min(Math.max(leastCpuMillis, millisOf(cpu)), nodeCpuMillis);

/** Rounded up, so that no limit becomes smaller. */
const mebibytesOf = (nanos: bigint): number => Number((nanos + MiB - 1n) / MiB);

/**
 * How a container is held: CPU asked for as a weight, limits as limits. Memory is counted in whole MiB, and a pod does not swap.
 * @param nodeCpuMillis Of the node: the kernel refuses a container more CPU than what it is in has.
 */
export function containerLimits(
  { resources = {} }: PodContainer,
  nodeCpuMillis: number,
): ContainerLimits & { readonly cpuShares: number } {
  const [requests, limits] = [amountsOf(resources.requests), amountsOf(resources.limits)];
  const [cpu, memory] = [limits.get('cpu') ?? 0n, limits.get('memory') ?? 0n];
  const memoryMiB = memory === 0n ? undefined : Math.max(leastMemoryMiB, mebibytesOf(memory));
  return given({
    cpuShares: sharesOf(requests.get('cpu') ?? cpu),
    cpuMillis: cpu === 0n ? undefined : heldMillis(cpu, nodeCpuMillis),
    memoryMiB,
    memorySwapMiB: memoryMiB,
  });
}

/** How a pod as a whole is held: by limits where all of its containers have them. */
export function podCgroupLimits({ spec }: Pod, nodeCpuMillis: number): CgroupLimits {
  const [cpu, memory] = [wholeLimit(spec, 'cpu'), wholeLimit(spec, 'memory')];
  return given({
    cpuShares: sharesOf(podRequests(spec).get('cpu') ?? 0n),
    cpuMillis: cpu === undefined ? undefined : heldMillis(cpu, nodeCpuMillis),
    memoryMiB: memory === undefined ? undefined : Math.max(leastMemoryMiB, mebibytesOf(memory)),
  });
}

/**
 * Whom the kernel kills first when the node's memory runs out: those who asked for nothing, then those who asked for little of
 * it; Guaranteed pods and what the node can't do without last.
 */
export function oomScoreAdjust(pod: Pod, container: PodContainer, nodeMemoryBytes: number): number {
  const { spec } = pod;
  const qos = qosOf(pod);
  if (qos === 'Guaranteed' || spec.priorityClassName === 'system-node-critical') return guaranteedScore;
  if (qos === 'BestEffort') return bestEffortScore;
  const ofContainers = spec.containers.map((each) => burstableScore(pod, each, nodeMemoryBytes));
  // A sidecar goes no sooner than the containers that need it.
  const isInit = spec.initContainers?.some(({ name }) => name === container.name) ?? false;
  const own = burstableScore(pod, container, nodeMemoryBytes);
  return isInit && container.restartPolicy === 'Always' ? Math.min(own, ...ofContainers) : own;
}

const guaranteedScore = -997;
const bestEffortScore = 1_000;

/** What a pod asks for beyond its containers is shared out among them. */
function burstableScore({ spec }: Pod, { resources }: PodContainer, nodeMemoryBytes: number): number {
  const asked = (some: PodContainer['resources']): bigint => amountsOf(some?.requests).get('memory') ?? 0n;
  const all = spec.containers.reduce((total, each) => total + asked(each.resources), 0n);
  const beyond = asked(spec.resources) - all;
  const share = beyond > 0n ? beyond / BigInt(spec.containers.length) : 0n;
  const bytes = Number((asked(resources) + share) / whole);
  const score = 1_000 - Math.floor((1_000 * bytes) / nodeMemoryBytes);
  return Math.min(bestEffortScore - 1, Math.max(1_000 + guaranteedScore, score));
}
