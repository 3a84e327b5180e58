import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pod, PodContainer, PodSpec } from '../objects/pod.ts';
import { containerLimits, oomScoreAdjust, podCgroupLimits } from './limits.ts';
import { classShares, kubepodsLimits, NodeCgroups, processesOf } from './node-cgroups.ts';
import { qosOf } from './qos.ts';

const GiB = 1_073_741_824;
const container = (name: string, requests?: object, limits?: object): PodContainer => ({
  name,
  resources: { ...(requests && { requests: { ...requests } }), ...(limits && { limits: { ...limits } }) },
});
const pod = (spec: Partial<PodSpec>): Pod => ({
  metadata: { name: 'p', namespace: 'n', uid: 'u' },
  spec: { containers: [], ...spec },
});
const held = (spec: Partial<PodSpec>) => podCgroupLimits(pod(spec), 2_000);

describe('what holds a container', () => {
  it.each<[string, PodContainer, object]>([
    ['nothing', container('c'), { cpuShares: 2 }],
    ['what it asks for', container('c', { cpu: '500m', memory: '1Gi' }), { cpuShares: 512 }],
    [
      'its limits',
      container('c', { cpu: '1' }, { cpu: '1500m', memory: '64Mi' }),
      { cpuShares: 1_024, cpuMillis: 1_500, memoryMiB: 64, memorySwapMiB: 64 },
    ],
    [
      'a limit alone also as a weight',
      container('c', {}, { cpu: '1' }),
      { cpuShares: 1_024, cpuMillis: 1_000 },
    ],
    [
      'no more than the node has',
      container('c', { cpu: '1' }, { cpu: '8' }),
      { cpuShares: 1_024, cpuMillis: 2_000 },
    ],
    [
      'no less than the Engine takes',
      container('c', {}, { memory: '1Mi' }),
      { cpuShares: 2, memoryMiB: 6, memorySwapMiB: 6 },
    ],
  ])('is %s', (_, given, limits) => {
    expect(containerLimits(given, 2_000)).toEqual(limits);
  });
});

describe('what holds a pod', () => {
  const full = container('c', { cpu: '100m' }, { cpu: '200m', memory: '32Mi' });
  it.each<[string, Partial<PodSpec>, object]>([
    [
      'the sum of its containers',
      { containers: [full, full] },
      { cpuShares: 204, cpuMillis: 400, memoryMiB: 64 },
    ],
    [
      'no limit that one of them lacks',
      { containers: [full, container('d', { cpu: '1' }, { cpu: '1' })] },
      { cpuShares: 1_126, cpuMillis: 1_200 },
    ],
    [
      'its own limits before theirs',
      {
        containers: [full, container('d')],
        resources: { requests: { cpu: '1' }, limits: { cpu: '1', memory: '1Gi' } },
      },
      { cpuShares: 1_024, cpuMillis: 1_000, memoryMiB: 1_024 },
    ],
    [
      'what its largest init container asks for',
      { containers: [full], initContainers: [container('i', { cpu: '1' }, { cpu: '1', memory: '128Mi' })] },
      { cpuShares: 1_024, cpuMillis: 1_000, memoryMiB: 128 },
    ],
    ['next to nothing', { containers: [container('c')] }, { cpuShares: 2 }],
  ])('is %s', (_, spec, limits) => {
    expect(held(spec)).toEqual(limits);
  });

  it('never keeps one of its containers below what that may use', () => {
    const amount = fc.option(fc.integer({ min: 1, max: 4_000 }), { nil: undefined });
    const anyContainer = fc
      .tuple(amount, amount)
      .map(([cpu, memory]) =>
        container('c', {}, { ...(cpu && { cpu: `${cpu}m` }), ...(memory && { memory: `${memory}Ki` }) }),
      );
    fc.assert(
      fc.property(fc.array(anyContainer, { minLength: 1, maxLength: 4 }), (containers) => {
        const whole = held({ containers });
        for (const each of containers.map((one) => containerLimits(one, 2_000))) {
          expect(each.cpuMillis ?? 0).toBeLessThanOrEqual(whole.cpuMillis ?? 2_000);
          if (whole.memoryMiB !== undefined) expect(each.memoryMiB ?? 0).toBeLessThanOrEqual(whole.memoryMiB);
        }
      }),
    );
  });
});

describe('oomScoreAdjust', () => {
  const score = (spec: Partial<PodSpec>, of = 0) =>
    oomScoreAdjust(pod(spec), (spec.containers ?? [])[of] ?? container('none'), 8 * GiB);
  it.each<[string, Partial<PodSpec>, number]>([
    ['BestEffort', { containers: [container('c')] }, 1_000],
    ['Guaranteed', { containers: [container('c', {}, { cpu: '1', memory: '1Gi' })] }, -997],
    [
      'a pod that the node needs',
      { containers: [container('c')], priorityClassName: 'system-node-critical' },
      -997,
    ],
    ['Burstable, by its share of the memory', { containers: [container('c', { memory: '2Gi' })] }, 750],
    ['Burstable without memory', { containers: [container('c', { cpu: '1' })] }, 999],
    ['Burstable with all memory', { containers: [container('c', { memory: '8Gi' })] }, 3],
    [
      'a pod that asks as a whole',
      {
        containers: [container('c', { memory: '1Gi' }), container('d')],
        resources: { requests: { memory: '3Gi' } },
      },
      750,
    ],
  ])('of %s', (_, spec, expected) => {
    expect(score(spec)).toBe(expected);
  });

  it('kills a sidecar no sooner than the containers that need it', () => {
    const sidecar = { ...container('s'), restartPolicy: 'Always' } as const;
    const spec = { containers: [container('c', { memory: '2Gi' })], initContainers: [sidecar] };
    expect(oomScoreAdjust(pod(spec), sidecar, 8 * GiB)).toBe(750);
    const init = container('i');
    expect(oomScoreAdjust(pod({ ...spec, initContainers: [init] }), init, 8 * GiB)).toBe(999);
  });

  it('is less for whoever asks for more, and between the other classes', () => {
    fc.assert(
      fc.property(fc.nat(8_192), fc.nat(8_192), (one, other) => {
        const [less, more] = [one, other].toSorted((a, b) => a - b);
        const [first, second] = [less, more].map((mebibytes) =>
          score({ containers: [container('c', { cpu: '1m', memory: `${mebibytes}Mi` })] }),
        );
        expect(first).toBeGreaterThanOrEqual(second ?? 0);
        expect(second).toBeGreaterThan(-997);
        expect(first).toBeLessThan(1_000);
      }),
    );
  });
});

describe("a node's cgroups", () => {
  const capacity = { cpuMillis: 2_000, memoryMiB: 8_192, pods: 29, ephemeralStorageBytes: 0 };
  const node = { instanceId: 'i-1', capacity, labels: {} };
  const guaranteed = pod({ containers: [container('c', {}, { cpu: '1', memory: '1Gi' })] });
  const burstable = pod({ containers: [container('c', { cpu: '250m' })] });
  const bestEffort = pod({ containers: [container('c')] });

  it('hold pods to what the node does not keep for itself', () => {
    // 255 MiB and 11 for each of 29 pods are kept; 70 thousandths of a core.
    expect(kubepodsLimits(node, 5_000)).toEqual({ cpuShares: 1_976, memoryMiB: 7_618, pids: 5_000 });
    expect(processesOf(8_192, { memoryBytes: 32 * GiB, mostProcesses: 32_768 })).toBe(8_192);
    expect(processesOf(512, { memoryBytes: 32 * GiB, mostProcesses: 32_768 })).toBe(1_024);
  });

  it('are by class, which weighs what its pods ask for', async () => {
    const kept = new Map<string, object>();
    const cgroups = new NodeCgroups({
      ...{ node, mostProcesses: 5_000, pods: () => [guaranteed, burstable, burstable, bestEffort] },
      runtime: { limitCgroup: async (parent, limits) => void kept.set(parent, limits) },
    });
    expect([guaranteed, burstable, bestEffort].map((each) => cgroups.placeOf(each).cgroupParent)).toEqual([
      'catamaran-i-1/kubepods',
      'catamaran-i-1/kubepods/burstable',
      'catamaran-i-1/kubepods/besteffort',
    ]);
    expect(cgroups.placeOf(bestEffort).cgroupParentLimits).toEqual({
      ...{ cpuMillis: 2_000, memoryMiB: 8_192, cpuShares: 2_048 },
    });
    await cgroups.keep();
    expect(kept.get('catamaran-i-1/kubepods')).toMatchObject({ pids: 5_000 });
    expect(kept.get('catamaran-i-1/kubepods/burstable')).toEqual({ cpuShares: 512 });
    expect(kept.get('catamaran-i-1/kubepods/besteffort')).toEqual({ cpuShares: 2 });
    expect(classShares([])).toEqual({ burstable: 2, besteffort: 2 });
    expect([guaranteed, burstable, bestEffort].map(qosOf)).toEqual(['Guaranteed', 'Burstable', 'BestEffort']);
  });
});
