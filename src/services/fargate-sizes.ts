/** In CPU units, 1024 to a vCPU, and MiB. */
export interface FargateSize {
  readonly cpu: number;
  readonly memoryMiB: number;
}

/**
 * The sizes that Fargate sells, to tasks and pods alike: for each number of CPU units the memory it can come with, in MiB. The
 * two largest step by 4 and 8 GiB (ECS developer guide, "Task CPU and memory").
 */
interface SizeRange {
  readonly cpu: number;
  readonly smallestMiB: number;
  readonly largestMiB: number;
  readonly stepMiB: number;
}

const fargateSizes: readonly SizeRange[] = [
  { cpu: 256, smallestMiB: 1024, largestMiB: 2048, stepMiB: 1024 },
  { cpu: 512, smallestMiB: 1024, largestMiB: 4096, stepMiB: 1024 },
  { cpu: 1024, smallestMiB: 2048, largestMiB: 8192, stepMiB: 1024 },
  { cpu: 2048, smallestMiB: 4096, largestMiB: 16384, stepMiB: 1024 },
  { cpu: 4096, smallestMiB: 8192, largestMiB: 30720, stepMiB: 1024 },
  { cpu: 8192, smallestMiB: 16384, largestMiB: 61440, stepMiB: 4096 },
  { cpu: 16384, smallestMiB: 32768, largestMiB: 122880, stepMiB: 8192 },
];

/** The one size that is out of step. */
const least: FargateSize = { cpu: 256, memoryMiB: 512 };

export function isFargateSize(cpu: number, memoryMiB: number): boolean {
  if (cpu === least.cpu && memoryMiB === least.memoryMiB) return true;
  const size = fargateSizes.find((candidate) => candidate.cpu === cpu);
  return (
    size !== undefined &&
    memoryMiB >= size.smallestMiB &&
    memoryMiB <= size.largestMiB &&
    (memoryMiB - size.smallestMiB) % size.stepMiB === 0
  );
}

/** The smallest size that has as much of both; undefined: there is none. */
export function fargateSizeFor({ cpu, memoryMiB }: FargateSize): FargateSize | undefined {
  if (cpu <= least.cpu && memoryMiB <= least.memoryMiB) return least;
  const range = fargateSizes.find((it) => it.cpu >= cpu && it.largestMiB >= memoryMiB);
  if (range === undefined) return undefined;
  const { smallestMiB, stepMiB } = range;
  const steps = Math.max(0, Math.ceil((memoryMiB - smallestMiB) / stepMiB));
  return { cpu: range.cpu, memoryMiB: smallestMiB + steps * stepMiB };
}
