import type { Reader } from '../../../reconcile/index.ts';
import { type EventSource, eventSource, type NewEvent, type SeenChange } from '../../events/index.ts';
import { clusterArn, containerInstanceArn, serviceArn, serviceDeploymentArn, taskArn } from '../arn.ts';
import { instanceView } from '../instance-view.ts';
import {
  type ContainerInstanceRecord,
  containerInstances,
  type DeploymentRecord,
  fargateHosts,
  type ServiceDeploymentRecord,
  type ServiceRecord,
  serviceDeployments,
  services,
  type TaskRecord,
  tasks,
} from '../records.ts';
import { taskView } from '../task-view.ts';
import { serviceActionOf } from './service-action.ts';

/** What ECS tells EventBridge (developer guide, "Amazon ECS events"). */
export function ecsEventSources(reader: Reader): readonly EventSource[] {
  return [
    eventSource(tasks, (change) => taskEvents(reader, change)),
    eventSource(containerInstances, (change) => instanceEvents(reader, change)),
    eventSource(services, serviceEvents),
    eventSource(serviceDeployments, hookEvents),
  ];
}

const source = 'aws.ecs';

/** Each version of a task that users see is an event; `detail.version` tells repetitions apart. */
function taskEvents(
  reader: Reader,
  { scope, before, after, now }: SeenChange<TaskRecord>,
): readonly NewEvent[] {
  if (before?.version === after.version) return [];
  const detail = taskView(reader, scope, after, { withTags: false });
  return [
    {
      source,
      detailType: 'ECS Task State Change',
      resources: [taskArn(scope, after.cluster, after.id)],
      time: now,
      detail: {
        ...detail,
        attachments: detail.attachments?.map(({ type, ...rest }) => ({
          ...rest,
          type: type === 'ElasticNetworkInterface' ? 'eni' : type,
        })),
        updatedAt: new Date(now),
      },
    },
  ];
}

/** The machines under Fargate tasks are nobody's container instances. */
function instanceEvents(
  reader: Reader,
  { scope, before, after, now }: SeenChange<ContainerInstanceRecord>,
): readonly NewEvent[] {
  if (before?.version === after.version || after.cluster === fargateHosts) return [];
  const view = instanceView(reader, scope, after, { withTags: false, withHealth: false });
  return [
    {
      source,
      detailType: 'ECS Container Instance State Change',
      resources: [containerInstanceArn(scope, after.cluster, after.id)],
      time: now,
      detail: { ...view, clusterArn: clusterArn(scope, after.cluster), updatedAt: new Date(now) },
    },
  ];
}

/** What a service did, from the messages that it keeps for people, and how its deployments go. */
function serviceEvents(change: SeenChange<ServiceRecord>): readonly NewEvent[] {
  const { scope, before, after } = change;
  const resources = [serviceArn(scope, after.cluster, after.name)];
  const told = new Set(before?.events.map(({ id }) => id));
  const actions = after.events
    .filter(({ id }) => !told.has(id))
    .toReversed()
    .flatMap(({ message, createdAt }): NewEvent[] => {
      const action = serviceActionOf(message, after.serviceRegistries !== undefined);
      if (action === undefined) return [];
      return [
        {
          source,
          detailType: 'ECS Service Action',
          resources,
          time: createdAt,
          detail: {
            ...action,
            clusterArn: clusterArn(scope, after.cluster),
            createdAt: new Date(createdAt),
          },
        },
      ];
    });
  const deployments = after.deployments.flatMap((deployment): NewEvent[] => {
    const earlier = before?.deployments.find(({ id }) => id === deployment.id);
    if (earlier?.rolloutState === deployment.rolloutState) return [];
    return [
      {
        source,
        detailType: 'ECS Deployment State Change',
        resources,
        time: deployment.updatedAt,
        detail: {
          ...rollouts[deployment.rolloutState],
          deploymentId: deployment.id,
          updatedAt: new Date(deployment.updatedAt),
          reason: deployment.rolloutStateReason,
        },
      },
    ];
  });
  return [...actions, ...deployments];
}

/** What becomes of the hooks that a service deployment waits for ("Amazon ECS service deployment hook state change events"). */
function hookEvents({ scope, before, after, now }: SeenChange<ServiceDeploymentRecord>): readonly NewEvent[] {
  const { cluster, service, shift } = after;
  const statusBefore = new Map(before?.shift?.hooks.map(({ id, status }) => [id, status]));
  const serviceDeployment = serviceDeploymentArn(scope, after);
  return (shift?.hooks ?? [])
    .filter(({ id, status }) => statusBefore.get(id) !== status)
    .map(({ id: hookId, targetType: hookType, status, expiresAt }) => ({
      ...{ source, detailType: 'ECS Hook State Change', resources: [serviceDeployment], time: now },
      detail: {
        eventType: status === 'FAILED' || status === 'TIMED_OUT' ? 'ERROR' : 'INFO',
        ...{ eventName: `HOOK_${status}`, hookId, hookType, expiresAt: new Date(expiresAt) },
        lifecycleStage: shift?.lifecycleStage,
        clusterArn: clusterArn(scope, cluster),
        serviceArn: serviceArn(scope, cluster, service),
        serviceDeploymentArn: serviceDeployment,
        updatedAt: new Date(now),
      },
    }));
}

const rollouts: Readonly<Record<DeploymentRecord['rolloutState'], object>> = {
  IN_PROGRESS: { eventType: 'INFO', eventName: 'SERVICE_DEPLOYMENT_IN_PROGRESS' },
  COMPLETED: { eventType: 'INFO', eventName: 'SERVICE_DEPLOYMENT_COMPLETED' },
  FAILED: { eventType: 'ERROR', eventName: 'SERVICE_DEPLOYMENT_FAILED' },
};
