import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dependency, PlannedContainer, TaskPlan } from './plan.ts';
import {
  type ContainerView,
  decide,
  dependentsOf,
  isConditionMet,
  type Step,
  type TaskView,
} from './task-machine.ts';

/** A container in the tests' notation: `web essential <db:HEALTHY <init:SUCCESS`. */
function container(text: string, extra: Partial<PlannedContainer> = {}): PlannedContainer {
  const [name = '', ...words] = text.split(' ');
  const dependencies = words
    .filter((word) => word.startsWith('<'))
    .map((word): Dependency => {
      const [on = '', condition = 'START'] = word.slice(1).split(':');
      if (
        condition !== 'START' &&
        condition !== 'COMPLETE' &&
        condition !== 'SUCCESS' &&
        condition !== 'HEALTHY'
      ) {
        throw new TypeError(condition);
      }
      return { on, condition };
    });
  return {
    name,
    containerArn: '',
    isEssential: words.includes('essential'),
    spec: {
      name: `ecs-${name}`,
      sandboxId: 'ecs-1',
      labels: {},
      image: 'app',
      env: {},
      network: { mode: 'bridge', ports: [] },
      cpuShares: 2,
    },
    dependencies,
    madeAfter: [],
    stopTimeoutSeconds: 30,
    hasHealthCheck: false,
    hasExecuteCommandAgent: false,
    hostPorts: [],
    regionEnvironment: {},
    ...extra,
  };
}

function plan(...containers: (string | PlannedContainer)[]): TaskPlan {
  return {
    taskArn: 'arn:aws:ecs:eu-west-1:123456789012:task/c/1',
    taskId: '1',
    family: 'app',
    revision: '1',
    clusterArn: 'arn:aws:ecs:eu-west-1:123456789012:cluster/c',
    sandbox: { id: 'ecs-1', labels: {}, network: { mode: 'container' }, cgroupParent: 'p' },
    containers: containers.map((entry) => (typeof entry === 'string' ? container(entry) : entry)),
  };
}

type Seen = Partial<ContainerView> & Pick<ContainerView, 'state'>;

function view(
  containers: Readonly<Record<string, ContainerView['state'] | Seen>>,
  rest: Partial<TaskView> = {},
): TaskView {
  return {
    desired: 'RUNNING',
    isBlocked: false,
    hasFailed: false,
    sandbox: { state: 'ready', isBusy: false },
    containers: Object.fromEntries(
      Object.entries(containers).map(([name, entry]) => {
        const seen: Seen = typeof entry === 'string' ? { state: entry } : entry;
        const hasStarted = seen.state === 'running' || seen.state === 'exited';
        return [name, { isStale: false, hasStarted, ...(hasStarted && { startedAtMs: 0 }), ...seen }];
      }),
    ),
    ...rest,
  };
}

const stopped = (exitCode?: number): Seen => ({
  state: 'stopped',
  hasStarted: exitCode !== undefined,
  ...(exitCode !== undefined && { exitCode }),
});

/** Steps as words: `start web`, `stop web 30`. */
function steps(taskPlan: TaskPlan, taskView: TaskView, nowMs = 1_000): readonly string[] {
  return decide(taskPlan, taskView, nowMs).steps.map((step) => {
    const words = [step.type, 'container' in step ? step.container : undefined];
    if (step.type === 'stop') words.push(String(step.timeoutSeconds));
    return words.filter((word) => word !== undefined).join(' ');
  });
}

describe('a task that should run', () => {
  const web = plan('web essential');

  test.each<[string, TaskView, readonly string[]]>([
    [
      'begins with image and sandbox together',
      view({ web: 'none' }, { sandbox: { state: 'absent', isBusy: false } }),
      ['pull web', 'create-sandbox'],
    ],
    [
      'waits for the sandbox before it makes a container',
      view({ web: 'pulled' }, { sandbox: { state: 'absent', isBusy: true } }),
      [],
    ],
    ['makes the container when both are there', view({ web: 'pulled' }), ['create web']],
    ['starts it', view({ web: 'created' }), ['start web']],
    ['takes no second step while one is under way', view({ web: { state: 'created', busy: 'start' } }), []],
    [
      'asks the engine before anything else when something happened',
      view({ web: { state: 'running', isStale: true } }),
      ['inspect web'],
    ],
    [
      'need not ask when starting will tell',
      view({ web: { state: 'created', isStale: true } }),
      ['start web'],
    ],
    [
      'asks what has become of a start before it gives a container up',
      view({ web: { state: 'created', isStale: true } }, { desired: 'STOPPED' }),
      ['inspect web'],
    ],
    ['does nothing while all runs', view({ web: 'running' }), []],
    ['settles an exit', view({ web: { state: 'exited', exitCode: 0 } }), ['settle web']],
    ['gives the sandbox back when all is stopped', view({ web: stopped(0) }), ['release-sandbox']],
    [
      'keeps the remains until STOPPED is acknowledged',
      view({ web: stopped(0) }, { sandbox: { state: 'released', isBusy: false } }),
      [],
    ],
    [
      'removes them in the end',
      view({ web: stopped(0) }, { sandbox: { state: 'released', isBusy: false }, removeAtMs: 1_000 }),
      ['remove'],
    ],
    [
      'is over then',
      view({ web: stopped(0) }, { sandbox: { state: 'removed', isBusy: false }, removeAtMs: 0 }),
      [],
    ],
    [
      'waits for tasks that hold what it needs',
      view({ web: 'none' }, { isBlocked: true, sandbox: { state: 'absent', isBusy: false } }),
      [],
    ],
  ])('%s', (_name, taskView, expected) => {
    expect(steps(web, taskView)).toEqual(expected);
  });

  test('comes back when a back-off is over', () => {
    const taskView = view({ web: { state: 'created', notBeforeMs: 5_000 } });
    expect(decide(web, taskView, 1_000)).toEqual({ steps: [], wakeAtMs: 5_000 });
    expect(steps(web, taskView, 5_000)).toEqual(['start web']);
  });
});

describe('dependencies', () => {
  test.each<[Dependency['condition'], Seen | ContainerView['state'], 'start' | 'wait' | 'give up']>([
    ['START', 'created', 'wait'],
    ['START', 'running', 'start'],
    ['START', { state: 'exited', exitCode: 1 }, 'start'],
    ['START', stopped(1), 'start'],
    ['START', stopped(), 'give up'],
    ['COMPLETE', 'running', 'wait'],
    ['COMPLETE', { state: 'exited', exitCode: 3 }, 'wait'],
    ['COMPLETE', stopped(3), 'start'],
    ['COMPLETE', stopped(), 'give up'],
    ['SUCCESS', stopped(0), 'start'],
    ['SUCCESS', stopped(3), 'give up'],
    ['HEALTHY', 'running', 'wait'],
    ['HEALTHY', { state: 'running', health: 'STARTING' }, 'wait'],
    ['HEALTHY', { state: 'running', health: 'UNHEALTHY' }, 'wait'],
    ['HEALTHY', { state: 'running', health: 'HEALTHY' }, 'start'],
    ['HEALTHY', stopped(0), 'give up'],
  ])('%s on a container that is %j: %s', (condition, dependency, expected) => {
    const task = plan('dep', `app essential <dep:${condition}`);
    const decided = steps(task, view({ dep: dependency, app: 'created' })).filter((step) =>
      step.endsWith(' app'),
    );
    expect(decided).toEqual({ start: ['start app'], wait: [], 'give up': ['settle app'] }[expected]);
  });

  test('startTimeout runs from the start of the container that is waited for, and ends the task', () => {
    const task = plan(container('db', { startTimeoutMs: 10_000 }), 'app <db:HEALTHY', 'web essential');
    const taskView = view({ db: { state: 'running', startedAtMs: 5_000 }, app: 'created', web: 'running' });
    expect(decide(task, taskView, 14_999)).toEqual({ steps: [], wakeAtMs: 15_000 });
    expect(steps(task, taskView, 15_000)).toEqual(['settle app', 'fail-task']);
  });

  test('a container is made only after those it links to', () => {
    const task = plan('db', container('app essential <db:START', { madeAfter: ['db'] }));
    expect(steps(task, view({ db: 'pulled', app: 'pulled' }))).toEqual(['create db']);
    expect(steps(task, view({ db: 'created', app: 'pulled' }))).toEqual(['start db', 'create app']);
  });

  test('a container whose link target failed is given up, not waited for', () => {
    const task = plan('db', container('app essential <db:START', { madeAfter: ['db'] }));
    expect(steps(task, view({ db: stopped(), app: 'pulled' }))).toEqual(['settle app']);
  });
});

describe('a task that should stop', () => {
  const chain = plan('db', 'app <db:START', 'web essential <app:START');

  test('stops dependents first, one layer after the other', () => {
    const stopping = (containers: Parameters<typeof view>[0]) =>
      steps(chain, view(containers, { desired: 'STOPPED' }));
    expect(stopping({ db: 'running', app: 'running', web: 'running' })).toEqual(['stop web 30']);
    expect(stopping({ db: 'running', app: 'running', web: stopped(0) })).toEqual(['stop app 30']);
    expect(stopping({ db: 'running', app: stopped(0), web: stopped(0) })).toEqual(['stop db 30']);
  });

  test('stops independent containers together, each with its own timeout', () => {
    const task = plan(container('a essential', { stopTimeoutSeconds: 2 }), 'b');
    expect(steps(task, view({ a: 'running', b: 'running' }, { desired: 'STOPPED' }))).toEqual([
      'stop a 2',
      'stop b 30',
    ]);
  });

  test('an essential container’s end stops the others, whatever its exit code', () => {
    const task = plan('a essential', 'b');
    expect(steps(task, view({ a: stopped(0), b: 'running' }))).toEqual(['stop b 30']);
  });

  test('a container that is not essential may end', () => {
    const task = plan('a essential', 'b');
    expect(steps(task, view({ a: 'running', b: stopped(1) }))).toEqual([]);
  });

  test('what was never started is settled, and a pull is cancelled', () => {
    const task = plan('a essential', 'b', 'c');
    const taskView = view(
      { a: 'created', b: { state: 'none', busy: 'pull' }, c: 'none' },
      { desired: 'STOPPED' },
    );
    expect(steps(task, taskView)).toEqual(['settle a', 'cancel-pull b', 'settle c']);
  });
});

describe('restart policies', () => {
  const policy = { ignoredExitCodes: [7], attemptPeriodSeconds: 60 };
  const task = plan(container('web essential', { restartPolicy: policy }));
  const exited = (exitCode: number, ranMs: number): Seen => ({
    state: 'exited',
    exitCode,
    startedAtMs: 1_000,
    finishedAtMs: 1_000 + ranMs,
  });

  test.each<[string, Seen, Partial<TaskView>, readonly string[]]>([
    ['restart what ran long enough', exited(1, 60_000), {}, ['restart web']],
    ['also after exit code 0', exited(0, 60_000), {}, ['restart web']],
    ['not what ended too soon', exited(1, 59_999), {}, ['settle web']],
    ['not after an ignored exit code', exited(7, 60_000), {}, ['settle web']],
    ['not when the task is stopping', exited(1, 60_000), { desired: 'STOPPED' }, ['settle web']],
    [
      'not what could not be started',
      { state: 'exited', exitCode: 127, hasStarted: false },
      {},
      ['settle web'],
    ],
  ])('%s', (_name, seen, rest, expected) => {
    expect(steps(task, view({ web: seen }, rest))).toEqual(expected);
  });
});

describe('whatever happens', () => {
  const conditions: Dependency['condition'][] = ['START', 'COMPLETE', 'SUCCESS', 'HEALTHY'];

  /** Up to five containers, each depending on earlier ones only. */
  const plans = fc
    .array(
      fc.record({
        isEssential: fc.boolean(),
        edges: fc.array(fc.record({ back: fc.nat(4), condition: fc.constantFrom(...conditions) }), {
          maxLength: 3,
        }),
        startTimeoutMs: fc.option(fc.constantFrom(50, 500), { nil: undefined }),
        restarts: fc.boolean(),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((entries) =>
      plan(
        ...entries.map((entry, index) => {
          const edges = new Map(
            entry.edges
              .filter(({ back }) => back < index)
              .map(({ back, condition }): [string, Dependency] => [
                `c${back}`,
                { on: `c${back}`, condition },
              ]),
          );
          return container(`c${index}`, {
            isEssential: entry.isEssential || index === 0,
            dependencies: [...edges.values()],
            madeAfter: [...edges.values()]
              .filter(({ condition }) => condition === 'START')
              .map(({ on }) => on),
            ...(entry.startTimeoutMs !== undefined && { startTimeoutMs: entry.startTimeoutMs }),
            ...(entry.restarts && { restartPolicy: { ignoredExitCodes: [], attemptPeriodSeconds: 0.1 } }),
          });
        }),
      ),
    );

  test('no container starts before its conditions, none stops before its dependents, and every task can end', () => {
    fc.assert(
      fc.property(plans, fc.array(fc.nat(1_000), { minLength: 5, maxLength: 60 }), (taskPlan, chances) => {
        const world = new World(taskPlan);
        for (const chance of chances) {
          world.turn();
          world.happen(chance);
        }
        world.view = { ...world.view, desired: 'STOPPED' };
        for (let turn = 0; turn < 40 && world.view.sandbox.state !== 'released'; turn += 1) {
          world.turn();
          world.finishAll();
        }
        expect(world.view.sandbox.state).toBe('released');
        expect(decide(taskPlan, world.view, world.nowMs).steps).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

/** An engine of the mind: steps take effect when chance has them finish; containers exit and turn healthy by chance. */
class World {
  readonly plan: TaskPlan;
  view: TaskView;
  nowMs = 1_000;
  readonly #underWay = new Map<string, Step>();

  constructor(taskPlan: TaskPlan) {
    this.plan = taskPlan;
    this.view = view(Object.fromEntries(taskPlan.containers.map(({ name }) => [name, 'none' as const])), {
      sandbox: { state: 'absent', isBusy: false },
    });
  }

  turn(): void {
    this.nowMs += 10;
    for (const step of decide(this.plan, this.view, this.nowMs).steps) this.#begin(step);
  }

  happen(chance: number): void {
    const names = [...this.#underWay.keys()];
    const name = names[chance % Math.max(1, names.length)];
    if (chance % 3 < 2 && name !== undefined) {
      this.#finish(name);
      return;
    }
    const running = Object.keys(this.view.containers).filter(
      (key) => this.view.containers[key]?.state === 'running',
    );
    const target = running[chance % Math.max(1, running.length)];
    if (target === undefined) return;
    if (chance % 2 === 0) this.#patch(target, { health: chance % 4 === 0 ? 'HEALTHY' : 'UNHEALTHY' });
    else
      this.#patch(target, { state: 'exited', exitCode: chance % 5 === 0 ? 1 : 0, finishedAtMs: this.nowMs });
  }

  finishAll(): void {
    for (const name of [...this.#underWay.keys()]) this.#finish(name);
  }

  #begin(step: Step): void {
    switch (step.type) {
      case 'create-sandbox':
      case 'release-sandbox':
      case 'remove':
        expect(this.view.sandbox.isBusy).toBe(false);
        this.view = { ...this.view, sandbox: { ...this.view.sandbox, isBusy: true } };
        this.#underWay.set(step.type, step);
        return;
      case 'fail-task':
        this.view = { ...this.view, hasFailed: true };
        return;
      case 'settle': {
        const seen = this.#seen(step.container);
        expect(seen.state).not.toBe('running');
        this.#patch(step.container, { state: 'stopped', exitCode: step.reason ? undefined : seen.exitCode });
        return;
      }
      case 'cancel-pull':
        this.#underWay.delete(step.container);
        this.#patch(step.container, { busy: undefined });
        return;
      default: {
        const seen = this.#seen(step.container);
        expect(seen.state, `${step.type} on a stopped container`).not.toBe('stopped');
        expect(seen.busy, 'two steps on one container').toBeUndefined();
        if (step.type === 'start') this.#expectConditions(step.container);
        if (step.type === 'stop') {
          for (const dependent of dependentsOf(this.plan, step.container)) {
            expect(this.#seen(dependent).state).toBe('stopped');
          }
        }
        this.#patch(step.container, { busy: step.type });
        this.#underWay.set(step.container, step);
      }
    }
  }

  #expectConditions(name: string): void {
    for (const { on, condition } of this.plan.containers.find((entry) => entry.name === name)?.dependencies ??
      []) {
      expect(isConditionMet(condition, this.#seen(on)), `${name} needs ${condition} of ${on}`).toBe(true);
    }
  }

  #finish(name: string): void {
    const step = this.#underWay.get(name);
    this.#underWay.delete(name);
    switch (step?.type) {
      case 'create-sandbox':
        this.view = { ...this.view, sandbox: { state: 'ready', isBusy: false } };
        break;
      case 'release-sandbox':
        this.view = { ...this.view, sandbox: { state: 'released', isBusy: false } };
        break;
      case 'pull':
        this.#patch(name, { busy: undefined, state: 'pulled' });
        break;
      case 'create':
        this.#patch(name, { busy: undefined, state: 'created' });
        break;
      case 'start':
      case 'restart':
        this.#patch(name, { busy: undefined, state: 'running', hasStarted: true, startedAtMs: this.nowMs });
        break;
      case 'stop':
        this.#patch(name, { busy: undefined, state: 'exited', exitCode: 143, finishedAtMs: this.nowMs });
        break;
    }
  }

  #seen(name: string): ContainerView {
    const seen = this.view.containers[name];
    if (!seen) throw new TypeError(name);
    return seen;
  }

  #patch(name: string, patch: { [K in keyof ContainerView]?: ContainerView[K] | undefined }): void {
    const merged = Object.entries({ ...this.#seen(name), ...patch }).filter(
      ([, value]) => value !== undefined,
    );
    const seen: ContainerView = {
      state: 'none',
      isStale: false,
      hasStarted: false,
      ...Object.fromEntries(merged),
    };
    this.view = { ...this.view, containers: { ...this.view.containers, [name]: seen } };
  }
}
