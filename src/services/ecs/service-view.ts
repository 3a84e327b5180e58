import type {
  Deployment,
  DeploymentConfiguration,
  DeploymentLifecycleHook,
  Service,
} from '@aws-sdk/client-ecs';
import type { Reader } from '../../reconcile/index.ts';
import { exposureView } from './activation/exposure-view.ts';
import {
  clusterArn,
  type Scope,
  serviceArn,
  serviceDeploymentArn,
  serviceRevisionArn,
  taskDefinitionArn,
} from './arn.ts';
import { desiredTasks } from './deployment/daemon-ground.ts';
import { networkView } from './network-view.ts';
import { type DeploymentRecord, phaseOf, type ServiceRecord, tasks } from './records.ts';
import { serviceConnectView } from './service-connect/view.ts';
import { serviceIndexValue } from './service-history.ts';
import { taskSetView } from './task-set-view.ts';
import { weightsOfService } from './traffic-shift/share.ts';

/** A service as the API shows it, with its tasks counted now; `tags` only when asked for. */
export function serviceView(
  reader: Reader,
  scope: Scope,
  service: ServiceRecord,
  options: { readonly withTags: boolean },
): Service {
  const counts = countTasks(reader, scope, service);
  const desiredCount = desiredTasks(reader, scope, service);
  return {
    serviceArn: serviceArn(scope, service.cluster, service.name),
    serviceName: service.name,
    clusterArn: clusterArn(scope, service.cluster),
    ...exposureView(service),
    status: service.status,
    desiredCount,
    runningCount: counts.all.running,
    pendingCount: counts.all.pending,
    ...settingsView(scope, service),
    deploymentConfiguration: deploymentConfigurationView(service.deploymentConfiguration),
    deployments: service.deployments.map((deployment) =>
      deploymentView(scope, deployment, desiredCount, counts.of(deployment.id)),
    ),
    events: service.events.map(({ id, createdAt, message }) => ({
      id,
      createdAt: new Date(createdAt),
      message,
    })),
    createdAt: new Date(service.createdAt),
    createdBy: service.createdBy,
    placementConstraints: service.placementConstraints.map(({ type, expression }) =>
      expression === undefined ? { type: constraintType(type) } : { type: constraintType(type), expression },
    ),
    placementStrategy: service.placementStrategy.map(({ type, field }) =>
      field === undefined ? { type: strategyType(type) } : { type: strategyType(type), field },
    ),
    ...networkView(service.networkConfiguration),
    ...(service.healthCheckGracePeriodSeconds === undefined
      ? {}
      : { healthCheckGracePeriodSeconds: service.healthCheckGracePeriodSeconds }),
    schedulingStrategy: service.schedulingStrategy,
    deploymentController: { type: service.taskSets === undefined ? 'ECS' : 'EXTERNAL' },
    ...(service.taskSets === undefined
      ? {}
      : {
          taskSets: service.taskSets.map((set) =>
            taskSetView(reader, scope, service, set, { withTags: options.withTags }),
          ),
        }),
    enableECSManagedTags: service.enableECSManagedTags,
    enableExecuteCommand: service.enableExecuteCommand,
    propagateTags: service.propagateTags,
    availabilityZoneRebalancing: service.availabilityZoneRebalancing,
    ...currentHistory(scope, service, desiredCount, counts),
    resourceManagementType: service.resourceManagementType ?? 'CUSTOMER',
    ...(options.withTags ? { tags: service.tags.map((tag) => ({ ...tag })) } : {}),
  };
}

/** What its tasks are like; an external controller's service has nothing to show before a task set is PRIMARY. */
function settingsView(
  scope: Scope,
  service: ServiceRecord,
): Partial<Pick<Service, 'taskDefinition' | keyof ReturnType<typeof capacityView>>> {
  if (service.taskDefinition === undefined) return {};
  const { family, revision } = service.taskDefinition;
  return { ...capacityView(service), taskDefinition: taskDefinitionArn(scope, family, revision) };
}

/** Records are frozen, and what the SDK takes is not. */
export function deploymentConfigurationView({
  deploymentCircuitBreaker,
  alarms,
  earlySuccessCriteria,
  linearConfiguration: linear,
  canaryConfiguration: canary,
  lifecycleHooks,
  ...rest
}: ServiceRecord['deploymentConfiguration']): DeploymentConfiguration {
  return {
    ...rest,
    deploymentCircuitBreaker: { ...deploymentCircuitBreaker },
    ...(linear && { linearConfiguration: { ...linear } }),
    ...(lifecycleHooks && { lifecycleHooks: structuredClone(lifecycleHooks) as DeploymentLifecycleHook[] }),
    ...(canary && { canaryConfiguration: { ...canary } }),
    ...(earlySuccessCriteria === undefined ? {} : { earlySuccessCriteria: { ...earlySuccessCriteria } }),
    ...(alarms === undefined ? {} : { alarms: { ...alarms, alarmNames: [...alarms.alarmNames] } }),
  };
}

/** A deleted service has no history any more, one of an external controller never had any. */
function currentHistory(
  scope: Scope,
  { cluster, name: service, status, serviceDeploymentId, deployments }: ServiceRecord,
  desiredCount: number,
  counts: CountedTasks,
): Pick<Service, 'currentServiceDeployment' | 'currentServiceRevisions'> {
  if (status === 'INACTIVE' || serviceDeploymentId === undefined) return {};
  const weightsOf = weightsOfService(deployments);
  return {
    currentServiceDeployment: serviceDeploymentArn(scope, { cluster, service, id: serviceDeploymentId }),
    currentServiceRevisions: deployments.map((deployment) => {
      const { wanted, running, pending } = counts.of(deployment.id);
      return {
        arn: serviceRevisionArn(scope, { cluster, service, id: deployment.serviceRevisionId }),
        requestedTaskCount: deployment.status === 'PRIMARY' ? desiredCount : wanted,
        runningTaskCount: running,
        pendingTaskCount: pending,
        ...weightsOf(deployment.id),
      };
    }),
  };
}

function deploymentView(
  scope: Scope,
  deployment: DeploymentRecord,
  desiredCount: number,
  counts: TaskCounts,
): Deployment {
  const { family, revision } = deployment.taskDefinition;
  return {
    id: deployment.id,
    status: deployment.status,
    taskDefinition: taskDefinitionArn(scope, family, revision),
    // A superseded deployment wants what it still has: nothing new is started for it.
    desiredCount: deployment.status === 'PRIMARY' ? desiredCount : counts.wanted,
    pendingCount: counts.pending,
    runningCount: counts.running,
    failedTasks: deployment.failedTasks,
    createdAt: new Date(deployment.createdAt),
    updatedAt: new Date(deployment.updatedAt),
    ...capacityView(deployment),
    ...networkView(deployment.networkConfiguration),
    ...serviceConnectView(deployment.serviceConnectConfiguration),
    rolloutState: deployment.rolloutState,
    rolloutStateReason: deployment.rolloutStateReason,
  };
}

/** A strategy hides the launch type: only one of them is shown. */
export function capacityView({
  launchType,
  capacityProviderStrategy,
  platformVersion,
}: Pick<DeploymentRecord, 'launchType' | 'capacityProviderStrategy' | 'platformVersion'>): Pick<
  Deployment,
  'launchType' | 'capacityProviderStrategy' | 'platformVersion' | 'platformFamily'
> {
  return {
    ...(capacityProviderStrategy === undefined
      ? { launchType }
      : { capacityProviderStrategy: capacityProviderStrategy.map((item) => ({ ...item })) }),
    ...(platformVersion === undefined ? {} : { platformVersion, platformFamily: 'Linux' }),
  };
}

interface TaskCounts {
  running: number;
  pending: number;
  /** Running or pending, and not asked to stop. */
  wanted: number;
}

export interface CountedTasks {
  readonly all: TaskCounts;
  of(deploymentId: string): TaskCounts;
}

/** A service's tasks that are running or pending, in all and by deployment. */
export function countTasks(
  reader: Reader,
  scope: Scope,
  service: Pick<ServiceRecord, 'cluster' | 'name'>,
): CountedTasks {
  const all: TaskCounts = { running: 0, pending: 0, wanted: 0 };
  const byDeployment = new Map<string, TaskCounts>();
  const of = (deploymentId: string): TaskCounts => {
    const counts = byDeployment.get(deploymentId) ?? { running: 0, pending: 0, wanted: 0 };
    byDeployment.set(deploymentId, counts);
    return counts;
  };
  for (const { value: task } of reader.byIndex(tasks, 'byService', serviceIndexValue(scope, service))) {
    const phase = phaseOf(task.lastStatus);
    if (phase === undefined) continue;
    for (const counts of [all, of(task.service?.deploymentId ?? '')]) {
      counts[phase] += 1;
      if (task.desiredStatus === 'RUNNING') counts.wanted += 1;
    }
  }
  return { all, of };
}

const constraintType = (type: string) => (type === 'memberOf' ? 'memberOf' : 'distinctInstance');
const strategyType = (type: string) => (type === 'spread' || type === 'binpack' ? type : 'random');
