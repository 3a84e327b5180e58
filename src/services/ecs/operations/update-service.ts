import type { UpdateServiceCommandInput, UpdateServiceResponse } from '@aws-sdk/client-ecs';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { withoutExposure } from '../activation/exposure.ts';
import { changedExposure } from '../activation/read-exposure.ts';
import { clusterName, type Scope } from '../arn.ts';
import { type Capacity, changedCapacity } from '../capacity/read-capacity.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { beginServiceDeployment } from '../deployment/begin-service-deployment.ts';
import { beginsDeployment } from '../deployment/beginning.ts';
import { withNewDeployment, withoutPauses } from '../deployment/new-deployment.ts';
import { clientError, ecsRefusal } from '../errors.ts';
import { awaiting, changedConnection, connectedBy } from '../gateway/connect-service.ts';
import { given } from '../given.ts';
import { refusePlacementOnFargate, requireCompatible, requireLaunchable } from '../launch-input.ts';
import { readNetworkConfiguration, requirePublicIpOnFargate } from '../network-configuration.ts';
import { readPlacementStrategy } from '../placement-rules.ts';
import {
  type ClusterRecord,
  type NetworkConfigurationRecord,
  phaseOf,
  type ServiceRecord,
  services,
  type TaskDefinitionRecord,
  taskDefinitions,
  tasks,
} from '../records.ts';
import {
  type Connected,
  connectService,
  discoveryServicesOf,
  withAliases,
} from '../service-connect/connect-service.ts';
import { requireService, serviceKey } from '../service-lookup.ts';
import {
  readDeploymentConfiguration,
  readDesiredCount,
  readGracePeriod,
  readPropagateTags,
  readServiceConstraints,
  readZoneRebalancing,
  refuseForDaemon,
  refuseUnbuilt,
  requireAlarms,
} from '../service-validation.ts';
import { serviceView } from '../service-view.ts';
import { taskDefinitionKey } from '../task-definition-lookup.ts';
import { staysForTraffic, withTrafficShift } from '../traffic-shift/begin-shift.ts';
import { requireOwnRoutes } from '../traffic-shift/own-routes.ts';
import { refuseWhileShifting, requireStrategy } from '../traffic-shift/read-strategy.ts';
import { servedBy } from '../traffic-shift/routes.ts';
import { updatedExternalService } from './external-service.ts';

/**
 * Changes what is given and leaves the rest. What `beginning.ts` says begins a deployment, which supersedes the ones
 * before; everything else holds for the tasks that are started or stopped from now on. Whatever it is, pauses after failures end.
 */
export async function updateService(
  ecs: EcsContext,
  input: UpdateServiceCommandInput,
  call: Call,
): Promise<UpdateServiceResponse> {
  refuseUnbuilt(input);
  return transactInTurn(ecs, call, clusterName(input.cluster), (tx) => {
    const cluster = requireCluster(tx, call, input.cluster);
    const before = requireService(tx, call, cluster.name, input.service);
    if (before.status !== 'ACTIVE') throw ecsRefusal('ServiceNotActiveException', 'Service was not ACTIVE.');
    if (before.taskSets !== undefined) {
      const external = updatedExternalService(ecs, before, input, call);
      tx.put(services, serviceKey(call, cluster.name, before.name), external);
      return { service: serviceView(tx, call, external, { withTags: true }) };
    }
    if (before.schedulingStrategy === 'DAEMON') refuseForDaemon(input);
    const after = changeService(tx, ecs, call, { cluster, before }, input);
    return { service: serviceView(tx, call, after, { withTags: true }) };
  });
}

/** Writes the service as the request changes it, with the deployment that this begins. */
export function changeService(
  tx: Transaction,
  ecs: EcsContext,
  call: Call,
  { cluster, before }: { readonly cluster: ClusterRecord; readonly before: ServiceRecord },
  input: UpdateServiceCommandInput,
): ServiceRecord {
  const capacity = changedCapacity(tx, call, cluster, before, input);
  const { after, definition } = updated(tx, ecs, call, cluster, before, capacity, input);
  if (input.deploymentConfiguration?.alarms !== undefined)
    requireAlarms(after.deploymentConfiguration, (names) => ecs.alarmReadings(tx, call, names));
  tx.put(services, serviceKey(call, cluster.name, before.name), after);
  if (after.serviceDeploymentId !== before.serviceDeploymentId)
    beginServiceDeployment(tx, call, after, definition, call.now);
  return after;
}

function updated(
  tx: Transaction,
  ecs: EcsContext,
  call: Call,
  cluster: ClusterRecord,
  service: ServiceRecord,
  capacity: Capacity,
  input: UpdateServiceCommandInput,
): { readonly after: ServiceRecord; readonly definition: TaskDefinitionRecord } {
  const definition = definitionOf(tx, call, service, input);
  if (input.taskDefinition || capacity.launchType !== service.launchType)
    requireCompatible(definition, capacity.launchType);
  const changed = withZoneRebalancing(
    withCapacity(withChanges(ecs, service, definition, input), capacity),
    input.availabilityZoneRebalancing,
  );
  refusePlacementOnFargate(capacity.launchType, changed);
  const { networkConfiguration: _network, awaitsInfrastructure, ...rest } = withoutExposure(changed);
  const taskDefinition = { family: definition.family, revision: definition.revision };
  const network = networkOf(tx, call, service, definition, input);
  requirePublicIpOnFargate(capacity.launchType, network);
  const exposed = { definition: definition.definition, launchType: capacity.launchType };
  const connect = connectOf(tx, ecs, call, { cluster, service, ...exposed }, input);
  const joining = { cluster: cluster.name, name: service.name, network, ...exposed };
  const connection = changedConnection(tx, ecs.random, call, joining, service, input);
  const connected = {
    ...rest,
    taskDefinition,
    ...given('networkConfiguration', network),
    ...connectedBy(connection, changedExposure(tx, call, exposed, service, input)),
    ...(service.resourceManagementType === 'ECS'
      ? given('awaitsInfrastructure', awaitsInfrastructure)
      : awaiting(connection)),
    ...given('serviceConnectConfiguration', connect),
    ...given('discoveryServices', discoveryServicesOf(connect, service.discoveryServices)),
  };
  readDesiredCount(connected.desiredCount, connected);
  requireStrategy(connected);
  requireOwnRoutes(tx, call, connected);
  if (!beginsDeployment(input, service, connected))
    return { after: { ...connected, deployments: service.deployments.map(withoutPauses) }, definition };
  refuseWhileShifting(service, connected);
  const hasTasks = deploymentsWithTasks(tx, call, service);
  const stays = staysForTraffic(connected);
  const isKept = (id: string): boolean => hasTasks(id) || stays(id);
  const next = withNewDeployment(connected, ecs.random, call.now, isKept);
  const begun = withTrafficShift(next, call.now, (ruleArn) => servedBy(tx, call, ruleArn));
  return { after: withAliases(tx, call, begun), definition };
}

function withCapacity(service: ServiceRecord, capacity: Capacity): ServiceRecord {
  const { capacityProviderStrategy: _strategy, platformVersion: _version, ...rest } = service;
  return { ...rest, ...capacity };
}

function withChanges(
  ecs: Pick<EcsContext, 'hookFunctions'>,
  service: ServiceRecord,
  definition: TaskDefinitionRecord,
  input: UpdateServiceCommandInput,
): ServiceRecord {
  const constraints = input.placementConstraints ?? service.placementConstraints.map(toInput);
  return {
    ...service,
    taskDefinition: { family: definition.family, revision: definition.revision },
    desiredCount:
      input.desiredCount === undefined ? service.desiredCount : readDesiredCount(input.desiredCount),
    deploymentConfiguration: readDeploymentConfiguration(
      input.deploymentConfiguration,
      service.deploymentConfiguration,
      ecs,
    ),
    ...given('healthCheckGracePeriodSeconds', readGracePeriod(input.healthCheckGracePeriodSeconds)),
    enableECSManagedTags: input.enableECSManagedTags ?? service.enableECSManagedTags,
    enableExecuteCommand: input.enableExecuteCommand ?? service.enableExecuteCommand,
    propagateTags:
      input.propagateTags === undefined ? service.propagateTags : readPropagateTags(input.propagateTags),
    placementStrategy:
      input.placementStrategy === undefined
        ? service.placementStrategy
        : readPlacementStrategy(input.placementStrategy),
    placementConstraints: readServiceConstraints(constraints, definition.definition),
  };
}

function withZoneRebalancing(service: ServiceRecord, asked: string | undefined): ServiceRecord {
  const current = service.availabilityZoneRebalancing;
  return { ...service, availabilityZoneRebalancing: readZoneRebalancing(asked, service, current) };
}

/** The one that is named must be ACTIVE; the one in use may have become INACTIVE. */
function definitionOf(
  reader: Reader,
  scope: Scope,
  service: ServiceRecord,
  input: UpdateServiceCommandInput,
): TaskDefinitionRecord {
  if (input.taskDefinition) return requireLaunchable(reader, scope, input.taskDefinition);
  const used = service.taskDefinition;
  const inUse = used && reader.get(taskDefinitions, taskDefinitionKey(scope, used.family, used.revision));
  if (inUse === undefined) throw clientError('TaskDefinition not found.');
  return inUse;
}

/** Not given: as it is, if the definition's network mode can have it. Given empty: none. */
function networkOf(
  reader: Reader,
  scope: Scope,
  service: ServiceRecord,
  { definition }: TaskDefinitionRecord,
  input: UpdateServiceCommandInput,
): NetworkConfigurationRecord | undefined {
  const { networkConfiguration: current } = service;
  const { networkConfiguration: asked } = input;
  if (asked !== undefined) return readNetworkConfiguration(reader, scope, definition, asked);
  const isKept = current !== undefined && definition.networkMode === 'awsvpc';
  return isKept
    ? current
    : readNetworkConfiguration(
        reader,
        scope,
        definition,
        current && { awsvpcConfiguration: { subnets: [] } },
      );
}

/** Not given: as it is, if the definition can have it. */
function connectOf(
  tx: Transaction,
  ecs: EcsContext,
  call: Call,
  { service, ...rest }: Omit<Connected, 'name'> & { readonly service: ServiceRecord },
  { serviceConnectConfiguration: asked, taskDefinition }: UpdateServiceCommandInput,
): ServiceRecord['serviceConnectConfiguration'] {
  const { name, serviceConnectConfiguration: current } = service;
  if (asked === undefined && taskDefinition === undefined) return current;
  return connectService(tx, ecs, call, { ...rest, name, before: current }, asked ?? current?.configuration);
}

function deploymentsWithTasks(
  reader: Reader,
  scope: Scope,
  service: ServiceRecord,
): (deploymentId: string) => boolean {
  const indexValue = `${scope.accountId}/${scope.region}/${service.cluster}/${service.name}`;
  const ids = new Set<string>();
  for (const { value: task } of reader.byIndex(tasks, 'byService', indexValue))
    if (task.service !== undefined && phaseOf(task.lastStatus) !== undefined)
      ids.add(task.service.deploymentId);
  return (deploymentId) => ids.has(deploymentId);
}

const toInput = ({ expression }: ServiceRecord['placementConstraints'][number]) =>
  expression === undefined
    ? ({ type: 'distinctInstance' } as const)
    : ({ type: 'memberOf', expression } as const);
