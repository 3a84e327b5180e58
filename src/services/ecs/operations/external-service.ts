import type { CreateServiceCommandInput, UpdateServiceCommandInput } from '@aws-sdk/client-ecs';
import { uuid } from '../../../clock/index.ts';
import type { Call } from '../../service.ts';
import type { EcsContext } from '../context.ts';
import { schedulerSettings } from '../deployment/scheduler-settings.ts';
import { withComputedCountsTold } from '../deployment/task-sets.ts';
import { invalidParameter, unsupported } from '../errors.ts';
import { given } from '../given.ts';
import { readPlacementConstraints, readPlacementStrategy } from '../placement-rules.ts';
import type { ServiceRecord } from '../records.ts';
import {
  defaultConfiguration,
  readDeploymentConfiguration,
  readDesiredCount,
  readGracePeriod,
  readPropagateTags,
} from '../service-validation.ts';
import { validateTags } from '../tags.ts';

/**
 * Services with the EXTERNAL deployment controller. What their tasks are like, their task sets say: at first such a
 * service is little more than a name and a count.
 */

/** What a task set says instead. */
const ofTaskSets = [
  'taskDefinition',
  'launchType',
  'capacityProviderStrategy',
  'platformVersion',
  'networkConfiguration',
  'loadBalancers',
  'gatewayConnectors',
  'serviceRegistries',
  'role',
] as const;

/** @throws InvalidParameterException something is given that only a task set can have. */
export function readExternalService(
  ecs: EcsContext,
  cluster: string,
  name: string,
  input: CreateServiceCommandInput,
  call: Call,
): Omit<ServiceRecord, 'parametersHash' | 'clientToken'> {
  for (const member of ofTaskSets) {
    const value = input[member];
    if (value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0))
      throw invalidParameter(`${member.charAt(0).toUpperCase()}${member.slice(1)} must be blank.`);
  }
  if (input.serviceConnectConfiguration?.enabled)
    throw invalidParameter('Service Connect is not supported for the EXTERNAL deployment controller.');
  if (input.availabilityZoneRebalancing === 'ENABLED')
    throw unsupported('Availability Zone Rebalancing of services with an external deployment controller');
  const { deploymentConfiguration } = input;
  const { deploymentCircuitBreaker, alarms, bakeTimeInMinutes = 0 } = deploymentConfiguration ?? {};
  if (deploymentCircuitBreaker?.enable || alarms?.enable || bakeTimeInMinutes > 0)
    throw invalidParameter(
      'A deployment circuit breaker, deployment alarms and a bake time are for the ECS deployment controller only.',
    );
  return {
    name,
    cluster,
    status: 'ACTIVE',
    createdAt: call.now,
    createdBy: call.principal.arn,
    schedulingStrategy: 'REPLICA',
    desiredCount: readDesiredCount(input.desiredCount ?? 0),
    launchType: 'EC2',
    deploymentConfiguration: readDeploymentConfiguration(
      deploymentConfiguration,
      defaultConfiguration('REPLICA'),
      ecs,
    ),
    availabilityZoneRebalancing: 'DISABLED',
    ...given('healthCheckGracePeriodSeconds', readGracePeriod(input.healthCheckGracePeriodSeconds)),
    enableECSManagedTags: input.enableECSManagedTags ?? false,
    enableExecuteCommand: input.enableExecuteCommand ?? false,
    propagateTags: readPropagateTags(input.propagateTags ?? 'NONE'),
    placementStrategy: readPlacementStrategy(input.placementStrategy),
    placementConstraints: readPlacementConstraints(input.placementConstraints),
    deployments: [],
    taskSets: [],
    events: [],
    tags: validateTags(input.tags),
  };
}

/** What an update of such a service may say (API reference, UpdateService). */
const updatable: readonly string[] = [
  'cluster',
  'service',
  'desiredCount',
  'placementConstraints',
  'placementStrategy',
  'healthCheckGracePeriodSeconds',
  'enableECSManagedTags',
  'propagateTags',
] satisfies readonly (keyof UpdateServiceCommandInput)[];

/** @throws InvalidParameterException something is given that such a service can't be updated with. */
export function updatedExternalService(
  ecs: EcsContext,
  service: ServiceRecord,
  input: UpdateServiceCommandInput,
  call: Call,
): ServiceRecord {
  for (const [member, value] of Object.entries(input))
    if (value !== undefined && !updatable.includes(member))
      throw invalidParameter(
        `${member} can't be updated on a service with an external deployment controller: its task sets have it.`,
      );
  const after: ServiceRecord = {
    ...service,
    desiredCount:
      input.desiredCount === undefined ? service.desiredCount : readDesiredCount(input.desiredCount),
    ...given('healthCheckGracePeriodSeconds', readGracePeriod(input.healthCheckGracePeriodSeconds)),
    enableECSManagedTags: input.enableECSManagedTags ?? service.enableECSManagedTags,
    propagateTags:
      input.propagateTags === undefined ? service.propagateTags : readPropagateTags(input.propagateTags),
    placementStrategy:
      input.placementStrategy === undefined
        ? service.placementStrategy
        : readPlacementStrategy(input.placementStrategy),
    placementConstraints:
      input.placementConstraints === undefined
        ? service.placementConstraints
        : readPlacementConstraints(input.placementConstraints),
  };
  const { name: serviceName } = service;
  const newEventId = () => uuid(ecs.random);
  return withComputedCountsTold(service, after, {
    serviceName,
    now: call.now,
    settings: schedulerSettings,
    newEventId,
  });
}
