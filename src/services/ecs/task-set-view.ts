import type { TaskSet } from '@aws-sdk/client-ecs';
import type { Reader } from '../../reconcile/index.ts';
import { exposureView } from './activation/exposure-view.ts';
import { clusterArn, type Scope, serviceArn, taskDefinitionArn, taskSetArn } from './arn.ts';
import { computedDesiredCount } from './deployment/task-sets.ts';
import { given } from './given.ts';
import { networkView } from './network-view.ts';
import { phaseOf, type ServiceRecord, type TaskSetRecord, tasks } from './records.ts';

/** A task set as the API shows it, with its tasks counted now; `tags` only when asked for. */
export function taskSetView(
  reader: Reader,
  scope: Scope,
  service: ServiceRecord,
  set: TaskSetRecord,
  options: { readonly withTags: boolean },
): TaskSet {
  const { deployment } = set;
  const { family, revision } = deployment.taskDefinition;
  const within = `${scope.accountId}/${scope.region}/${service.cluster}/${service.name}`;
  const phases = reader
    .byIndex(tasks, 'byService', within)
    .filter(({ value }) => value.service?.deploymentId === deployment.id)
    .map(({ value }) => phaseOf(value.lastStatus));
  return {
    id: deployment.id,
    taskSetArn: taskSetArn(scope, service.cluster, service.name, deployment.id),
    serviceArn: serviceArn(scope, service.cluster, service.name),
    clusterArn: clusterArn(scope, service.cluster),
    ...given('externalId', set.externalId),
    status: set.status,
    taskDefinition: taskDefinitionArn(scope, family, revision),
    computedDesiredCount: computedDesiredCount(service, set),
    pendingCount: phases.filter((phase) => phase === 'pending').length,
    runningCount: phases.filter((phase) => phase === 'running').length,
    createdAt: new Date(deployment.createdAt),
    updatedAt: new Date(set.updatedAt),
    launchType: set.launchType,
    ...networkView(deployment.networkConfiguration),
    ...exposureView(deployment),
    scale: { value: set.scale, unit: 'PERCENT' },
    stabilityStatus: set.stability.status,
    stabilityStatusAt: new Date(set.stability.at),
    ...(options.withTags ? { tags: set.tags.map((tag) => ({ ...tag })) } : {}),
  };
}
