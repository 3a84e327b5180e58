import type { CgroupLimits, Runtime } from '../../../runtime/index.ts';
import type { NodeDescription } from '../kubelet-options.ts';
import type { Pod } from '../objects/pod.ts';
import { reservedOf } from '../registration/reservations.ts';
import { sharesOf } from './limits.ts';
import { podRequests } from './pod-requests.ts';
import { qosOf } from './qos.ts';

/**
 * The cgroups above those of pods, as upstream has them: `kubepods` in the node's own, in it Guaranteed pods and the classes
 * `burstable` and `besteffort`, where the others are.
 */
export class NodeCgroups {
  readonly #options: NodeCgroupsOptions;
  readonly #root: string;

  constructor(options: NodeCgroupsOptions) {
    this.#options = options;
    this.#root = nodeCgroup(options.node);
  }

  /** Where a pod's is made, and what the node's own is limited to. */
  placeOf(pod: Pod): { readonly cgroupParent: string; readonly cgroupParentLimits: CgroupLimits } {
    const { cpuMillis, memoryMiB } = this.#options.node.capacity;
    const qos = qosOf(pod);
    const kubepods = `${this.#root}/kubepods`;
    return {
      cgroupParent: qos === 'Guaranteed' ? kubepods : `${kubepods}/${qos.toLowerCase()}`,
      cgroupParentLimits: { cpuMillis, memoryMiB, cpuShares: sharesOf(BigInt(cpuMillis) * 1_000_000n) },
    };
  }

  /** Holds all pods together to what the node has for them, and weighs the classes by the pods that are there now. */
  async keep(): Promise<void> {
    const { runtime, node, pods, mostProcesses } = this.#options;
    const limits = kubepodsLimits(node, mostProcesses);
    await runtime.limitCgroup(`${this.#root}/kubepods`, limits);
    for (const [name, cpuShares] of Object.entries(classShares(pods())))
      await runtime.limitCgroup(`${this.#root}/kubepods/${name}`, { cpuShares });
  }
}

export interface NodeCgroupsOptions {
  readonly node: Pick<NodeDescription, 'capacity' | 'instanceId' | 'labels'>;
  readonly runtime: Pick<Runtime, 'limitCgroup'>;
  /** Those that run or are to, as they are held. */
  readonly pods: () => readonly Pod[];
  /** How many processes and threads its pods can have. */
  readonly mostProcesses: number;
}

/** Of everything on the node. */
const nodeCgroup = ({ instanceId }: Pick<NodeDescription, 'instanceId'>): string => `catamaran-${instanceId}`;

/** Pods can use what they may ask for, and what must stay free before one of them is evicted. */
export function kubepodsLimits(
  node: Pick<NodeDescription, 'capacity' | 'labels'>,
  mostProcesses: number,
): CgroupLimits & { readonly memoryMiB: number } {
  const { cpuMillis, memoryMiB } = node.capacity;
  const reserved = reservedOf(node);
  return {
    cpuShares: sharesOf(BigInt(cpuMillis - reserved.cpuMillis) * 1_000_000n),
    memoryMiB: Math.max(1, memoryMiB - reserved.memoryMiB),
    pids: mostProcesses,
  };
}

/** Burstable pods together weigh what they ask for, those that ask for nothing next to nothing. */
export function classShares(pods: readonly Pod[]): Readonly<Record<'burstable' | 'besteffort', number>> {
  const asked = pods
    .filter((pod) => qosOf(pod) === 'Burstable')
    .reduce((total, { spec }) => total + (podRequests(spec).get('cpu') ?? 0n), 0n);
  return { burstable: sharesOf(asked), besteffort: sharesOf(0n) };
}

/** A node has as much of the machine's processes as it has of its memory. */
export function processesOf(
  memoryMiB: number,
  machine: { readonly memoryBytes: number; readonly mostProcesses: number },
): number {
  const share = Math.min(1, (memoryMiB * 1_048_576) / machine.memoryBytes);
  return Math.max(leastProcesses, Math.floor(machine.mostProcesses * share));
}

const leastProcesses = 1_024;
