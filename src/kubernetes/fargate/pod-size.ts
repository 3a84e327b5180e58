import { type FargateSize, fargateSizeFor } from '../../services/fargate-sizes.ts';
import type { JsonObject } from '../objects/object.ts';
import { podResources } from '../quota/pod-resources.ts';

/** What Fargate provisions for a pod. */
export interface PodSize {
  readonly size: FargateSize;
  readonly diskGiB: number;
}

const nano = 1_000_000_000n;
const MiB = 1_048_576n * nano;
const GiB = 1_024n * MiB;
/** For the kubelet, kube-proxy and containerd, beside what the pod asks for. */
const overheadMiB = 256;
const leastDiskGiB = 20;
const mostDiskGiB = 175;

/**
 * The size that a pod's requests come to ("Understand Fargate Pod configuration details", EKS user guide): what it asks for at
 * the same time and memory for Kubernetes, rounded up to what Fargate sells, which is the smallest for a pod that asks for
 * nothing; and of storage what it asks for, a tenth of that and 5 GiB. Undefined: there is none so large.
 */
export function fargatePodSize(spec: JsonObject): PodSize | undefined {
  const requests = podResources(spec, 'requests');
  const nanosOf = (name: string): bigint => requests.get(name)?.nanos ?? 0n;
  const size = fargateSizeFor({
    cpu: roundedUp(nanosOf('cpu') * 1_024n, nano),
    memoryMiB: roundedUp(nanosOf('memory'), MiB) + overheadMiB,
  });
  const diskGiB = Math.max(leastDiskGiB, roundedUp(nanosOf('ephemeral-storage') * 11n, 10n * GiB) + 5);
  return size === undefined || diskGiB > mostDiskGiB ? undefined : { size, diskGiB };
}

/** As Fargate writes it at the pod: `0.25vCPU 0.5GB`. */
export const sizeText = ({ cpu, memoryMiB }: FargateSize): string =>
  `${cpu / 1_024}vCPU ${memoryMiB / 1_024}GB`;

const roundedUp = (amount: bigint, unit: bigint): number => Number((amount + unit - 1n) / unit);
