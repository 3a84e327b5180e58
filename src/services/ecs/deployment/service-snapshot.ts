import { type Reader, recordKey, type Stored } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { fargateCapacityVersion } from '../capacity/fargate-hosts.ts';
import type { EcsContext } from '../context.ts';
import { given } from '../given.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  type DeploymentRecord,
  type ServiceRecord,
  type TaskRecord,
  type TaskTargetsRecord,
  taskDefinitions,
  tasks,
  taskTargets,
  taskTargetsKey,
} from '../records.ts';
import { unfinishedServiceDeployments } from '../service-history.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { readTraffic } from '../traffic-shift/routes.ts';
import { checkedContainers, type LiveTask, liveTask } from './live-task.ts';
import type { ServiceSnapshot } from './plan.ts';
import { type TaskEnd, taskEnd } from './restart-throttle.ts';
import { watchedAlarms } from './rollout.ts';
import type { SchedulerSettings } from './scheduler-settings.ts';
import { serviceZones } from './service-instances.ts';

/** Everything that the planner asks about, read in one go. */
export function readSnapshot(
  reader: Reader,
  scope: Scope,
  service: ServiceRecord,
  {
    now,
    settings,
    ...ecs
  }: Pick<EcsContext, 'alarmReadings' | 'infrastructureRoleObstacle'> & {
    readonly now: number;
    readonly settings: SchedulerSettings;
  },
): ServiceSnapshot {
  const within = `${scope.accountId}/${scope.region}/${service.cluster}`;
  // Those that have its tasks, and not all of the cluster's: there may be thousands.
  const instanceOf = (id: string): ContainerInstanceRecord | undefined =>
    reader.get(
      containerInstances,
      recordKey(containerInstances, scope.accountId, scope.region, service.cluster, id),
    );
  const checkedIn = new Map(
    service.deployments.map((deployment) => [deployment.id, checkedContainersOf(reader, scope, deployment)]),
  );
  const gracePeriodMs = (service.healthCheckGracePeriodSeconds ?? 0) * 1_000;

  const live: LiveTask[] = [];
  const deactivating: string[] = [];
  const ends: TaskEnd[] = [];
  for (const stored of reader.byIndex(tasks, 'byService', `${within}/${service.name}`)) {
    const { value: task } = stored;
    const instance =
      task.containerInstanceId === undefined ? undefined : instanceOf(task.containerInstanceId);
    const checked = checkedIn.get(task.service?.deploymentId ?? '') ?? none;
    const alive = liveTask(task, {
      now,
      settings,
      gracePeriodMs,
      checkedContainers: checked,
      ...given('targets', targetsOf(reader, stored)),
      isDraining: instance?.status === 'DRAINING',
      ...given('instance', instance),
    });
    const end = taskEnd(stored, checked, settings);
    if (alive !== undefined) live.push(alive);
    if (end !== undefined) ends.push(end);
    if (task.service !== undefined && task.lastStatus === 'DEACTIVATING')
      deactivating.push(task.service.deploymentId);
  }
  const capacityRevision =
    service.launchType === 'FARGATE'
      ? fargateCapacityVersion(reader, scope)
      : reader.latestByIndex(containerInstances, 'byCluster', within);
  const serviceDeployments = unfinishedServiceDeployments(reader, scope, service).map(({ value }) => value);
  const { desiredCount: desired } = service;
  const traffic = readTraffic(reader, ecs, scope, service);
  const alarms = ecs.alarmReadings(reader, scope, watchedAlarms(service));
  const counted = { service, desired, serviceDeployments, live, deactivating, ends };
  const seen = { ...counted, capacityRevision, alarms, ...given('traffic', traffic), now, settings };
  return { ...seen, ...zonesOf(reader, scope, service) };
}

/** Zones matter to a service that is steady, or is being rebalanced; a look at all the others is spared them. */
function zonesOf(reader: Reader, scope: Scope, service: ServiceRecord): { zones?: readonly string[] } {
  const isConcerned = service.steadyAt !== undefined || service.rebalancing !== undefined;
  return isConcerned && service.availabilityZoneRebalancing === 'ENABLED'
    ? { zones: serviceZones(reader, scope, service) }
    : {};
}

/** What its load balancers say of it. */
function targetsOf(reader: Reader, { key, value }: Stored<TaskRecord>): TaskTargetsRecord | undefined {
  return value.activation?.loadBalancers && reader.get(taskTargets, taskTargetsKey(key));
}

const none: ReadonlySet<string> = new Set();

function checkedContainersOf(reader: Reader, scope: Scope, { taskDefinition }: DeploymentRecord) {
  const key = taskDefinitionKey(scope, taskDefinition.family, taskDefinition.revision);
  return checkedContainers(reader.get(taskDefinitions, key)?.definition);
}
