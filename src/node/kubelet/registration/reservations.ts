import { canonicalQuantity } from '../../../quantity.ts';
import { isFargate } from '../fargate.ts';
import type { NodeDescription } from '../kubelet-options.ts';

const KiB = 1024;
const MiB = KiB * KiB;
const GiB = KiB * MiB;

/** `evictionHard` of EKS's nodes: what stays free before pods are evicted. */
export const evictionThresholds = {
  memoryAvailableBytes: 100 * MiB,
  nodefsAvailableFraction: 0.1,
  nodefsInodesFreeFraction: 0.05,
} as const;

const reservedEphemeralStorageBytes = GiB;

/**
 * CPU that EKS's nodes keep for the kubelet and the container runtime, in thousandths (bootstrap of the EKS AMI):
 * 6% of the first core, 1% of the second, 0.5% of the third and fourth, 0.25% of each further one.
 */
export function reservedCpuMillis(cpuMillis: number): number {
  const shares = [
    { upTo: 1_000, share: 0.06 },
    { upTo: 2_000, share: 0.01 },
    { upTo: 4_000, share: 0.005 },
    { upTo: Number.POSITIVE_INFINITY, share: 0.0025 },
  ];
  let from = 0;
  let reserved = 0;
  for (const { upTo, share } of shares) {
    reserved += Math.max(0, Math.min(cpuMillis, upTo) - from) * share;
    from = upTo;
  }
  return Math.floor(reserved);
}

/** What a node is, as far as it decides what it keeps for itself. */
type Kept = Pick<NodeDescription, 'capacity' | 'labels'>;

/**
 * What a node keeps for itself: of memory 255 MiB, and 11 MiB for each pod that fits. Fargate adds to what its pod asks for
 * 256 MiB of memory, and no CPU.
 */
export function reservedOf(node: Kept): { readonly cpuMillis: number; readonly memoryMiB: number } {
  const { cpuMillis, pods } = node.capacity;
  if (isFargate(node)) return { cpuMillis: 0, memoryMiB: 256 };
  return { cpuMillis: reservedCpuMillis(cpuMillis), memoryMiB: 11 * pods + 255 };
}

export interface NodeResources {
  readonly capacity: Readonly<Record<string, string>>;
  /** What pods may ask for: the capacity without what is reserved and what must stay free. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** As the API server keeps quantities, so that what is read back compares. */
export function nodeResources(node: Kept): NodeResources {
  const { cpuMillis, memoryMiB, pods, ephemeralStorageBytes } = node.capacity;
  const memoryKiB = memoryMiB * KiB;
  const reserved = reservedOf(node);
  // A pod of Fargate is alone: nothing is evicted for others.
  const keptFreeKiB = isFargate(node) ? 0 : evictionThresholds.memoryAvailableBytes / KiB;
  return {
    capacity: resourceList(cpuMillis, memoryKiB, pods, `${Math.floor(ephemeralStorageBytes / KiB)}Ki`),
    allocatable: resourceList(
      cpuMillis - reserved.cpuMillis,
      Math.max(0, memoryKiB - reserved.memoryMiB * KiB - keptFreeKiB),
      pods,
      String(Math.max(0, allocatableStorage(node))),
    ),
  };
}

/** Of Fargate's storage 5 GiB are the system's, and a tenth of what pods may ask for besides. */
function allocatableStorage(node: Kept): number {
  const { ephemeralStorageBytes: bytes } = node.capacity;
  if (isFargate(node)) return Math.floor(((bytes - 5 * GiB) * 10) / 11);
  const keptFree = Math.floor(bytes * evictionThresholds.nodefsAvailableFraction);
  return bytes - reservedEphemeralStorageBytes - keptFree;
}

function resourceList(
  cpuMillis: number,
  memoryKiB: number,
  pods: number,
  storage: string,
): Readonly<Record<string, string>> {
  const list = {
    ...{ cpu: `${cpuMillis}m`, 'ephemeral-storage': storage, 'hugepages-1Gi': '0', 'hugepages-2Mi': '0' },
    ...{ memory: `${memoryKiB}Ki`, pods: String(pods) },
  };
  return Object.fromEntries(
    Object.entries(list).map(([name, text]) => [name, canonicalQuantity(text) ?? text]),
  );
}
