import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../clock/index.ts';
import {
  again,
  done,
  type Outcome,
  type Reader,
  type Reconciler,
  type RecordChange,
  type RecordKey,
  recordKey,
  type Transaction,
  watching,
} from '../../../reconcile/index.ts';
import { type Scope, scopeOfKey } from '../arn.ts';
import { offersMore } from '../capacity/offers-more.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { applyPlan } from '../deployment/apply-plan.ts';
import { applyTaskSetPlans } from '../deployment/apply-task-sets.ts';
import { daemonSnapshot } from '../deployment/daemon-ground.ts';
import { planDaemon } from '../deployment/daemon-planner.ts';
import type { ServicePlan, ServiceSnapshot } from '../deployment/plan.ts';
import { type SchedulerSettings, schedulerSettings } from '../deployment/scheduler-settings.ts';
import { memberOfExpressions } from '../deployment/service-instances.ts';
import { readSnapshot } from '../deployment/service-snapshot.ts';
import { planTaskSets } from '../deployment/task-sets.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  fargateHosts,
  type ServiceDeploymentRecord,
  serviceDeployments,
  services,
  type TaskRecord,
  tasks,
  taskTargets,
} from '../records.ts';

import { planReplica } from '../traffic-shift/plan-shift.ts';

/**
 * Makes each service what it is meant to be: as many tasks as desired, all of its PRIMARY deployment. A key of
 * work is the key of a service's record.
 */
export function serviceDeployment(
  ecs: EcsContext,
  settings: SchedulerSettings = schedulerSettings,
): Reconciler {
  const pace = new Pace(ecs.clock);
  return {
    name: 'service-deployment',
    watches: [
      watching(services, ({ key, after }) => (after === undefined ? [] : [key])),
      watching(serviceDeployments, servicesOfRequest),
      watching(tasks, servicesOfTask),
      watching(taskTargets, ({ key, after }) => {
        const { accountId, region } = scopeOfKey(key);
        return after ? [recordKey(services, accountId, region, after.cluster, after.service)] : [];
      }),
      watching(containerInstances, (change) => servicesOfInstance(ecs.state, change)),
    ],
    reconcile: (key) => reconcileService(ecs, key as RecordKey, settings, pace),
  };
}

async function reconcileService(
  ecs: EcsContext,
  key: RecordKey,
  settings: SchedulerSettings,
  pace: Pace,
): Promise<Outcome> {
  const restMs = pace.restMs(key);
  if (restMs > 0) return again(restMs);
  const scope = scopeOfKey(key);
  if (ecs.state.get(services, key)?.taskSets !== undefined)
    return reconcileTaskSets(ecs, key, scope, settings);
  const looked = look(ecs, ecs.state, scope, key, settings);
  if (looked === undefined) {
    pace.forget(key);
    return done;
  }
  const { snapshot, plan } = looked;
  pace.looked(key, snapshot.live.length);
  if (plan.steps.length === 0)
    return plan.lookAgainAfterMs === undefined ? done : again(plan.lookAgainAfterMs);

  const lookAndAct = (tx: Transaction): void => {
    const fresh = look(ecs, tx, scope, key, settings);
    if (fresh !== undefined && fresh.plan.steps.length > 0)
      applyPlan(tx, ecs, scope, key, fresh.snapshot, fresh.plan);
  };
  const launches = plan.steps.some(({ type }) => type === 'start');
  await (launches
    ? transactInTurn(ecs, scope, snapshot.service.cluster, lookAndAct)
    : ecs.state.transact(lookAndAct));
  // What was written brings the key back by itself; this is for the case that another did it all meanwhile.
  return again(0);
}

/** Of a service with an external controller. */
async function reconcileTaskSets(
  ecs: EcsContext,
  key: RecordKey,
  scope: Scope,
  settings: SchedulerSettings,
): Promise<Outcome> {
  const lookAt = (reader: Reader) => {
    const service = reader.get(services, key);
    if (service === undefined || service.status === 'INACTIVE') return undefined;
    const plans = planTaskSets(reader, scope, service, { ...ecs, now: ecs.clock.now(), settings });
    const isOver = service.status === 'DRAINING' && plans.length === 0;
    return { service, plans, isDue: isOver || plans.some(({ plan }) => plan.steps.length > 0) };
  };
  const looked = lookAt(ecs.state);
  if (looked === undefined) return done;
  if (!looked.isDue) {
    const pauses = looked.plans.flatMap(({ plan }) => plan.lookAgainAfterMs ?? []);
    return pauses.length > 0 ? again(Math.min(...pauses)) : done;
  }
  await transactInTurn(ecs, scope, looked.service.cluster, (tx) => {
    const fresh = lookAt(tx);
    if (fresh?.isDue) applyTaskSetPlans(tx, ecs, scope, key, fresh.service, fresh.plans);
  });
  return again(0);
}

function look(
  ecs: EcsContext,
  reader: Reader,
  scope: Scope,
  key: RecordKey,
  settings: SchedulerSettings,
): { readonly snapshot: ServiceSnapshot; readonly plan: ServicePlan } | undefined {
  const service = reader.get(services, key);
  if (service === undefined || service.status === 'INACTIVE') return undefined;
  if (service.status === 'ACTIVE' && service.awaitsInfrastructure) return undefined;
  const snapshot = readSnapshot(reader, scope, service, { ...ecs, now: ecs.clock.now(), settings });
  if (service.schedulingStrategy !== 'DAEMON') return { snapshot, plan: planReplica(snapshot) };
  const grounded = daemonSnapshot(reader, scope, snapshot);
  return { snapshot: grounded, plan: planDaemon(grounded) };
}

/** A service of fewer tasks is looked at as often as anything changes. */
const manyTasks = 200;
const restMsPerTask = 0.1;

/**
 * A look at a service reads all its tasks, and each of them changes several times on its way up: for a service
 * of thousands that is a look per change too many. So those rest a little between two looks, 0.1 ms per task.
 */
class Pace {
  readonly #clock: Clock;
  /** In the clock's monotonic time. */
  readonly #restsUntil = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  restMs(key: string): number {
    return (this.#restsUntil.get(key) ?? 0) - this.#clock.monotonic();
  }

  looked(key: string, taskCount: number): void {
    if (taskCount < manyTasks) this.#restsUntil.delete(key);
    else this.#restsUntil.set(key, this.#clock.monotonic() + taskCount * restMsPerTask);
  }

  forget(key: string): void {
    this.#restsUntil.delete(key);
  }
}

/** Somebody may have asked for its end, or answered a hook. */
function servicesOfRequest({ key, before, after }: RecordChange<ServiceDeploymentRecord>): readonly string[] {
  if (after === undefined) return [];
  if (after.status === before?.status && after.hookAnswers === before.hookAnswers) return [];
  const { accountId, region } = scopeOfKey(key);
  return [recordKey(services, accountId, region, after.cluster, after.service)];
}

function servicesOfTask({ key, before, after }: RecordChange<TaskRecord>): readonly string[] {
  const task = after ?? before;
  if (task?.service === undefined || !isNews(before, after)) return [];
  const { accountId, region } = scopeOfKey(key);
  return [recordKey(services, accountId, region, task.cluster, task.service.name)];
}

/** Of an agent's many reports only these mean something to a service. */
function isNews(before: TaskRecord | undefined, after: TaskRecord | undefined): boolean {
  if (before === undefined) return true;
  if (after === undefined) return before.lastStatus !== 'STOPPED';
  return (
    before.lastStatus !== after.lastStatus ||
    before.desiredStatus !== after.desiredStatus ||
    before.protectedUntil !== after.protectedUntil ||
    before.containers.some(
      ({ healthStatus }, place) => healthStatus !== after.containers[place]?.healthStatus,
    )
  );
}

/**
 * DAEMON services first, when the instance may have become or ceased to be one of theirs: what they need is taken
 * before others look for room. Then, when it is the first of its zone, those that are balanced over zones; whoever waits for room, when there may be more of it; and whoever has tasks there,
 * when it starts or ends draining, and when others have left it meanwhile.
 */
function servicesOfInstance(
  reader: Reader,
  { key, before, after }: RecordChange<ContainerInstanceRecord>,
): readonly string[] {
  if (after === undefined) return [];
  const { accountId, region } = scopeOfKey(key);
  const within = `${accountId}/${region}/${after.cluster}`;
  const keys: string[] = [];
  const isOther = isOtherGround(before, after);
  // An expression may go by anything of an instance, also by how many tasks it has.
  for (const { key: daemonKey, value } of reader.byIndex(services, 'daemons', within))
    if (isOther || memberOfExpressions(reader, { accountId, region }, value).length > 0) keys.push(daemonKey);
  if (isOther && isFirstOfZone(reader, within, after))
    for (const { key: otherKey, value } of reader.byIndex(services, 'byCluster', within))
      if (value.status === 'ACTIVE' && value.availabilityZoneRebalancing === 'ENABLED') keys.push(otherKey);
  if (offersMore(before, after)) {
    // What an instance does not need, a Fargate host of its machine can borrow.
    for (const cluster of new Set([after.cluster, fargateHosts])) {
      const waiting = reader.byIndex(services, 'awaitingCapacity', `${accountId}/${region}/${cluster}`);
      keys.push(...waiting.map((service) => service.key));
    }
  }
  const isEmptying = after.status === 'DRAINING' && after.taskCount < (before?.taskCount ?? 0);
  if (before !== undefined && (before.status !== after.status || isEmptying)) {
    const there = reader.byIndex(tasks, 'unstoppedByInstance', `${within}/${after.id}`);
    const names = new Set(there.flatMap(({ value }) => value.service?.name ?? []));
    for (const name of names) keys.push(recordKey(services, accountId, region, after.cluster, name));
  }
  return keys;
}

/** A zone has come, or come back: services may be better balanced than they were. */
function isFirstOfZone(reader: Reader, within: string, instance: ContainerInstanceRecord): boolean {
  const zone = instance.attributes.find(({ name }) => name === 'ecs.availability-zone')?.value;
  return (
    instance.status === 'ACTIVE' &&
    instance.agentConnected &&
    reader.countByIndex(containerInstances, 'usableByZone', `${within}/${zone}`) === 1
  );
}

/** What decides whether a DAEMON service has a task there. */
function isOtherGround(before: ContainerInstanceRecord | undefined, after: ContainerInstanceRecord): boolean {
  return (
    before === undefined ||
    before.status !== after.status ||
    before.agentConnected !== after.agentConnected ||
    !isDeepStrictEqual(before.attributes, after.attributes)
  );
}
