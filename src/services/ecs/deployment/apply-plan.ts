import type { Tag } from '@aws-sdk/client-ecs';
import { uuid } from '../../../clock/index.ts';
import { type RecordKey, recordKey, TerminalError, type Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { launchWithCapacity } from '../capacity/launch-by-strategy.ts';
import type { EcsContext } from '../context.ts';
import { networkBehindGateways } from '../gateway/route-network.ts';
import { given } from '../given.ts';
import {
  type DeploymentRecord,
  type ServiceConnectEndpointRecord,
  type ServiceRecord,
  type ServiceRegistryRecord,
  services,
  type TaskActivationRecord,
  type TaskDefinitionRecord,
  taskDefinitions,
  tasks,
} from '../records.ts';
import { deleteServiceHistory } from '../service-history.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import type { LaunchPlan } from '../task-launch.ts';
import { roleObstacle, unassumableRole } from '../task-roles.ts';
import { requestTaskStop } from '../task-state.ts';
import { applyTraffic } from '../traffic-shift/routes.ts';
import { afterRebalancingFinish, afterRebalancingStart, afterRebalancingStop } from './after-rebalancing.ts';
import { afterLaunch, afterStep, afterStop } from './after-step.ts';
import type { TaskHealth } from './live-task.ts';
import type { ServicePlan, ServiceSnapshot, Step, StopCause } from './plan.ts';
import { recordServiceDeployments } from './record-service-deployments.ts';
import type { Teller } from './service-events.ts';
import { placementConstraints } from './service-instances.ts';

/**
 * Carries a plan out, in the transaction in which it was made. Every start changes the service's record (its
 * events at least), so of two plans made from the same look at the service only one can be committed: that is
 * what keeps tasks from being started twice.
 */
export function applyPlan(
  tx: Transaction,
  ecs: EcsContext,
  scope: Scope,
  serviceKey: RecordKey,
  snapshot: ServiceSnapshot,
  plan: ServicePlan,
): void {
  const after = carryOutPlan(tx, ecs, scope, snapshot, plan);
  tx.put(services, serviceKey, after);
  if (after.status === 'INACTIVE') deleteServiceHistory(tx, scope, after);
  else recordServiceDeployments(tx, scope, snapshot, after);
}

/** Starts and stops what the plan says. @returns the service as it is to be written. */
export function carryOutPlan(
  tx: Transaction,
  ecs: EcsContext,
  scope: Scope,
  { service, live, now, capacityRevision, settings }: ServiceSnapshot,
  plan: ServicePlan,
): ServiceRecord {
  const teller: Teller = {
    serviceName: service.name,
    now,
    settings,
    newEventId: () => uuid(ecs.random),
  };
  const stopTasks = (
    service: ServiceRecord,
    taskIds: readonly string[],
    because: StopCause | 'rebalancing',
  ): void => {
    for (const id of taskIds) {
      const key = recordKey(tasks, scope.accountId, scope.region, service.cluster, id);
      const health = live.find((task) => task.id === id)?.health;
      const reason = because === 'unhealthy' ? unhealthyReason(health) : stopReason(service, because);
      requestTaskStop(tx, key, { stopCode: 'ServiceSchedulerInitiated', reason, now });
    }
  };
  const carryOut = (record: ServiceRecord, step: Step): ServiceRecord => {
    switch (step.type) {
      case 'start': {
        const { tasks: started, failures } = launch(tx, ecs, scope, record, step, now);
        const { deploymentId, replacedUnhealthy } = step;
        const taskIds = started.map(({ id }) => id);
        return afterLaunch(
          record,
          { deploymentId, taskIds, replacedUnhealthy, failures, capacityRevision },
          teller,
        );
      }
      case 'start-rebalancing': {
        const { deploymentId, move } = step;
        const start = { deploymentId, count: move.count, availabilityZone: move.to };
        const { tasks: started, failures } = launch(tx, ecs, scope, record, start, now);
        const taskIds = started.map(({ id }) => id);
        return afterRebalancingStart(record, step, { taskIds, failures, capacityRevision }, teller);
      }
      case 'finish-rebalancing': {
        stopTasks(record, step.taskIds, 'rebalancing');
        return afterRebalancingFinish(record, step, teller);
      }
      case 'stop-rebalancing':
        return afterRebalancingStop(record, teller);
      case 'stop': {
        stopTasks(record, step.taskIds, step.because);
        const stopped = live.filter(({ id }) => step.taskIds.includes(id));
        return afterStop(record, step.because, stopped, teller);
      }
      case 'follow-service':
        return record;
      case 'enter-stage': {
        const primary = record.deployments.find(({ id }) => id === step.deploymentId);
        if (primary !== undefined && step.traffic !== undefined)
          applyTraffic(tx, scope, record, primary, step.traffic);
        return afterStep(record, step, teller);
      }
      default:
        return afterStep(record, step, teller);
    }
  };
  return plan.steps.reduce(carryOut, service);
}

interface Start
  extends Pick<Extract<Step, { readonly type: 'start' }>, 'deploymentId' | 'count' | 'instanceIds'> {
  /** Only in that zone. */
  readonly availabilityZone?: string;
}

function launch(
  tx: Transaction,
  ecs: EcsContext,
  scope: Scope,
  service: ServiceRecord,
  { deploymentId, count, instanceIds, availabilityZone }: Start,
  now: number,
): LaunchPlan {
  const deployment = service.deployments.find(({ id }) => id === deploymentId);
  if (deployment === undefined) throw new Error(`Service ${service.name} has no deployment ${deploymentId}`);
  const { family, revision } = deployment.taskDefinition;
  const definition = tx.get(taskDefinitions, taskDefinitionKey(scope, family, revision));
  if (definition === undefined)
    throw new TerminalError(
      `Service ${service.name} can't start tasks: task definition ${family}:${revision} is gone; update the service to another`,
    );
  const request = {
    scope,
    cluster: service.cluster,
    definition,
    count,
    ...(instanceIds === undefined ? {} : { instanceIds }),
    group: `service:${service.name}`,
    startedBy: deploymentId,
    service: { name: service.name, deploymentId },
    ...given('activation', activationOf(service, deployment)),
    isConnected: deployment.serviceConnectConfiguration !== undefined,
    overrides: { containerOverrides: [] },
    ...given('network', networkBehindGateways(tx, scope, deployment)),
    placementStrategy: service.placementStrategy,
    placementConstraints: [
      ...placementConstraints(definition.definition, {
        ...{ placementConstraints: service.placementConstraints },
        ...given('loadBalancers', deployment.loadBalancers),
      }),
      ...(availabilityZone === undefined
        ? []
        : [{ type: 'memberOf', expression: `attribute:ecs.availability-zone == ${availabilityZone}` }]),
    ],
    tags: propagatedTags(service, definition),
    enableECSManagedTags: service.enableECSManagedTags,
    enableExecuteCommand: service.enableExecuteCommand,
    launchType: deployment.launchType,
    now,
  };
  const obstacle = roleObstacle(ecs, scope, request);
  if (obstacle !== undefined) return { tasks: [], failures: [{ reason: unassumableRole, detail: obstacle }] };
  const strategy = deployment.capacityProviderStrategy;
  const placed = strategy === undefined ? undefined : placedByProvider(tx, scope, service, deploymentId);
  return launchWithCapacity(tx, ecs, request, strategy, placed);
}

/** What is to be done for a task before it is RUNNING. */
function activationOf(
  { taskSets }: ServiceRecord,
  deployment: DeploymentRecord,
): TaskActivationRecord | undefined {
  const { serviceRegistries: own = [], targetGroupArns, serviceConnectConfiguration: connect } = deployment;
  const loadBalancers = deployment.loadBalancers?.map(
    ({ advancedConfiguration: _shift, gatewayRoute: _route, ...rest }, place) => ({
      ...{ ...rest, targetGroupArn: targetGroupArns?.[place] ?? rest.targetGroupArn },
    }),
  );
  const serviceRegistries = [...own, ...(connect?.endpoints ?? []).map(registryOf)];
  if (serviceRegistries.length === 0 && loadBalancers === undefined) return undefined;
  const externalId = taskSets?.find((set) => set.deployment.id === deployment.id)?.externalId;
  const noticeMs = connect && connect.endpoints.length > 0 ? proxyNoticeMs : undefined;
  return {
    serviceRegistries,
    ...given('loadBalancers', loadBalancers),
    ...given('externalId', externalId),
    ...given('noticeMs', noticeMs),
    isRegistered: false,
  };
}

/** Proxies ask once a second where tasks are, and take their time to hear and to say it. */
const proxyNoticeMs = 3_000;

/** An endpoint of Service Connect is a registry as any other, which Amazon ECS made itself. */
const registryOf = ({
  discoveryArn,
  ingressPort,
  containerPort,
}: ServiceConnectEndpointRecord): ServiceRegistryRecord => ({
  registryArn: discoveryArn,
  port: ingressPort ?? containerPort,
});

/** How many of a deployment's tasks each capacity provider has. Those that are to stop are as good as gone. */
function placedByProvider(
  tx: Transaction,
  { accountId, region }: Scope,
  { cluster, name }: ServiceRecord,
  deploymentId: string,
): ReadonlyMap<string, number> {
  const placed = new Map<string, number>();
  for (const { value: task } of tx.byIndex(tasks, 'byService', `${accountId}/${region}/${cluster}/${name}`)) {
    const provider = task.capacityProviderName;
    if (task.service?.deploymentId !== deploymentId || task.desiredStatus === 'STOPPED') continue;
    if (provider !== undefined) placed.set(provider, (placed.get(provider) ?? 0) + 1);
  }
  return placed;
}

function propagatedTags(service: ServiceRecord, definition: TaskDefinitionRecord): readonly Tag[] {
  switch (service.propagateTags) {
    case 'NONE':
      return [];
    case 'SERVICE':
      return service.tags;
    case 'TASK_DEFINITION':
      return definition.tags;
  }
}

/** In ECS's words, as all reasons are. */
function unhealthyReason(health: TaskHealth | undefined): string {
  return health?.type === 'unhealthy' && health.target
    ? `Task failed ELB health checks in (target-group ${health.target.targetGroupArn})`
    : 'Task failed container health checks';
}

function stopReason(service: ServiceRecord, because: 'scaling' | 'rebalancing'): string {
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY');
  const activity = because === 'rebalancing' ? 'Availability-zone rebalancing' : 'Scaling activity';
  return `${activity} initiated by (deployment ${primary?.id})`;
}
