import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fargateSizeFor, isFargateSize } from './fargate-sizes.ts';

it.each([
  [0, 256, 256, 512],
  [256, 512, 256, 512],
  [256, 513, 256, 1_024],
  [100, 2_049, 512, 3_072],
  // What a pod of 1 vCPU and 8 GiB becomes with memory for Kubernetes.
  [1_024, 8_448, 2_048, 9_216],
  [4_097, 1, 8_192, 16_384],
  [16_384, 115_000, 16_384, 122_880],
])('%d CPU units and %d MiB fit into %d and %d', (cpu, memoryMiB, itsCpu, itsMemory) => {
  expect(fargateSizeFor({ cpu, memoryMiB })).toEqual({ cpu: itsCpu, memoryMiB: itsMemory });
});

it('gives the smallest size that is sold and has as much of both, or none', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20_000 }),
      fc.integer({ min: 0, max: 150_000 }),
      (cpu, memoryMiB) => {
        const found = fargateSizeFor({ cpu, memoryMiB });
        if (found === undefined) {
          expect(cpu > 16_384 || memoryMiB > 122_880).toBe(true);
          return;
        }
        expect(isFargateSize(found.cpu, found.memoryMiB)).toBe(true);
        expect(found.cpu >= cpu && found.memoryMiB >= memoryMiB).toBe(true);
        // With less memory there is no size, and with less CPU none that has as much.
        for (let less = found.memoryMiB - 512; less >= Math.max(memoryMiB, 512); less -= 512)
          expect(isFargateSize(found.cpu, less)).toBe(false);
        for (let less = found.cpu / 2; less >= Math.max(cpu, 256); less /= 2)
          for (let memory = 512; memory <= 122_880; memory += 512)
            expect(isFargateSize(less, memory) && memory >= memoryMiB).toBe(false);
      },
    ),
  );
});
