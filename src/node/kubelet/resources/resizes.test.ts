import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordingLog, silentLog } from '../../../log.ts';
import type { Pod, PodSpec } from '../objects/pod.ts';
import { Allocations, allocationOf, withAllocation } from './allocations.ts';
import { limitsMeanwhile, neededResize } from './container-resize.ts';
import { Resizes } from './resizes.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'resizes-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const node = () => ({ allocatable: { cpu: '2', memory: '1Gi', pods: '10' } });
const pod = (name: string, cpu: string, generation = 1, more: Partial<PodSpec> = {}): Pod => ({
  metadata: { name, namespace: 'n', uid: name, generation },
  spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }], ...more },
});

/** Pods that have been given what they were made with, and a look at who gets what he asks for now. */
function given(...pods: readonly Pod[]) {
  const told: string[] = [];
  const allocations = new Allocations(directory, silentLog);
  for (const each of pods) allocations.give(each.metadata.uid, allocationOf(each));
  const tell = (_: Pod, reason: string, message: string): void => void told.push(`${reason}: ${message}`);
  let nowMs = 0;
  const clock = { now: () => nowMs++ };
  const resizes = new Resizes({ allocations, node, clock, events: { normal: tell, warning: tell } });
  const has = (name: string) => allocations.of(name)?.containers.c?.requests?.cpu;
  return { resizes, told, has, allocations };
}

describe('what a pod asks for while it runs', () => {
  it('is given when the node has it, and its event says what', () => {
    const { resizes, told, has } = given(pod('a', '500m'), pod('b', '500m'));
    const [a, b] = [pod('a', '1500m', 2), pod('b', '500m')];
    expect(resizes.settle([a, b]).map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(has('a')).toBe('1500m');
    expect(told).toEqual([
      'ResizeStarted: Pod resize started: {"containers":[{"name":"c","resources":{"requests":{"cpu":"1500m"}}}],"generation":2}',
    ]);
    expect(resizes.settle([a, b])).toEqual([]);
  });

  it('waits while others have it, and is run with what it had', () => {
    const { resizes, told, has } = given(pod('a', '500m'), pod('b', '1'));
    const [a, b] = [pod('a', '1500m', 2), pod('b', '1')];
    expect(resizes.settle([a, b])).toEqual([a]);
    const message = "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000";
    expect(resizes.pendingOf('a')).toMatchObject({ reason: 'Deferred', message, generation: 2 });
    expect(resizes.held(a).spec.containers[0]?.resources).toEqual({ requests: { cpu: '500m' } });
    expect(told).toEqual([expect.stringContaining(`"error":"${message}"`)]);
    // Looked at again, nothing is told twice; when the other is gone it is given.
    expect(resizes.settle([a, b])).toEqual([]);
    expect(resizes.settle([a])).toEqual([a]);
    expect([has('a'), resizes.pendingOf('a')]).toEqual(['1500m', undefined]);
  });

  it('can be more than the node will ever have, and taken back', () => {
    const { resizes } = given(pod('a', '500m'));
    resizes.settle([pod('a', '3', 2)]);
    expect(resizes.pendingOf('a')).toMatchObject({
      ...{ reason: 'Infeasible', generation: 2 },
      message: "Node didn't have enough capacity: cpu, requested: 3000, capacity: 2000",
    });
    const back = pod('a', '500m', 3);
    expect(resizes.settle([back])).toEqual([back]);
    expect(resizes.pendingOf('a')).toBeUndefined();
  });

  it('goes first to who asks for less, then by priority', () => {
    const before = [pod('low', '500m'), pod('high', '500m'), pod('less', '1')];
    const { resizes, has } = given(...before);
    resizes.settle([pod('low', '1', 2), pod('high', '1', 2, { priority: 9 }), pod('less', '500m', 2)]);
    expect([has('less'), has('high'), has('low')]).toEqual(['500m', '1', '500m']);
  });

  it('never comes to more than the node has', () => {
    const amount = fc.integer({ min: 1, max: 1_000 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(amount, fc.integer({ min: 1, max: 2_500 })), { maxLength: 3 }),
        (asked) => {
          const before = asked.map(([cpu], index) => pod(`p${index}`, `${Math.floor(cpu / 2)}m`));
          const { resizes, has } = given(...before);
          const after = asked.map(([, cpu], index) => pod(`p${index}`, `${cpu}m`, 2));
          resizes.settle(after);
          const millis = (name: string): number =>
            Number(/^(\d+)m$/.exec(has(name) ?? '')?.[1] ?? Number(has(name)) * 1_000);
          const total = after.reduce((sum, { metadata }) => sum + millis(metadata.name), 0);
          expect(total).toBeLessThanOrEqual(2_000);
          // Whoever is refused would not fit beside what the others have now, or never.
          for (const { metadata, spec } of after.filter((each) => resizes.pendingOf(each.metadata.uid))) {
            const wanted = Number.parseInt(spec.containers[0]?.resources?.requests?.cpu ?? '', 10);
            expect(total - millis(metadata.name) + wanted).toBeGreaterThan(2_000);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('what pods have been given', () => {
  it('is known to the next kubelet, until the pod is gone', () => {
    const { allocations } = given(pod('a', '500m'), pod('b', '1'), pod('c', '1'));
    allocations.forget('b');
    allocations.keepOnly(new Set(['a']));
    const next = new Allocations(directory, silentLog);
    expect(['a', 'b', 'c'].map((uid) => next.of(uid)?.containers.c?.requests?.cpu)).toEqual([
      '500m',
      undefined,
      undefined,
    ]);
  });

  it('begins anew, and says so, where it can not be read', () => {
    writeFileSync(join(directory, 'allocations.json'), '{"a":');
    const log = recordingLog();
    expect(new Allocations(directory, log).of('a')).toBeUndefined();
    expect(JSON.stringify(log.lines)).toContain('What pods were given of the node cannot be read');
  });

  it('is given and forgotten also where it can’t be written down, and written later', () => {
    const inTheWay = join(directory, 'allocations.json.new');
    mkdirSync(inTheWay);
    const log = recordingLog();
    const allocations = new Allocations(directory, log);
    allocations.give('a', allocationOf(pod('a', '500m')));
    allocations.give('b', allocationOf(pod('b', '500m')));
    allocations.forget('a');
    expect([allocations.of('a'), allocations.of('b')?.containers.c?.requests?.cpu]).toEqual([
      undefined,
      '500m',
    ]);
    expect(log.lines).toHaveLength(3);
    rmdirSync(inTheWay);
    allocations.give('c', allocationOf(pod('c', '1')));
    const next = new Allocations(directory, log);
    expect(['a', 'b', 'c'].map((uid) => next.of(uid)?.containers.c?.requests?.cpu)).toEqual([
      undefined,
      '500m',
      '1',
    ]);
  });

  it('replaces what is asked for, and nothing else', () => {
    const asked = pod('a', '2', 7);
    const had = { containers: { c: { requests: { cpu: '1' } } } };
    expect(withAllocation(asked, had)).toEqual(pod('a', '1', 7));
    expect(withAllocation(asked, { containers: { c: { requests: { cpu: '2000m' } } } })).not.toBe(asked);
    expect(withAllocation(asked, allocationOf(pod('a', '2000m')))).toBe(asked);
  });
});

describe('a container', () => {
  const container = (resources: object, ...restarting: readonly string[]) => ({
    ...{ name: 'c', resources },
    resizePolicy: restarting.map((resourceName) => ({ resourceName, restartPolicy: 'RestartContainer' })),
  });
  const now = { cpuShares: 512, cpuMillis: 1_000, memoryMiB: 64, memorySwapMiB: 64 };
  const limits = (cpu: string, memory: string) => ({ requests: { cpu: '500m' }, limits: { cpu, memory } });

  it('is changed where it differs, and restarted where its policy says so', () => {
    expect(neededResize(container(limits('1', '64Mi')), now, 2_000)).toBeUndefined();
    expect(neededResize(container(limits('2', '64Mi'), 'memory'), now, 2_000)).toEqual({
      ...{ limits: { cpuShares: 512, cpuMillis: 2_000 }, needsRestart: false },
    });
    expect(neededResize(container(limits('1', '96Mi'), 'memory'), now, 2_000)).toEqual({
      ...{ limits: { memoryMiB: 96, memorySwapMiB: 96 }, needsRestart: true },
    });
  });

  it('has a pod around it that allows for it before and after', () => {
    expect(limitsMeanwhile([now, now], { cpuMillis: 500, memoryMiB: 256 })).toEqual({
      cpuMillis: 2_000,
      memoryMiB: 256,
    });
    expect(limitsMeanwhile([now, { cpuShares: 2 }], { cpuMillis: 500, memoryMiB: 256 })).toEqual({});
    expect(limitsMeanwhile([now], {})).toEqual({});
  });
});
