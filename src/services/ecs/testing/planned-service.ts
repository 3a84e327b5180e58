import { expect } from 'vitest';
import { seededRandom } from '../../../clock/index.ts';
import type { AlarmReading } from '../../cloudwatch/index.ts';
import {
  afterRebalancingFinish,
  afterRebalancingStart,
  afterRebalancingStop,
} from '../deployment/after-rebalancing.ts';
import { afterLaunch, afterStep, afterStop } from '../deployment/after-step.ts';
import { newServiceDeployment, superseded } from '../deployment/begin-service-deployment.ts';
import { followService } from '../deployment/follow-service.ts';
import type { LiveTask } from '../deployment/live-task.ts';
import { withNewDeployment, withoutPauses } from '../deployment/new-deployment.ts';
import type { ServicePlan, ServiceSnapshot, Step } from '../deployment/plan.ts';
import type { TaskEnd } from '../deployment/restart-throttle.ts';
import { watchedAlarms } from '../deployment/rollout.ts';
import { schedulerSettings } from '../deployment/scheduler-settings.ts';
import { isFinished, mayFollow, moved } from '../deployment/service-deployment-state.ts';
import type { ServiceDeploymentRecord, ServiceRecord } from '../records.ts';
import { withTrafficShift } from '../traffic-shift/begin-shift.ts';
import { planReplica } from '../traffic-shift/plan-shift.ts';
import { refuseWhileShifting } from '../traffic-shift/read-strategy.ts';
import { routed } from '../traffic-shift/routes.ts';
import type { Happening } from './happenings.ts';
import { serviceRecord } from './service-record.ts';

/** They take turns. */
const targetGroups = ['one', 'other'] as const;

/** Of the deployment whose groups a shift is about. */
function routedId(service: ServiceRecord): string {
  const [primary] = service.deployments;
  return (primary && routed(service, primary)?.id) ?? '';
}

/** Placement here favours the first of them. */
export const zones = ['a', 'b', 'c'] as const;

interface SimulatedTask extends Omit<LiveTask, 'health' | 'phase' | 'protectedUntil'> {
  protectedUntil: number | undefined;
  phase: 'pending' | 'running' | 'deactivating' | 'over';
  isStopping: boolean;
  isDraining: boolean;
  sickSince: number | undefined;
  startedAt: number;
}

/** A service whose plans are carried out in memory, and which checks that no plan does what never may be done. */
export class PlannedService {
  service: ServiceRecord;
  /** All that there ever were; their state machine throws at what may not follow. */
  readonly serviceDeployments: ServiceDeploymentRecord[] = [];
  readonly #alarms = new Map<string, AlarmReading>();
  readonly tasks: SimulatedTask[] = [];
  readonly ends: TaskEnd[] = [];
  now = 1_000_000;
  #revision = 0;
  readonly #random = seededRandom(1);

  /** What of production traffic each target group gets, in percent. */
  readonly production = new Map<string, number>(
    targetGroups.map((arn, place) => [arn, place === 0 ? 100 : 0]),
  );
  readonly #groups = new Map<string, string>();

  constructor() {
    const [targetGroupArn, alternateTargetGroupArn] = targetGroups;
    const advancedConfiguration = {
      ...{ alternateTargetGroupArn, productionListenerRule: 'rule', testListenerRule: 'test', roleArn: 'r' },
    };
    this.service = serviceRecord({
      ...{ availabilityZoneRebalancing: 'ENABLED', deployments: [] },
      loadBalancers: [{ targetGroupArn, containerName: 'app', containerPort: 80, advancedConfiguration }],
    });
    this.#deploy();
  }

  snapshot(): ServiceSnapshot {
    const { service, ends, now } = this;
    const serviceDeployments = this.serviceDeployments.filter((record) => !isFinished(record));
    const { desiredCount: desired } = service;
    const names = watchedAlarms(service);
    const alarms = new Map([...this.#alarms].filter(([name]) => names.includes(name)));
    const deactivating = this.tasks.flatMap(({ phase, deploymentId }) =>
      phase === 'deactivating' ? [deploymentId] : [],
    );
    const isServed = this.live().some(
      ({ deploymentId, health }) => deploymentId === routedId(service) && health.type === 'healthy',
    );
    const traffic = { isAtSource: this.#weightOf(routedId(service)) === 0, isServed };
    const seen = {
      service,
      traffic,
      desired,
      serviceDeployments,
      live: this.live(),
      deactivating,
      ends,
      now,
    };
    return { ...seen, capacityRevision: 0, alarms, zones, settings: schedulerSettings };
  }

  live(): LiveTask[] {
    return this.tasks.flatMap((task): LiveTask[] => {
      const { phase, protectedUntil = 0, ...rest } = task;
      const protection = protectedUntil > this.now ? { protectedUntil } : {};
      return phase === 'over' || phase === 'deactivating'
        ? []
        : [{ ...rest, phase, health: this.#health(task), ...protection }];
    });
  }

  plan(): ServicePlan {
    return planReplica(this.snapshot());
  }

  happen(what: Happening): void {
    switch (what.type) {
      case 'plan':
        this.carryOut(this.plan().steps, what.slots, what.stepsUntilKilled);
        return;
      case 'wait':
        this.now += what.ms;
        return;
      case 'deploy':
        if (this.service.status === 'ACTIVE') this.#deploy();
        return;
      case 'scale':
        this.#update({ desiredCount: what.desired });
        return;
      case 'strategize': {
        const { linearConfiguration, canaryConfiguration, ...rest } = this.service.deploymentConfiguration;
        this.#update({ deploymentConfiguration: { ...rest, ...what.strategy } });
        return;
      }
      case 'configure':
        if (what.min === 100 && what.max === 100) return;
        this.#update({
          deploymentConfiguration: {
            ...this.service.deploymentConfiguration,
            minimumHealthyPercent: what.min,
            maximumPercent: what.max,
          },
        });
        return;
      case 'guard':
        this.#update({
          deploymentConfiguration: {
            ...this.service.deploymentConfiguration,
            deploymentCircuitBreaker: what.breaker,
          },
        });
        return;
      case 'watch':
        this.#update({
          deploymentConfiguration: {
            ...this.service.deploymentConfiguration,
            bakeTimeInMinutes: what.bakeTimeInMinutes,
            earlySuccessCriteria: what.early,
            alarms: { alarmNames: ['slow', 'failing'], enable: what.enable, rollback: what.enable },
          },
        });
        return;
      case 'alarm':
        this.#alarms.set(what.name, { state: what.state, evaluationMs: 60_000 });
        return;
      case 'request':
        this.#changeServiceDeployments((record) =>
          record.id === this.service.serviceDeploymentId && mayFollow(record.status, what.what)
            ? moved(record, { to: what.what }, this.now)
            : record,
        );
        return;
      case 'delete':
        this.service = { ...this.service, status: 'DRAINING', desiredCount: 0 };
        return;
      default:
        this.#happenToTask(what.type, what.which);
    }
  }

  carryOut(steps: readonly Step[], slots = 99, stepsUntilKilled = 99): void {
    this.#assertAllowed(steps);
    const teller = {
      serviceName: this.service.name,
      now: this.now,
      settings: schedulerSettings,
      newEventId: () => String(this.#revision++),
    };
    for (const step of steps.slice(0, stepsUntilKilled)) {
      switch (step.type) {
        case 'follow-service':
          break;
        case 'enter-stage':
          if (step.traffic?.production !== undefined) this.#shift(step.traffic.production);
          this.service = afterStep(this.service, step, teller);
          break;
        case 'start': {
          const { deploymentId, replacedUnhealthy } = step;
          const taskIds = Array.from({ length: Math.min(step.count, slots) }, () =>
            this.#start(deploymentId),
          );
          const failures = taskIds.length < step.count ? [{ reason: 'RESOURCE:CPU', arn: 'i' }] : [];
          const launched = { deploymentId, taskIds, replacedUnhealthy, failures, capacityRevision: 0 };
          this.service = afterLaunch(this.service, launched, teller);
          break;
        }
        case 'start-rebalancing': {
          const { deploymentId, move } = step;
          const count = Math.min(move.count, slots);
          const taskIds = Array.from({ length: count }, () => this.#start(deploymentId, move.to));
          const failures = count < move.count ? [{ reason: 'RESOURCE:CPU', arn: 'i' }] : [];
          const launched = { taskIds, failures, capacityRevision: 0 };
          this.service = afterRebalancingStart(this.service, step, launched, teller);
          break;
        }
        case 'finish-rebalancing':
          this.#stop(step.taskIds);
          this.service = afterRebalancingFinish(this.service, step, teller);
          break;
        case 'stop-rebalancing':
          this.service = afterRebalancingStop(this.service, teller);
          break;
        case 'stop': {
          const stopped = this.live().filter(({ id }) => step.taskIds.includes(id));
          this.#stop(step.taskIds);
          this.service = afterStop(this.service, step.because, stopped, teller);
          break;
        }
        default:
          this.service = afterStep(this.service, step, teller);
      }
    }
    if (stepsUntilKilled >= steps.length && this.service.status === 'ACTIVE')
      this.#changeServiceDeployments((record) =>
        followService(record, this.service, { now: this.now, desired: this.service.desiredCount }),
      );
  }

  #stop(taskIds: readonly string[]): void {
    for (const task of this.tasks.filter(({ id }) => taskIds.includes(id))) {
      task.isStopping = true;
      if (task.phase === 'running' && isFound(task)) task.phase = 'deactivating';
    }
  }

  /** The traffic of a group grows only if somebody in it can take it. */
  #shift(percent: number): void {
    const group = this.#groups.get(routedId(this.service));
    const isBack = this.service.deployments[0]?.lifecycle?.isRollback ?? false;
    const own = isBack ? 100 - percent : percent;
    for (const arn of targetGroups) {
      const weight = arn === group ? own : 100 - own;
      if (weight > (this.production.get(arn) ?? 0) && this.service.desiredCount > 0)
        expect(this.#healthyIn(arn).length).toBeGreaterThan(0);
      this.production.set(arn, weight);
    }
    expect([...this.production.values()].reduce((sum, weight) => sum + weight)).toBe(100);
  }

  #weightOf(deploymentId: string): number {
    return this.production.get(this.#groups.get(deploymentId) ?? '') ?? 0;
  }

  groupOf(deploymentId: string): string | undefined {
    return this.#groups.get(deploymentId);
  }

  #healthyIn(arn: string): LiveTask[] {
    return this.live().filter(
      ({ isStopping, health, deploymentId }) =>
        !isStopping && health.type === 'healthy' && this.#groups.get(deploymentId) === arn,
    );
  }

  #deploy(): void {
    try {
      refuseWhileShifting(this.service, this.service);
    } catch {
      return;
    }
    this.#changeServiceDeployments((record) => (isFinished(record) ? record : superseded(record, this.now)));
    const described = { ...this.service, taskDefinition: { family: 'web', revision: 1 } };
    const next = withNewDeployment(described, this.#random, this.now, (id) => this.#hasTasks(id));
    const serving = () => [...this.production].flatMap(([arn, weight]) => (weight > 0 ? arn : []));
    this.service = withTrafficShift(next, this.now, serving);
    const [{ id = '', targetGroupArns = [] } = {}] = this.service.deployments;
    this.#groups.set(id, targetGroupArns[0] ?? '');
    this.serviceDeployments.push(newServiceDeployment(this.service, this.service.desiredCount, this.now));
  }

  #changeServiceDeployments(change: (record: ServiceDeploymentRecord) => ServiceDeploymentRecord): void {
    for (const [place, record] of this.serviceDeployments.entries())
      this.serviceDeployments[place] = change(record);
  }

  /** Every task does what it should: starts, stays well, stops when asked. */
  behave(): void {
    for (const task of this.tasks) {
      if (task.isStopping) task.phase = 'over';
      else if (task.phase === 'pending') this.#run(task);
      else if (task.phase === 'running' && !this.#isReplaced(task)) task.sickSince = undefined;
    }
  }

  /** Half of the sick recover by themselves; the others must be replaced. */
  #isReplaced({ id }: SimulatedTask): boolean {
    return Number(id.slice(1)) % 2 === 0;
  }

  #assertAllowed(steps: readonly Step[]): void {
    const { desiredCount, deploymentConfiguration, status } = this.service;
    const { minimumHealthyPercent, maximumPercent } = deploymentConfiguration;
    const live = this.live();
    const startsOf = (step: Step): number => {
      if (step.type === 'start-rebalancing') return step.move.count;
      return step.type === 'start' ? step.count : 0;
    };
    if (steps.some((step) => startsOf(step) > 0)) {
      expect(status).toBe('ACTIVE');
      const [primary] = this.service.deployments;
      for (const step of steps) {
        if (step.type !== 'start' && step.type !== 'start-rebalancing') continue;
        // Of two that share traffic each has all its tasks, and the older one is kept whatever becomes of the other.
        const { lifecycle } = primary ?? {};
        const counted = lifecycle ? live.filter((task) => task.deploymentId === step.deploymentId) : live;
        expect(counted.length + startsOf(step)).toBeLessThanOrEqual(
          Math.floor((desiredCount * maximumPercent) / 100),
        );
        if (step.deploymentId === primary?.id) expect(primary?.rolloutState).not.toBe('FAILED');
        else expect(step.deploymentId).toBe(lifecycle?.sourceId);
      }
    }
    const stops = (step: Step) => step.type === 'stop' || step.type === 'finish-rebalancing';
    const stopped = new Set(steps.flatMap((step) => (stops(step) && 'taskIds' in step ? step.taskIds : [])));
    for (const arn of targetGroups) {
      const healthy = this.#healthyIn(arn);
      const left = healthy.filter(({ id }) => !stopped.has(id)).length;
      if (left < healthy.length && status === 'ACTIVE' && this.production.get(arn) !== 0)
        expect(left).toBeGreaterThanOrEqual(Math.ceil((desiredCount * minimumHealthyPercent) / 100));
    }
    for (const { phase, deploymentId } of this.tasks)
      if (phase === 'deactivating')
        expect(steps).not.toContainEqual(expect.objectContaining({ type: 'drop-deployment', deploymentId }));
    for (const id of stopped) {
      const task = live.find((each) => each.id === id);
      expect(task?.isStopping).toBe(false);
      if (status === 'ACTIVE' && task?.health.type !== 'unhealthy')
        expect(task?.protectedUntil).toBeUndefined();
    }
  }

  #health(task: SimulatedTask): LiveTask['health'] {
    if (task.phase === 'pending') return { type: 'unproven' };
    if (task.sickSince !== undefined) return { type: 'unhealthy', since: task.sickSince };
    const since = task.startedAt + schedulerSettings.minimumRunningMs;
    return since <= this.now ? { type: 'healthy', since } : { type: 'unproven', until: since };
  }

  #update(changes: Partial<ServiceRecord>): void {
    if (this.service.status !== 'ACTIVE') return;
    const deployments = this.service.deployments.map(withoutPauses);
    this.service = { ...this.service, ...changes, deployments };
  }

  #happenToTask(type: Exclude<Happening, { which?: never }>['type'], which: number): void {
    const concerned = this.tasks.filter(({ phase, isStopping, sickSince }) => {
      if (type === 'run' || type === 'fail') return phase === 'pending';
      if (type === 'agentStop') return phase !== 'over' && isStopping;
      if (type === 'drain' || type === 'userStop' || type === 'protect')
        return phase === 'pending' || phase === 'running';
      return phase === 'running' && (type === 'crash' || (sickSince !== undefined) === (type === 'heal'));
    });
    const task = concerned[which % Math.max(1, concerned.length)];
    if (task === undefined) return;
    if (type === 'run') this.#run(task);
    if (type === 'sicken' || type === 'heal') task.sickSince = type === 'sicken' ? this.now : undefined;
    if (type === 'drain') task.isDraining = true;
    if (type === 'userStop') this.#stop([task.id]);
    if (type === 'protect') task.protectedUntil = this.now + 60_000;
    if (type === 'agentStop') task.phase = 'over';
    if (type === 'fail' || type === 'crash') {
      const { id: taskId, deploymentId, createdAt } = task;
      const revision = ++this.#revision;
      const isFailure = type === 'fail' || this.#health(task).type !== 'healthy';
      const end = { taskId, deploymentId, createdAt, stoppedAt: this.now, revision, isFailure };
      if (!task.isStopping) this.ends.push({ ...end, type: type === 'fail' ? 'failed' : 'crashed' });
      task.phase = 'over';
    }
  }

  #run(task: SimulatedTask): void {
    task.phase = 'running';
    task.startedAt = this.now;
  }

  #start(deploymentId: string, availabilityZone: string = zones[this.tasks.length % 5] ?? 'a'): string {
    const id = `t${this.tasks.length}`;
    this.tasks.push({
      id,
      deploymentId,
      phase: 'pending',
      isStopping: false,
      isDraining: false,
      sickSince: undefined,
      protectedUntil: undefined,
      createdAt: this.now,
      startedAt: 0,
      containerInstanceId: `i${this.tasks.length % 2}`,
      availabilityZone,
    });
    return id;
  }

  #hasTasks(deploymentId: string): boolean {
    return this.live().some((task) => task.deploymentId === deploymentId);
  }
}

/** Some are found by others, and are first taken from them. */
const isFound = ({ id }: SimulatedTask): boolean => Number(id.slice(1)) % 3 === 0;

export function isMovable({ desiredCount, deploymentConfiguration }: ServiceRecord): boolean {
  const { minimumHealthyPercent, maximumPercent } = deploymentConfiguration;
  const min = Math.ceil((desiredCount * minimumHealthyPercent) / 100);
  return desiredCount === 0 || min < Math.floor((desiredCount * maximumPercent) / 100);
}

/** Lets tasks behave until the planner has nothing more to say. */
export function settle(world: PlannedService): void {
  for (let round = 0; round < 200; round++) {
    const { steps, lookAgainAfterMs } = world.plan();
    world.carryOut(steps);
    if (world.service.status === 'INACTIVE') return;
    const isStalled = world.service.deployments[0]?.rolloutState === 'FAILED';
    const waitMs = lookAgainAfterMs ?? (isStalled ? Number.POSITIVE_INFINITY : 0);
    const isQuiet = steps.length === 0 && waitMs > 3_600_000;
    const isAtRest = world.tasks.every(
      ({ isStopping, phase }) => phase === 'over' || (phase === 'running' && !isStopping),
    );
    if (isQuiet && isAtRest) return;
    world.behave();
    world.now += Math.min(lookAgainAfterMs ?? 1_000, 1_000_000);
  }
  throw new Error(
    `Not settled: ${JSON.stringify({ plan: world.plan(), service: world.service, live: world.live() })}`,
  );
}
