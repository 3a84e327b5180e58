import { expect, test } from 'vitest';
import { VirtualClock } from '../../clock/index.ts';
import type { ContainerStats } from '../../runtime/index.ts';
import type { TaskOwner } from '../tasks/task-owner.ts';
import { TaskMetrics } from './task-metrics.ts';

/** What the measurement asks of a task: two containers, of which the second has exited when `exited`. */
function owner({ exited = false } = {}): TaskOwner {
  const containers = ['app', 'side'].map((name) => ({ name, spec: { name: `ecs-${name}` } }));
  const progress = {
    isReleased: false,
    containers: {
      app: { runtimeId: 'a' },
      side: { runtimeId: 'b', ...(exited ? { outcome: { exitCode: 0 } } : {}) },
    },
  };
  const plan = { taskArn: 'arn:task', clusterArn: 'arn:cluster', family: 'web', revision: '1', containers };
  return { plan, progress } as unknown as TaskOwner;
}

test('CPU is the mean since the measurement before, of what the instance has registered', async () => {
  const clock = new VirtualClock(0);
  const stats = new Map<string, ContainerStats>();
  const runtime = { stats: async (name: string) => stats.get(name) };
  const metrics = new TaskMetrics({ runtime, cpuUnits: 2048, clock });
  const use = (name: string, cpuSeconds: number, memoryMiB = 0) =>
    stats.set(`ecs-${name}`, { cpuUsageNanos: cpuSeconds * 1e9, memoryBytes: memoryMiB * 1_048_576 });
  const measured = async (...owners: readonly TaskOwner[]) =>
    (await metrics.measure(owners)).flatMap(({ containerMetrics }) =>
      containerMetrics.map(({ containerName, cpuStatsSet, memoryStatsSet }) =>
        [containerName, cpuStatsSet.sum, memoryStatsSet.sum].join(' '),
      ),
    );

  use('app', 100, 10);
  use('side', 5, 20);
  expect(await measured(owner())).toEqual([]);
  await clock.advance(20_000);
  // One core of the two for all of the time, and a quarter of one.
  use('app', 120, 12);
  use('side', 10, 20);
  expect(await measured(owner())).toEqual(['app 50 12', 'side 12.5 20']);
  // Restarted in place, and exited.
  await clock.advance(20_000);
  use('app', 1, 3);
  expect(await measured(owner({ exited: true }))).toEqual([]);
  await clock.advance(10_000);
  use('app', 2, 4);
  expect(await measured(owner({ exited: true }))).toEqual(['app 5 4']);
  // Gone from the runtime.
  stats.clear();
  await clock.advance(10_000);
  expect(await metrics.measure([owner()])).toEqual([]);
});

test('an engine that does not answer leaves a gap', async () => {
  const clock = new VirtualClock(0);
  const runtime = { stats: () => Promise.reject(new Error('the engine is away')) };
  const metrics = new TaskMetrics({ runtime, cpuUnits: 1024, clock });
  expect(await metrics.measure([owner()])).toEqual([]);
});
