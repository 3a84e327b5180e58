import type { ServiceInstance } from '../../servicediscovery/index.ts';
import type { Scope } from '../arn.ts';
import type { ServiceLoadBalancerRecord, ServiceRegistryRecord, TaskRecord } from '../records.ts';
import { endpointOf } from './endpoint.ts';

/** What of a task is not in its record, and is told about it. */
export interface Surroundings {
  readonly scope: Scope;
  /** Of its container instance, if that is one of EC2's. */
  readonly ec2InstanceId?: string | undefined;
  /** Names of the essential containers that have a health check. */
  readonly checkedContainers: ReadonlySet<string>;
}

/**
 * A task as an instance of its registry (Amazon ECS developer guide, "Service discovery": its attributes).
 * @returns what is in the way, in a sentence, when it can't be found by the registry's port.
 */
export function registryInstance(
  task: TaskRecord,
  registry: ServiceRegistryRecord,
  { scope, ec2InstanceId, checkedContainers }: Surroundings,
): ServiceInstance | string {
  const endpoint = endpointOf(task, registry);
  if (endpoint === undefined) return notPublished(registry);
  const { externalId } = task.activation ?? {};
  return {
    registryArn: registry.registryArn,
    instanceId: task.id,
    attributes: {
      AWS_INSTANCE_IPV4: endpoint.ipv4,
      ...(endpoint.port !== undefined && { AWS_INSTANCE_PORT: String(endpoint.port) }),
      AVAILABILITY_ZONE: task.availabilityZone,
      REGION: scope.region,
      ...(task.service && { ECS_SERVICE_NAME: task.service.name }),
      ECS_CLUSTER_NAME: task.cluster,
      ...(ec2InstanceId !== undefined && task.launchType !== 'FARGATE' && { EC2_INSTANCE_ID: ec2InstanceId }),
      ECS_TASK_DEFINITION_FAMILY: task.taskDefinition.family,
      ...(externalId !== undefined && { ECS_TASK_SET_EXTERNAL_ID: externalId }),
    },
    health: registryHealth(task, checkedContainers),
  };
}

export function notPublished({
  containerName,
  containerPort,
  transport,
}: Pick<ServiceRegistryRecord, 'containerName' | 'containerPort'> &
  Pick<ServiceLoadBalancerRecord, 'transport'>): string {
  const how = { UDP: ' for UDP', TCP_UDP: ' for TCP and UDP on one port of its machine' };
  return `The container ${containerName} has not published its port ${containerPort}${transport ? how[transport] : ''}.`;
}

/** Without a health check that decides on it, a task is as healthy as it is RUNNING. */
export function registryHealth(
  { containers }: TaskRecord,
  checkedContainers: ReadonlySet<string>,
): ServiceInstance['health'] {
  const isHealthy = containers.every(
    ({ name, healthStatus }) => !checkedContainers.has(name) || healthStatus === 'HEALTHY',
  );
  return isHealthy ? 'HEALTHY' : 'UNHEALTHY';
}
