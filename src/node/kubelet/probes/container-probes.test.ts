import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../clock/index.ts';
import type { Pod, PodContainer } from '../objects/pod.ts';
import type { ContainerRun } from '../pods/pod-view.ts';
import { ContainerProbes } from './container-probes.ts';

const pod: Pod = { metadata: { name: 'p', namespace: 'n', uid: 'u' }, spec: { containers: [] } };
const tcp = (port: number, more = {}) => ({ tcpSocket: { port }, periodSeconds: 10, ...more });

/** Where a probe can't ask. */
const unanswerable = 9;

/** Probes of one container; `answers` says by port what they find. */
function probing(container: Omit<PodContainer, 'name'>, startedAtMs = 0) {
  const clock = new VirtualClock(0);
  const asked: string[] = [];
  const told: string[] = [];
  const up = new Set<number>();
  let changes = 0;
  const probes = new ContainerProbes({
    clock,
    signal: new AbortController().signal,
    onChange: () => {
      changes += 1;
    },
    events: { warning: (_pod, reason, message) => told.push(`${reason}: ${message}`) },
    runHandler: async (handler) => {
      if (handler.type !== 'tcp') return expect.fail();
      asked.push(`${clock.now() / 1_000} ${handler.port}`);
      if (handler.port === unanswerable) return { isSuccess: false, isUnknown: true, message: 'no way' };
      return up.has(handler.port)
        ? { isSuccess: true, message: '' }
        : { isSuccess: false, message: 'refused' };
    },
  });
  const run: ContainerRun = {
    ...{ attempt: 0, sandboxAttempt: 0 },
    container: {
      ...{
        name: 'c',
        runtimeId: 'id',
        labels: {},
        imageId: '',
        ports: [],
        ipv4Addresses: [],
        createdAtMs: 0,
        limits: {},
      },
      status: { state: 'running', startedAtMs, pid: 1 },
    },
  };
  const health = () => probes.healthOf(pod, { name: 'c', ...container }, run, '10.0.0.1');
  health();
  return { clock, asked, told, up, health, probes, changes: () => changes };
}

describe('ContainerProbes', () => {
  it('takes a container without probes for started and ready', () => {
    expect(probing({}).health()).toEqual({ isStarted: true, isReady: true });
  });

  it('makes a container ready after enough successes, and unready after enough failures', async () => {
    const { clock, up, health, changes, told } = probing({
      readinessProbe: tcp(80, { successThreshold: 2, failureThreshold: 2 }),
    });
    up.add(80);
    await clock.advance(9_000);
    expect(health()).toEqual({ isStarted: true, isReady: false });
    await clock.advance(10_000);
    expect([health().isReady, changes()]).toEqual([true, 1]);
    up.clear();
    await clock.advance(10_000);
    expect(health().isReady).toBe(true);
    await clock.advance(10_000);
    expect([health().isReady, changes()]).toEqual([false, 2]);
    expect(told).toEqual(Array(2).fill('Unhealthy: Readiness probe failed: refused'));
    expect(health().failure).toBeUndefined();
  });

  it('takes no notice of a probe that can’t ask, but tells of it', async () => {
    const named = { tcpSocket: { port: 'web' }, periodSeconds: 10, failureThreshold: 1 };
    const { clock, health, changes, told } = probing({
      livenessProbe: tcp(unanswerable, { failureThreshold: 1 }),
      readinessProbe: named,
    });
    await clock.advance(9_000);
    expect([health(), changes()]).toEqual([{ isStarted: true, isReady: false }, 0]);
    expect(told.toSorted()).toEqual([
      'Unhealthy: Liveness probe errored and resulted in unknown state: no way',
      'Unhealthy: Readiness probe errored and resulted in unknown state: strconv.Atoi: parsing "web": invalid syntax',
    ]);
  });

  it('waits no longer for the first because the clock was set back', async () => {
    const { clock, asked } = probing({ readinessProbe: tcp(80, { initialDelaySeconds: 5 }) }, 3_600_000);
    await clock.advance(5_000);
    expect(asked).toEqual(['5 80']);
  });

  it('has a container killed after failures in a row, with the grace of its probe', async () => {
    const { clock, up, health, changes, asked } = probing({
      livenessProbe: tcp(80, { initialDelaySeconds: 30, terminationGracePeriodSeconds: 5 }),
    });
    up.add(80);
    await clock.advance(29_000);
    expect(asked).toEqual([]);
    await clock.advance(2_000);
    up.clear();
    await clock.advance(20_000);
    expect(health().failure).toBeUndefined();
    await clock.advance(10_000);
    expect(health().failure).toEqual({ why: 'Container c failed liveness probe', graceSeconds: 5 });
    expect(changes()).toBe(1);
    const before = asked.length;
    await clock.advance(100_000);
    expect(asked).toHaveLength(before);
  });

  it('waits with the others until the startup probe has passed', async () => {
    const { clock, up, health, asked } = probing({
      startupProbe: tcp(1, { failureThreshold: 30 }),
      livenessProbe: tcp(2),
      readinessProbe: tcp(3),
    });
    await clock.advance(95_000);
    expect(health()).toEqual({ isStarted: false, isReady: false });
    expect(new Set(asked.map((each) => each.split(' ')[1]))).toEqual(new Set(['1']));
    for (const port of [1, 2, 3]) up.add(port);
    await clock.advance(10_000);
    expect(health()).toEqual({ isStarted: true, isReady: true });
    expect(asked.filter((each) => each.endsWith(' 1'))).toHaveLength(11);
  });

  it('has a container killed that does not start', async () => {
    const { clock, health } = probing({ startupProbe: tcp(1, { periodSeconds: 1 }) });
    await clock.advance(3_000);
    expect(health().failure).toEqual({ why: 'Container c failed startup probe' });
  });

  it('ends with the run', async () => {
    const { clock, asked, probes } = probing({ livenessProbe: tcp(1) });
    await clock.advance(1_000);
    probes.keep(new Set());
    const before = asked.length;
    await clock.advance(100_000);
    expect(asked).toHaveLength(before);
    expect(clock.pendingTimers).toBe(0);
  });
});
