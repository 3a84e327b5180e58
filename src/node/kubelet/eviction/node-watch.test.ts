import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { VirtualClock } from '../../../clock/index.ts';
import { silentLog } from '../../../log.ts';
import { PulledImages } from '../images/pulled-images.ts';
import { defaultSettings } from '../kubelet-options.ts';
import type { PodWorker } from '../pods/pod-worker.ts';
import { nodeWatch } from './node-watch.ts';

const MiB = 1_048_576;
const GiB = 1_024 * MiB;
let stateDirectory: string;
beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), 'node-watch-'));
});
afterEach(() => rmSync(stateDirectory, { recursive: true }));

/** Who is ended on a node of 512 MiB whose only pod uses so many of them; 256 MiB are for pods. */
async function evicted(
  labels: Readonly<Record<string, string>>,
  usedMiB: number,
): Promise<readonly string[]> {
  const clock = new VirtualClock(0);
  const ended: string[] = [];
  const run = {
    attempt: 0,
    container: { name: 'web', runtimeId: 'web', labels: {}, status: { state: 'running', startedAtMs: 0 } },
  };
  const worker = {
    pod: {
      metadata: { name: 'web', namespace: 'default', uid: 'web' },
      spec: { containers: [{ name: 'web', resources: { requests: { memory: '256Mi' } } }] },
    },
    view: { sandboxes: [], runs: new Map([['web', [run]]]) },
    ...{ isActive: true, hasRunning: true, end: () => ended.push('web'), removeEnded: async () => {} },
  } as unknown as PodWorker;
  const runtime = {
    stats: async () => ({ memoryBytes: usedMiB * MiB, cpuUsageNanos: 0 }) as never,
    diskUse: async () => undefined,
    removeImage: async () => {},
  };
  const { eviction } = nodeWatch({
    node: {
      capacity: { cpuMillis: 250, memoryMiB: 512, pods: 1, ephemeralStorageBytes: 25 * GiB },
      labels,
    },
    ...{ runtime, clock, stateDirectory, settings: defaultSettings, workers: () => [worker] },
    images: new PulledImages({ runtime, stateDirectory, clock, log: silentLog }),
    emptyDirs: async () => [],
    events: { warning: () => {}, ofNode: () => {} },
    onPressure: () => {},
    machineDisk: async () => ({
      ...{ totalBytes: 100 * GiB, availableBytes: 100 * GiB, totalInodes: 0, freeInodes: 0 },
    }),
  });
  await eviction.look(new AbortController().signal);
  return ended;
}

it('keeps some of a node’s memory free, but a pod of Fargate has all that it asked for', async () => {
  expect(await evicted({}, 240)).toEqual(['web']);
  expect(await evicted({ 'eks.amazonaws.com/compute-type': 'fargate' }, 240)).toEqual([]);
});
