import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type HostedInstance,
  minimumSize,
  nextAddress,
  refusalToAdd,
  remainder,
  reservedMemoryMiB,
  sizeOf,
} from './shares.ts';

const machine = { cpu: 4096, memoryMiB: 8192 };
const own: HostedInstance = {
  id: 'i-0',
  name: 'machine',
  cluster: 'default',
  size: undefined,
  address: '127.0.0.1',
};
const slice = (cpu: number, memoryMiB: number, address = '127.0.0.2'): HostedInstance => ({
  id: `i-${address}`,
  name: address,
  cluster: 'default',
  size: { cpu, memoryMiB },
  address,
});

describe('shares of a machine', () => {
  it("give the machine's own instance what the others leave", () => {
    const hosted = [own, slice(1024, 2048), slice(512, 1024, '127.0.0.3')];
    expect(sizeOf(own, hosted, machine)).toEqual({ cpu: 2560, memoryMiB: 8192 - reservedMemoryMiB - 3072 });
    expect(sizeOf(slice(1024, 2048), hosted, machine)).toEqual({ cpu: 1024, memoryMiB: 2048 });
  });

  it.each([
    ['fits exactly', { cpu: 1024, memoryMiB: 1024 }, undefined],
    ['is too small to be useful', { cpu: 1, memoryMiB: 1024 }, /at least 128 CPU units/],
    ['asks for more CPU than is free', { cpu: 1025, memoryMiB: 1024 }, /1024 CPU units and 1024 MiB free/],
    ['asks for more memory than is free', { cpu: 1024, memoryMiB: 1025 }, /asked for: 1024 and 1025/],
  ])('an instance that %s', (_name, size, expected) => {
    const refusal = refusalToAdd(size, { cpu: 1024, memoryMiB: 1024 });
    if (expected === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toMatch(expected);
  });

  it('never promise more than the machine has', () => {
    const sizes = fc.array(
      fc.record({ cpu: fc.integer({ min: 0, max: 5000 }), memoryMiB: fc.integer({ min: 0, max: 9000 }) }),
    );
    fc.assert(
      fc.property(sizes, (wanted) => {
        let hosted: HostedInstance[] = [own];
        for (const size of wanted) {
          if (refusalToAdd(size, remainder(hosted, machine)) !== undefined) continue;
          hosted = [...hosted, { ...slice(size.cpu, size.memoryMiB, nextAddress(hosted)) }];
        }
        const total = hosted.map((instance) => sizeOf(instance, hosted, machine));
        expect(total.reduce((sum, { cpu }) => sum + cpu, 0)).toBe(machine.cpu);
        expect(total.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0)).toBe(
          machine.memoryMiB - reservedMemoryMiB,
        );
        expect(new Set(hosted.map(({ address }) => address)).size).toBe(hosted.length);
      }),
    );
    expect(minimumSize.cpu).toBeGreaterThan(0);
  });

  it('reuse the address of an instance that is gone', () => {
    expect(nextAddress([own, slice(1, 1, '127.0.0.3')])).toBe('127.0.0.2');
  });
});
