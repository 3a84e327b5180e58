import { describe, expect, it } from 'vitest';
import { nodeResources, reservedCpuMillis } from './reservations.ts';

describe('nodeResources', () => {
  it('leaves of an m5.large what EKS leaves', () => {
    const capacity = { cpuMillis: 2_000, memoryMiB: 8_192, pods: 29, ephemeralStorageBytes: 21_462_233_088 };
    expect(nodeResources({ capacity, labels: {} })).toEqual({
      capacity: {
        ...{ cpu: '2', memory: '8Gi', pods: '29', 'ephemeral-storage': '20959212Ki' },
        ...{ 'hugepages-1Gi': '0', 'hugepages-2Mi': '0' },
      },
      allocatable: {
        // 8192 MiB without 255 + 11 * 29 MiB reserved and 100 MiB that must stay free.
        ...{ cpu: '1930m', memory: '7518Mi', pods: '29', 'ephemeral-storage': '18242267956' },
        ...{ 'hugepages-1Gi': '0', 'hugepages-2Mi': '0' },
      },
    });
  });

  it('never leaves less than nothing', () => {
    const capacity = { cpuMillis: 250, memoryMiB: 256, pods: 4, ephemeralStorageBytes: 1_000 };
    expect(nodeResources({ capacity, labels: {} }).allocatable).toMatchObject({
      ...{ cpu: '235m', memory: '0', 'ephemeral-storage': '0' },
    });
  });
});

it('leaves of a node of Fargate what its pod may ask for, as Fargate has sized it', () => {
  const GiB = 1_024 ** 3;
  const capacity = { cpuMillis: 250, memoryMiB: 512, pods: 1, ephemeralStorageBytes: 60 * GiB };
  const labels = { 'eks.amazonaws.com/compute-type': 'fargate' };
  expect(nodeResources({ capacity, labels }).allocatable).toMatchObject({
    ...{ cpu: '250m', memory: '256Mi', pods: '1', 'ephemeral-storage': String(50 * GiB) },
  });
});

describe('reservedCpuMillis', () => {
  it.each([
    [1_000, 60],
    [2_000, 70],
    [4_000, 80],
    [8_000, 90],
    [16_000, 110],
  ])('of %i thousandths keeps %i', (cpuMillis, reserved) => {
    expect(reservedCpuMillis(cpuMillis)).toBe(reserved);
  });
});
