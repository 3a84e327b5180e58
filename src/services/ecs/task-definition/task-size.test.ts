import { expect, test } from 'vitest';
import { isFargateSize } from '../../fargate-sizes.ts';
import { parseTaskCpu, parseTaskMemory } from './task-size.ts';

test.each([
  ['256', '256'],
  ['128', '128'],
  ['196608', '196608'],
  ['1 vCPU', '1024'],
  ['1 vcpu', '1024'],
  ['2VCPU', '2048'],
  ['.5 vCPU', '512'],
  ['0.25 vCPU', '256'],
])('cpu %s is %s units', (text, units) => {
  expect(parseTaskCpu(text)).toBe(units);
});

test.each(['', '0', '127', '196609', 'one', '1 core', '1GB', '-256', '0.0001 vCPU', '1.5', '1  vCPU', '1e3'])(
  'cpu %j is refused',
  (text) => {
    expect(() => parseTaskCpu(text)).toThrow("Invalid 'cpu' setting for task.");
  },
);

test.each([
  ['512', '512'],
  ['1GB', '1024'],
  ['1 GB', '1024'],
  ['0.5gb', '512'],
  ['30 gb', '30720'],
])('memory %s is %s MiB', (text, mebibytes) => {
  expect(parseTaskMemory(text)).toBe(mebibytes);
});

test.each(['', '0', '-1', '1 MB', '1vCPU', 'lots', '0.0001 GB', '512.5'])('memory %j is refused', (text) => {
  expect(() => parseTaskMemory(text)).toThrow("Invalid 'memory' setting for task.");
});

test('Fargate has 74 sizes', () => {
  let sizes = 0;
  for (let cpu = 128; cpu <= 32_768; cpu *= 2) {
    for (let memoryMiB = 256; memoryMiB <= 262_144; memoryMiB += 256)
      sizes += isFargateSize(cpu, memoryMiB) ? 1 : 0;
  }
  expect(sizes).toBe(74);
});

test.each([
  [256, 512],
  [256, 2048],
  [4096, 30_720],
  [8192, 20_480],
  [16_384, 122_880],
])('%d CPU with %d MiB is a Fargate size', (cpu, memoryMiB) => {
  expect(isFargateSize(cpu, memoryMiB)).toBe(true);
});

test.each([
  [256, 1536],
  [256, 4096],
  [512, 512],
  [4096, 4096],
  [8192, 17_408],
  [16_384, 36_864],
  [32_768, 65_536],
  [300, 1024],
])('%d CPU with %d MiB is none', (cpu, memoryMiB) => {
  expect(isFargateSize(cpu, memoryMiB)).toBe(false);
});
