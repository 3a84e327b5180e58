import { describe, expect, test } from 'vitest';
import type { ContainerProgress, TaskProgress } from '../state/task-record.ts';
import type { TaskPlan } from '../tasks/plan.ts';
import { nextReport } from './next-report.ts';

const plan: TaskPlan = {
  taskArn: 'arn:aws:ecs:eu-west-1:123456789012:task/c/1',
  taskId: '1',
  family: 'app',
  revision: '1',
  clusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/c',
  sandbox: { id: 'ecs-1', labels: {}, network: { mode: 'container' }, cgroupParent: 'p' },
  containers: ['web', 'init'].map((name) => ({
    name,
    containerArn: '',
    isEssential: name === 'web',
    spec: {
      name,
      sandboxId: 'ecs-1',
      labels: {},
      image: 'i',
      env: {},
      network: { mode: 'none' },
      cpuShares: 2,
    },
    dependencies: [],
    madeAfter: [],
    stopTimeoutSeconds: 30,
    hasHealthCheck: false,
    hasExecuteCommandAgent: false,
    hostPorts: [],
    regionEnvironment: {},
  })),
};

const fresh: ContainerProgress = { metadataId: 'm', hasStarted: false, restartCount: 0, networkBindings: [] };
const running: ContainerProgress = { ...fresh, hasStarted: true, runtimeId: 'r' };
const ended = (exitCode: number): ContainerProgress => ({
  ...running,
  outcome: { exitCode, finishedAtMs: 5 },
});

function progress(
  web: ContainerProgress,
  init: ContainerProgress,
  rest: Partial<TaskProgress> = {},
): TaskProgress {
  return {
    desiredStatus: 'RUNNING',
    receivedAtMs: 0,
    waitsFor: [],
    containers: { web, init },
    hasReachedRunning: false,
    isReleased: false,
    reported: { containers: {} },
    ...rest,
  };
}

/** The reports that follow each other when each is acknowledged: `RUNNING web:RUNNING init:STOPPED(0)`. */
function reports(from: TaskProgress): readonly string[] {
  const said: string[] = [];
  let current = from;
  for (let report = nextReport(plan, current); report; report = nextReport(plan, current)) {
    const containers = report.containers.map(({ name, status, exitCode }) =>
      exitCode === undefined ? `${name}:${status}` : `${name}:${status}(${exitCode})`,
    );
    said.push([report.status, ...containers].join(' '));
    current = { ...current, reported: report.reported };
    expect(said.length).toBeLessThan(5);
  }
  return said;
}

describe('nextReport', () => {
  test.each<[string, TaskProgress, readonly string[]]>([
    ['says nothing of a task that only waits', progress(fresh, fresh), []],
    [
      'tells digests once a registry gave them',
      progress({ ...fresh, imageDigest: 'sha256:1' }, fresh),
      ['PENDING web:PENDING'],
    ],
    ['tells a container that runs before the task does', progress(fresh, running), ['PENDING init:RUNNING']],
    [
      'tells RUNNING with all containers',
      progress(running, ended(0), { hasReachedRunning: true }),
      ['RUNNING web:RUNNING init:STOPPED(0)'],
    ],
    [
      'tells RUNNING before STOPPED, however short it ran',
      progress(ended(3), ended(0), { hasReachedRunning: true, isReleased: true }),
      ['RUNNING web:RUNNING init:STOPPED(0)', 'STOPPED web:STOPPED(3) init:STOPPED(0)'],
    ],
    [
      'tells an exit, and STOPPED only when all is given back',
      progress(ended(1), running, {
        hasReachedRunning: true,
        reported: { status: 'RUNNING', containers: {} },
      }),
      ['RUNNING web:STOPPED(1) init:RUNNING'],
    ],
    [
      'tells STOPPED of what never ran',
      progress(
        { ...fresh, outcome: { finishedAtMs: 1 } },
        { ...fresh, outcome: { finishedAtMs: 1 } },
        { isReleased: true },
      ),
      ['STOPPED web:STOPPED init:STOPPED'],
    ],
    [
      'says nothing after STOPPED',
      progress(ended(0), ended(0), { isReleased: true, reported: { status: 'STOPPED', containers: {} } }),
      [],
    ],
  ])('%s', (_name, from, expected) => {
    expect(reports(from)).toEqual(expected);
  });

  test('carries the task’s own reason with STOPPED alone', () => {
    const failure = 'CannotPullContainerError: no such image';
    const stopped = { ...fresh, outcome: { finishedAtMs: 1, reason: failure } };
    expect(nextReport(plan, progress(stopped, stopped, { failure, isReleased: true }))).toMatchObject({
      status: 'STOPPED',
      reason: failure,
      containers: [{ reason: failure }, { reason: failure }],
    });
  });

  test('tells a managed agent when it is connected and when it has ended, once each', () => {
    const withAgents: TaskPlan = {
      ...plan,
      containers: plan.containers.map((container) => ({ ...container, hasExecuteCommandAgent: true })),
    };
    const first = progress(running, running, { hasReachedRunning: true });
    const next = (from: TaskProgress) => nextReport(withAgents, from);
    const acknowledged = (from: TaskProgress): TaskProgress => ({
      ...from,
      reported: next(from)?.reported ?? from.reported,
    });
    expect(next(first)?.managedAgents).toBeUndefined();
    const known = acknowledged(first);
    const web = { ...running, isExecuteCommandReady: true };
    const connected = { ...known, containers: { ...known.containers, web } };
    expect(next(connected)).toMatchObject({
      status: 'RUNNING',
      containers: [],
      managedAgents: [{ container: 'web', status: 'RUNNING' }],
      isUrgent: false,
    });
    expect(next(acknowledged(connected))).toBeUndefined();
    const over = acknowledged({
      ...connected,
      containers: { web: { ...web, ...ended(0) }, init: ended(0) },
      reported: acknowledged(connected).reported,
    });
    expect(over.reported.managedAgents).toEqual({ web: 'STOPPED', init: 'STOPPED' });
  });

  test('new ports after a restart in place are news', () => {
    const first = progress(running, running, { hasReachedRunning: true });
    const reported = nextReport(plan, first)?.reported;
    const bindings = [{ bindIP: '0.0.0.0', containerPort: 80, hostPort: 32_768, protocol: 'tcp' as const }];
    const again = {
      ...first,
      reported: reported ?? first.reported,
      containers: { ...first.containers, web: { ...running, networkBindings: bindings } },
    };
    expect(nextReport(plan, again)).toMatchObject({
      status: 'RUNNING',
      isUrgent: false,
      containers: [{ networkBindings: bindings }],
    });
  });
});
