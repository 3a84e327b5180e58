import { canonicalQuantity } from '../../../quantity.ts';
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

/** Memory that EKS's nodes keep for the same: 255 MiB, and 11 MiB for each pod that fits. */
export function reservedMemoryMiB(pods: number): number {
  return 11 * pods + 255;
}

export interface NodeResources {
  readonly capacity: Readonly<Record<string, string>>;
  /** What pods may ask for: the capacity without what is reserved and what must stay free. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** As the API server keeps quantities, so that what is read back compares. */
export function nodeResources({ capacity }: Pick<NodeDescription, 'capacity'>): NodeResources {
  const { cpuMillis, memoryMiB, pods, ephemeralStorageBytes } = capacity;
  const memoryKiB = memoryMiB * KiB;
  const keptMemoryKiB = reservedMemoryMiB(pods) * KiB + evictionThresholds.memoryAvailableBytes / KiB;
  const keptStorage =
    reservedEphemeralStorageBytes +
    Math.floor(ephemeralStorageBytes * evictionThresholds.nodefsAvailableFraction);
  return {
    capacity: resourceList(cpuMillis, memoryKiB, pods, `${Math.floor(ephemeralStorageBytes / KiB)}Ki`),
    allocatable: resourceList(
      cpuMillis - reservedCpuMillis(cpuMillis),
      Math.max(0, memoryKiB - keptMemoryKiB),
      pods,
      String(Math.max(0, ephemeralStorageBytes - keptStorage)),
    ),
  };
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
