import type { Tag } from '@aws-sdk/client-ecs';
import { uuid } from '../../../clock/index.ts';
import { type RecordKey, recordKey, TerminalError, type Transaction } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { launchWithCapacity } from '../capacity/launch-by-strategy.ts';
import type { EcsContext } from '../context.ts';
import { readPlacementConstraints } from '../placement-rules.ts';
import {
  type ServiceRecord,
  services,
  type TaskDefinitionRecord,
  taskDefinitions,
  tasks,
} from '../records.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import type { LaunchPlan } from '../task-launch.ts';
import { requestTaskStop } from '../task-state.ts';
import { afterLaunch, afterStep, afterStop } from './after-step.ts';
import type { ServicePlan, ServiceSnapshot, Step } from './planner.ts';
import type { Teller } from './service-events.ts';

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
  { service, live, now, capacityRevision, settings }: ServiceSnapshot,
  plan: ServicePlan,
): void {
  const teller: Teller = {
    serviceName: service.name,
    now,
    settings,
    newEventId: () => uuid(ecs.random),
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
      case 'stop': {
        const reason = stopReason(record, step.because);
        for (const id of step.taskIds) {
          const key = recordKey(tasks, scope.accountId, scope.region, record.cluster, id);
          requestTaskStop(tx, key, { stopCode: 'ServiceSchedulerInitiated', reason, now });
        }
        const stopped = live.filter(({ id }) => step.taskIds.includes(id));
        return afterStop(record, step.because, stopped, teller);
      }
      default:
        return afterStep(record, step, teller);
    }
  };
  tx.put(services, serviceKey, plan.steps.reduce(carryOut, service));
}

function launch(
  tx: Transaction,
  ecs: EcsContext,
  scope: Scope,
  service: ServiceRecord,
  { deploymentId, count, instanceIds }: Extract<Step, { readonly type: 'start' }>,
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
    overrides: { containerOverrides: [] },
    ...(deployment.networkConfiguration === undefined ? {} : { network: deployment.networkConfiguration }),
    placementStrategy: service.placementStrategy,
    placementConstraints: [
      ...readPlacementConstraints(definition.definition.placementConstraints),
      ...service.placementConstraints,
    ],
    tags: propagatedTags(service, definition),
    enableECSManagedTags: service.enableECSManagedTags,
    enableExecuteCommand: service.enableExecuteCommand,
    launchType: deployment.launchType,
    now,
  };
  const strategy = deployment.capacityProviderStrategy;
  const placed = strategy === undefined ? undefined : placedByProvider(tx, scope, service, deploymentId);
  return launchWithCapacity(tx, ecs, request, strategy, placed);
}

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

function stopReason(service: ServiceRecord, because: 'scaling' | 'unhealthy'): string {
  if (because === 'unhealthy') return 'Task failed container health checks';
  const primary = service.deployments.find(({ status }) => status === 'PRIMARY');
  return `Scaling activity initiated by (deployment ${primary?.id})`;
}
