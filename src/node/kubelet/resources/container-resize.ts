import type { CgroupLimits, ContainerLimits } from '../../../runtime/index.ts';
import type { PodContainer } from '../objects/pod.ts';
import { containerLimits } from './limits.ts';

/** What a running container lacks of what its pod has been given. */
export interface ContainerResize {
  readonly limits: ContainerLimits;
  /** By its own policy it has to begin anew for that. */
  readonly needsRestart: boolean;
}

/** @param now As the engine holds it. Undefined: it has what it was given. */
export function neededResize(
  container: PodContainer,
  now: ContainerLimits,
  nodeCpuMillis: number,
): ContainerResize | undefined {
  const { cpuShares, cpuMillis, memoryMiB, memorySwapMiB } = containerLimits(container, nodeCpuMillis);
  const isCpuNew = cpuShares !== now.cpuShares || (cpuMillis !== undefined && cpuMillis !== now.cpuMillis);
  const isMemoryNew = memoryMiB !== undefined && memoryMiB !== now.memoryMiB;
  if (!isCpuNew && !isMemoryNew) return undefined;
  const restartsFor = (resource: string): boolean =>
    container.resizePolicy?.some(
      ({ resourceName, restartPolicy }) => resourceName === resource && restartPolicy === 'RestartContainer',
    ) ?? false;
  return {
    limits: {
      ...(isCpuNew && { cpuShares, ...(cpuMillis !== undefined && { cpuMillis }) }),
      ...(isMemoryNew && { memoryMiB, ...(memorySwapMiB !== undefined && { memorySwapMiB }) }),
    },
    needsRestart: (isCpuNew && restartsFor('cpu')) || (isMemoryNew && restartsFor('memory')),
  };
}

/**
 * What a pod's cgroup has to allow while its containers change from one to the other: the kernel lets none of them have more
 * than the whole, and the whole be no less than one of them. Of what is not limited now nothing is said.
 */
export function limitsMeanwhile(now: readonly ContainerLimits[], then: CgroupLimits): CgroupLimits {
  const most = (name: 'cpuMillis' | 'memoryMiB'): CgroupLimits => {
    const [limit, parts] = [then[name], now.map((each) => each[name] ?? Number.NaN)];
    const sum = parts.reduce((total, part) => total + part, 0);
    return limit === undefined || Number.isNaN(sum) ? {} : { [name]: Math.max(limit, sum) };
  };
  return { ...most('cpuMillis'), ...most('memoryMiB') };
}
