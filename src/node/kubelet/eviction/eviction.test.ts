import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pod, PodSpec } from '../objects/pod.ts';
import { shareOf } from '../usage/node-disk.ts';
import type { PodUse } from '../usage/pod-use.ts';
import { exceededStorage } from './local-storage.ts';
import { evictionMessage } from './messages.ts';
import { ranked } from './ranking.ts';
import { Pressures, type Shortage, shortages } from './thresholds.ts';

const MiB = 1_048_576;
const GiB = 1_024 * MiB;

interface Given {
  readonly memoryMiB?: number;
  readonly diskMiB?: number;
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
  readonly spec?: Partial<PodSpec>;
  readonly emptyDirs?: Readonly<Record<string, number>>;
}

function using(name: string, { memoryMiB = 0, diskMiB = 0, ...given }: Given): PodUse {
  const { requests = {}, limits = {}, spec = {}, emptyDirs = {} } = given;
  const pod: Pod = {
    metadata: { name, namespace: 'n', uid: name },
    spec: { containers: [{ name: 'c', resources: { requests, limits } }], ...spec },
  };
  const written = { bytes: diskMiB * MiB, inodes: diskMiB };
  return {
    pod,
    containers: [{ name: 'c', memoryBytes: memoryMiB * MiB, written, logBytes: 0 }],
    emptyDirs: Object.entries(emptyDirs).map(([volume, mebibytes]) => ({
      ...{ name: volume, use: { bytes: mebibytes * MiB, inodes: 1 }, isMemory: false },
    })),
  };
}
const order = (scarce: Shortage['scarce'], ...uses: readonly PodUse[]) =>
  ranked(uses, scarce)
    .map(({ pod }) => pod.metadata.name)
    .join(' ');

describe('who is evicted first', () => {
  it('is who uses more than he asked for, then by priority, then by how much more', () => {
    const modest = using('modest', { memoryMiB: 900, requests: { memory: '1Gi' } });
    const greedy = using('greedy', { memoryMiB: 20, requests: { memory: '10Mi' } });
    const greedier = using('greedier', { memoryMiB: 300, requests: { memory: '100Mi' } });
    const important = using('important', { memoryMiB: 500, spec: { priority: 1_000 } });
    expect(order('memory', modest, greedy, important, greedier)).toBe('greedier greedy important modest');
  });

  it('is reckoned by what runs short', () => {
    const writer = using('writer', { diskMiB: 50, emptyDirs: { v: 50 } });
    const user = using('user', { memoryMiB: 50, diskMiB: 60 });
    expect(order('memory', writer, user)).toBe('user writer');
    expect(order('ephemeral-storage', user, writer)).toBe('writer user');
    expect(order('inodes', writer, user)).toBe('user writer');
  });

  it('never is one who keeps to what he asked for before one who does not', () => {
    const any = fc.record({ memoryMiB: fc.nat(100), request: fc.nat(100), priority: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 6 }), (all) => {
        const uses = all.map(({ memoryMiB, request, priority }, index) =>
          using(String(index), { memoryMiB, requests: { memory: `${request}Mi` }, spec: { priority } }),
        );
        const found = ranked(uses, 'memory').map(({ pod }) => all[Number(pod.metadata.name)]);
        for (const [index, next] of found.slice(1).entries()) {
          const before = found[index];
          if (before === undefined || next === undefined) continue;
          const isBeyond = [before, next].map(({ memoryMiB, request }) => memoryMiB > request);
          expect(Number(isBeyond[0])).toBeGreaterThanOrEqual(Number(isBeyond[1]));
          if (isBeyond[0] !== isBeyond[1]) continue;
          expect(before.priority).toBeLessThanOrEqual(next.priority);
          if (before.priority === next.priority)
            expect(before.memoryMiB - before.request).toBeGreaterThanOrEqual(next.memoryMiB - next.request);
        }
      }),
    );
  });
});

describe('a node is short', () => {
  const memory = (availableMiB: number) => ({
    'allocatableMemory.available': { capacity: 4 * GiB, available: availableMiB * MiB },
  });
  const disk = (available: number) => ({ 'nodefs.available': { capacity: 1_000, available } });
  const inodes = (available: number) => ({ 'nodefs.inodesFree': { capacity: 100, available } });
  it.each([
    ['of nothing', { ...memory(100), ...disk(100), ...inodes(5) }, []],
    ['of memory below 100 MiB', memory(99), ['memory']],
    ['of disk below a tenth', disk(99), ['ephemeral-storage']],
    ['of inodes below a twentieth', inodes(4), ['inodes']],
    ['of memory before all else', { ...disk(0), ...memory(0) }, ['memory', 'ephemeral-storage']],
  ])('%s', (_, observations, scarce) => {
    expect(shortages(observations).map((each) => each.scarce)).toEqual(scarce);
  });

  it('and says so for a while after', () => {
    const pressures = new Pressures(300_000);
    pressures.observed(shortages(memory(0)), 1_000);
    pressures.observed(shortages(disk(0)), 200_000);
    expect([...pressures.now]).toEqual(['MemoryPressure', 'DiskPressure']);
    pressures.observed([], 300_999);
    expect([...pressures.now]).toEqual(['MemoryPressure', 'DiskPressure']);
    pressures.observed([], 301_000);
    expect([...pressures.now]).toEqual(['DiskPressure']);
  });

  it('by its own share of the disk, unless the machine has less', () => {
    const machine = { totalBytes: 1_000, availableBytes: 300, totalInodes: 0, freeInodes: 0 };
    expect(shareOf(machine, 100, 30)).toEqual({ capacity: 100, available: 70 });
    expect(shareOf(machine, 500, 100)).toEqual({ capacity: 500, available: 300 });
    expect(shareOf(machine, 5_000, 100)).toEqual({ capacity: 1_000, available: 300 });
    expect(shareOf(machine, 100, 130)).toEqual({ capacity: 100, available: 0 });
  });
});

describe('why a pod is evicted', () => {
  it('names what is short, and its containers that use more than they asked for', () => {
    const [shortage] = shortages({
      'allocatableMemory.available': { capacity: 4 * GiB, available: 50 * MiB },
    }) as [Shortage];
    const start = 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. ';
    expect(evictionMessage(shortage, using('p', { memoryMiB: 300 }))).toBe(
      `${start}Container c was using 300Mi, request is 0, has larger consumption of memory. `,
    );
    expect(evictionMessage(shortage, using('p', { memoryMiB: 300, requests: { memory: '1Gi' } }))).toBe(
      start,
    );
  });

  it.each<[string, Given, string | undefined]>([
    ['nothing', { diskMiB: 10, limits: { 'ephemeral-storage': '10Mi' } }, undefined],
    [
      'a volume over its limit',
      { emptyDirs: { v: 11 }, spec: { volumes: [{ name: 'v', emptyDir: { sizeLimit: '10Mi' } }] } },
      'Usage of EmptyDir volume "v" exceeds the limit "10Mi". ',
    ],
    [
      'what it wrote, its volumes with it',
      { diskMiB: 6, emptyDirs: { v: 6 }, limits: { 'ephemeral-storage': '10Mi' } },
      'Pod ephemeral local storage usage exceeds the total limit of containers 10Mi. ',
    ],
  ])('is %s', (_, given, message) => {
    const volumes = given.spec?.volumes ?? [{ name: 'v', emptyDir: {} }];
    expect(exceededStorage(using('p', { ...given, spec: { ...given.spec, volumes } }))).toBe(message);
  });

  it('is one container over its own limit', () => {
    const limited = (name: string, limit: string) => ({
      ...{ name, resources: { limits: { 'ephemeral-storage': limit } } },
    });
    const containers = [limited('c', '10Mi'), limited('d', '1Gi')];
    expect(exceededStorage(using('p', { diskMiB: 11, spec: { containers } }))).toBe(
      'Container c exceeded its local ephemeral storage limit "10Mi". ',
    );
  });
});
