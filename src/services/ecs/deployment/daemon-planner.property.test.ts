import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../clock/index.ts';
import type { ServiceRecord } from '../records.ts';
import { serviceRecord } from '../testing/service-record.ts';
import { afterLaunch, afterStep, afterStop } from './after-step.ts';
import { type DaemonSnapshot, planDaemon } from './daemon-planner.ts';
import type { LiveTask } from './live-task.ts';
import { withNewDeployment } from './new-deployment.ts';
import type { Step } from './plan.ts';
import type { TaskEnd } from './restart-throttle.ts';
import { schedulerSettings } from './scheduler-settings.ts';

/** What may happen to a DAEMON service's instances and tasks. `which` picks among those it can happen to. */
const happening = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('plan' as const),
      stepsUntilKilled: fc.constantFrom(0, 1, 2, 99),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constantFrom('run', 'run', 'fail', 'sicken', 'userStop', 'agentStop', 'protect'),
      which: fc.nat(20),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'join',
        'drain',
        'activate',
        'leave',
        'disconnect',
        'connect',
        'occupy',
        'vacate',
      ),
      which: fc.nat(20),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.nat(20_000) }) },
  { weight: 1, arbitrary: fc.constant({ type: 'deploy' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('configure' as const), min: fc.constantFrom(0, 34, 50, 75) }),
  },
);

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

interface Instance {
  readonly id: string;
  isDraining: boolean;
  isConnected: boolean;
  /** Tasks of others are on it. */
  isShared: boolean;
}

interface Task {
  readonly id: string;
  readonly deploymentId: string;
  readonly containerInstanceId: string;
  readonly createdAt: number;
  phase: 'pending' | 'running' | 'over';
  isStopping: boolean;
  isSick: boolean;
  startedAt: number;
  protectedUntil: number;
}

const taskDefinition = { family: 'web', revision: 1 };

class World {
  service: ServiceRecord;
  instances: Instance[] = [];
  tasks: Task[] = [];
  now = 1_000_000;
  readonly #ends: TaskEnd[] = [];
  readonly #random = seededRandom(1);
  #made = 0;

  constructor() {
    const service = serviceRecord({ schedulingStrategy: 'DAEMON', desiredCount: 0, deployments: [] });
    this.service = withNewDeployment({ ...service, taskDefinition }, this.#random, this.now, () => false);
    this.#configure(0);
    for (let made = 0; made < 3; made += 1) this.#join();
  }

  snapshot(): DaemonSnapshot {
    const draining = this.instances.filter(({ isDraining }) => isDraining);
    return {
      service: this.service,
      desired: this.instances.filter(({ isDraining }) => !isDraining).length,
      serviceDeployments: [],
      live: this.live(),
      deactivating: [],
      ends: this.#ends,
      capacityRevision: 0,
      alarms: new Map(),
      now: this.now,
      settings: schedulerSettings,
      daemon: {
        places: this.instances
          .filter(({ isDraining }) => !isDraining)
          .map(({ id, isConnected }) => ({ containerInstanceId: id, isAgentConnected: isConnected })),
        lingeringOn: new Set(draining.filter(({ isShared }) => isShared).map(({ id }) => id)),
      },
    };
  }

  live(): LiveTask[] {
    return this.tasks.flatMap(({ phase, isSick, startedAt, protectedUntil, ...task }): LiveTask[] => {
      if (phase === 'over') return [];
      const since = startedAt + schedulerSettings.minimumRunningMs;
      const running: LiveTask['health'] = isSick
        ? { type: 'unhealthy', since: startedAt }
        : since <= this.now
          ? { type: 'healthy', since }
          : { type: 'unproven', until: since };
      const instance = this.instances.find(({ id }) => id === task.containerInstanceId);
      return [
        {
          ...task,
          phase,
          health: phase === 'pending' ? { type: 'unproven' } : running,
          isDraining: instance?.isDraining ?? false,
          availabilityZone: 'a',
          ...(protectedUntil > this.now ? { protectedUntil } : {}),
        },
      ];
    });
  }

  happen(what: Happening): void {
    switch (what.type) {
      case 'plan':
        this.carryOut(planDaemon(this.snapshot()).steps.slice(0, what.stepsUntilKilled));
        return;
      case 'wait':
        this.now += what.ms;
        return;
      case 'deploy': {
        const hasTasks = (id: string) => this.live().some(({ deploymentId }) => deploymentId === id);
        const next = { ...this.service, taskDefinition };
        this.service = withNewDeployment(next, this.#random, this.now, hasTasks);
        return;
      }
      case 'configure':
        this.#configure(what.min);
        return;
      case 'join':
        this.#join();
        return;
      case 'leave': {
        // Deregistered by force: its tasks are forgotten with it.
        const gone = this.instances[what.which % Math.max(1, this.instances.length)];
        this.instances = this.instances.filter((instance) => instance !== gone);
        for (const task of this.tasks) if (task.containerInstanceId === gone?.id) task.phase = 'over';
        return;
      }
      case 'drain':
      case 'activate':
      case 'disconnect':
      case 'connect':
      case 'occupy':
      case 'vacate': {
        const instance = this.instances[what.which % Math.max(1, this.instances.length)];
        if (instance === undefined) return;
        if (what.type === 'drain' || what.type === 'activate') instance.isDraining = what.type === 'drain';
        if (what.type === 'connect' || what.type === 'disconnect')
          instance.isConnected = what.type === 'connect';
        if (what.type === 'occupy' || what.type === 'vacate') instance.isShared = what.type === 'occupy';
        return;
      }
      default:
        this.#happenToTask(what.type, what.which);
    }
  }

  carryOut(steps: readonly Step[]): void {
    this.#assertAllowed(steps);
    const teller = {
      serviceName: this.service.name,
      now: this.now,
      settings: schedulerSettings,
      newEventId: () => String(this.#made++),
    };
    for (const step of steps) {
      switch (step.type) {
        case 'follow-service':
          break;
        case 'start': {
          const { deploymentId, replacedUnhealthy } = step;
          const taskIds = (step.instanceIds ?? []).map((id) => this.#start(deploymentId, id));
          const launched = { deploymentId, taskIds, replacedUnhealthy, failures: [], capacityRevision: 0 };
          this.service = afterLaunch(this.service, launched, teller);
          break;
        }
        case 'stop': {
          const stopped = this.live().filter(({ id }) => step.taskIds.includes(id));
          for (const task of this.tasks) task.isStopping ||= step.taskIds.includes(task.id);
          this.service = afterStop(this.service, step.because, stopped, teller);
          break;
        }
        case 'start-rebalancing':
        case 'finish-rebalancing':
        case 'stop-rebalancing':
          throw new Error(`A DAEMON service has no zones to balance: ${step.type}`);
        default:
          this.service = afterStep(this.service, step, teller);
      }
    }
  }

  /** Everything does what it should: agents are there, others leave what drains, tasks start, stay well and stop. */
  behave(): void {
    for (const instance of this.instances) {
      instance.isConnected = true;
      if (instance.isDraining) instance.isShared = false;
    }
    for (const task of this.tasks) {
      if (task.isStopping) task.phase = 'over';
      else if (task.phase === 'pending') this.#run(task);
    }
  }

  #assertAllowed(steps: readonly Step[]): void {
    const live = this.live();
    const { places, lingeringOn } = this.snapshot().daemon;
    const wanted = new Set(places.map(({ containerInstanceId }) => containerInstanceId));
    for (const step of steps) {
      if (step.type !== 'start') continue;
      expect(step.deploymentId).toBe(this.service.deployments[0]?.id);
      expect(step.instanceIds).toHaveLength(step.count);
      for (const id of step.instanceIds ?? []) {
        expect(places).toContainEqual({ containerInstanceId: id, isAgentConnected: true });
        expect(live.filter((task) => task.containerInstanceId === id)).toEqual([]);
      }
    }
    const stopped = new Set(steps.flatMap((step) => (step.type === 'stop' ? step.taskIds : [])));
    for (const id of stopped) {
      const task = live.find((each) => each.id === id);
      expect(task?.isStopping).toBe(false);
      if (task?.health.type !== 'unhealthy') expect(task?.protectedUntil).toBeUndefined();
      // A daemon is the last to leave.
      expect(lingeringOn.has(task?.containerInstanceId ?? '')).toBe(false);
    }
    const isHealthy = ({ isStopping, health, containerInstanceId }: LiveTask) =>
      !isStopping && health.type === 'healthy' && wanted.has(containerInstanceId);
    if (!live.some((task) => isHealthy(task) && stopped.has(task.id))) return;
    const left = live.filter((task) => isHealthy(task) && !stopped.has(task.id)).length;
    const { minimumHealthyPercent } = this.service.deploymentConfiguration;
    expect(left).toBeGreaterThanOrEqual(Math.ceil((places.length * minimumHealthyPercent) / 100));
  }

  #configure(minimumHealthyPercent: number): void {
    this.service = {
      ...this.service,
      deploymentConfiguration: {
        ...this.service.deploymentConfiguration,
        minimumHealthyPercent,
        maximumPercent: 100,
      },
    };
  }

  #join(): void {
    const id = `i${this.#made++}`;
    this.instances.push({ id, isDraining: false, isConnected: true, isShared: false });
  }

  #happenToTask(type: string, which: number): void {
    const concerned = this.tasks.filter(({ phase, isStopping }) => {
      if (type === 'run' || type === 'fail') return phase === 'pending';
      if (type === 'agentStop') return phase !== 'over' && isStopping;
      return type === 'sicken' ? phase === 'running' : phase !== 'over';
    });
    const task = concerned[which % Math.max(1, concerned.length)];
    if (task === undefined) return;
    if (type === 'run') this.#run(task);
    if (type === 'sicken') task.isSick = true;
    if (type === 'userStop') task.isStopping = true;
    if (type === 'agentStop') task.phase = 'over';
    if (type === 'protect') task.protectedUntil = this.now + 60_000;
    if (type !== 'fail') return;
    task.phase = 'over';
    const { id: taskId, deploymentId, createdAt } = task;
    const end = { taskId, deploymentId, createdAt, stoppedAt: this.now, revision: ++this.#made };
    if (!task.isStopping) this.#ends.push({ ...end, type: 'failed', isFailure: true });
  }

  #run(task: Task): void {
    task.phase = 'running';
    task.startedAt = this.now;
  }

  #start(deploymentId: string, containerInstanceId: string): string {
    const id = `t${this.#made++}`;
    const fresh = {
      phase: 'pending',
      isStopping: false,
      isSick: false,
      startedAt: 0,
      protectedUntil: 0,
    } as const;
    this.tasks.push({ ...fresh, id, deploymentId, containerInstanceId, createdAt: this.now });
    return id;
  }
}

/** Lets everything behave until the planner has nothing more to say. */
function settle(world: World): void {
  for (let round = 0; round < 300; round += 1) {
    const { steps, lookAgainAfterMs } = planDaemon(world.snapshot());
    world.carryOut(steps);
    const isQuiet = steps.length === 0 && (lookAgainAfterMs ?? 0) > 3_600_000;
    if (isQuiet && world.live().every(({ isStopping }) => !isStopping)) return;
    world.behave();
    world.now += Math.min(lookAgainAfterMs ?? 1_000, 1_000_000);
  }
  throw new Error(`Not settled: ${JSON.stringify([world.snapshot(), planDaemon(world.snapshot())])}`);
}

/** So that a rollout can move at all. */
function isMovable({ service, instances }: World): boolean {
  const desired = instances.filter(({ isDraining }) => !isDraining).length;
  const min = Math.ceil((desired * service.deploymentConfiguration.minimumHealthyPercent) / 100);
  return desired === 0 || min < desired;
}

describe('the planner of DAEMON services, whatever happens', () => {
  it('never puts two on an instance or one where none belongs, keeps the minimum, and reaches one on each', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 80 }), (happenings) => {
        const world = new World();
        for (const what of happenings) world.happen(what);
        if (!isMovable(world)) world.happen({ type: 'configure', min: 0 });
        settle(world);
        const [primary, ...others] = world.service.deployments;
        expect(others).toEqual([]);
        expect(primary).toMatchObject({ status: 'PRIMARY', rolloutState: 'COMPLETED' });
        const live = world.live();
        expect(live.map(({ containerInstanceId }) => containerInstanceId).sort()).toEqual(
          world.instances
            .filter(({ isDraining }) => !isDraining)
            .map(({ id }) => id)
            .sort(),
        );
        for (const task of live)
          expect(task).toMatchObject({ deploymentId: primary?.id, health: { type: 'healthy' } });
        expect(world.service.events[0]?.message).toBe('(service web) has reached a steady state.');
      }),
      { numRuns: 300 },
    );
  });
});
