import type { CreateServiceCommandInput, CreateServiceResponse } from '@aws-sdk/client-ecs';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { readExposure } from '../activation/read-exposure.ts';
import { clusterName, isName, type Scope } from '../arn.ts';
import { readCapacity } from '../capacity/read-capacity.ts';
import { readClientToken } from '../client-token.ts';
import { requireCluster } from '../cluster-lookup.ts';
import { launchTypes } from '../cluster-statistics.ts';
import { transactInTurn } from '../cluster-turns.ts';
import type { EcsContext } from '../context.ts';
import { beginServiceDeployment } from '../deployment/begin-service-deployment.ts';
import { withNewDeployment } from '../deployment/new-deployment.ts';
import { clientError, invalidParameter } from '../errors.ts';
import { awaiting, connectedBy, connectToGateways } from '../gateway/connect-service.ts';
import { readConnector } from '../gateway/read-connector.ts';
import { given } from '../given.ts';
import { refusePlacementOnFargate, requireCompatible, requireLaunchable } from '../launch-input.ts';
import { readNetworkConfiguration, requirePublicIpOnFargate } from '../network-configuration.ts';
import { readPlacementStrategy } from '../placement-rules.ts';
import {
  type ClusterRecord,
  type DeploymentRecord,
  type ServiceRecord,
  services,
  type TaskDefinitionRecord,
} from '../records.ts';
import { requestHash } from '../request-hash.ts';
import { connectService, discoveryServicesOf, withAliases } from '../service-connect/connect-service.ts';
import { serviceKey } from '../service-lookup.ts';
import {
  defaultConfiguration,
  readDeploymentConfiguration,
  readGracePeriod,
  readPropagateTags,
  readSchedulingStrategy,
  readServiceConstraints,
  readZoneRebalancing,
  refuseUnbuilt,
  requireAlarms,
  requireDesiredCount,
} from '../service-validation.ts';
import { serviceView } from '../service-view.ts';
import { validateTags } from '../tags.ts';
import { withTrafficShift } from '../traffic-shift/begin-shift.ts';
import { requireOwnRoutes } from '../traffic-shift/own-routes.ts';
import { requireStrategy } from '../traffic-shift/read-strategy.ts';
import { servedBy } from '../traffic-shift/routes.ts';
import { readExternalService } from './external-service.ts';

/** Service quota "Services per cluster". */
const maxServices = 5_000;

const maxTokenLength = 36;

/**
 * Writes the service with its first deployment; tasks follow. The same request with the same clientToken is
 * answered with the service as it now stands; any other for a name in use is refused.
 */
export async function createService(
  ecs: EcsContext,
  input: CreateServiceCommandInput,
  call: Call,
): Promise<CreateServiceResponse> {
  const schedulingStrategy = readSchedulingStrategy(input);
  refuseUnbuilt(input);
  const clientToken = readClientToken(input.clientToken, maxTokenLength);
  const parametersHash = requestHash(input);
  const name = input.serviceName ?? '';
  if (!isName(name))
    throw invalidParameter(
      'Service names can have up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens.',
    );

  await ecs.ensureServiceLinkedRole(call.accountId);
  return transactInTurn(ecs, call, clusterName(input.cluster), (tx) => {
    const cluster = requireCluster(tx, call, input.cluster);
    const key = serviceKey(call, cluster.name, name);
    const existing = tx.get(services, key);
    if (existing?.status === 'DRAINING')
      throw invalidParameter('Unable to Start a service that is still Draining.');
    if (existing?.status === 'ACTIVE') {
      const isRepetition =
        clientToken !== undefined &&
        existing.clientToken === clientToken &&
        existing.parametersHash === parametersHash;
      if (!isRepetition) throw invalidParameter('Creation of service was not idempotent.');
      return { service: serviceView(tx, call, existing, { withTags: true }) };
    }
    requireRoomForService(tx, call, cluster.name);
    const known = { ...given('clientToken', clientToken), parametersHash };
    if (input.deploymentController?.type === 'EXTERNAL') {
      const external = { ...readExternalService(ecs, cluster.name, name, input, call), ...known };
      tx.put(services, key, external);
      return { service: serviceView(tx, call, external, { withTags: true }) };
    }
    const created = beginService(tx, ecs, call, { cluster, name, schedulingStrategy, known }, input);
    return { service: serviceView(tx, call, created, { withTags: true }) };
  });
}

/** Writes the service that the request describes, checked from end to end, with its first deployment. */
export function beginService(
  tx: Transaction,
  ecs: EcsContext,
  call: Call,
  asked: {
    readonly cluster: ClusterRecord;
    readonly name: string;
    readonly schedulingStrategy: ServiceRecord['schedulingStrategy'];
    /** What of it the request doesn't describe. */
    readonly known: Pick<
      ServiceRecord,
      'clientToken' | 'parametersHash' | 'resourceManagementType' | 'awaitsInfrastructure'
    >;
  },
  input: CreateServiceCommandInput,
): ServiceRecord {
  const { cluster, name, schedulingStrategy, known } = asked;
  const { described, definition } = readService(tx, ecs, call, cluster, name, schedulingStrategy, input);
  requireAlarms(described.deploymentConfiguration, (names) => ecs.alarmReadings(tx, call, names));
  requireStrategy(described);
  requireOwnRoutes(tx, call, described);
  const first = withNewDeployment({ ...described, ...known }, ecs.random, call.now, () => false);
  const begun = withTrafficShift(first, call.now, (ruleArn) => servedBy(tx, call, ruleArn));
  const created = withAliases(tx, call, begun);
  tx.put(services, serviceKey(call, cluster.name, name), created);
  beginServiceDeployment(tx, call, created, definition, call.now);
  return created;
}

function readService(
  tx: Transaction,
  ecs: EcsContext,
  call: Call,
  cluster: ClusterRecord,
  name: string,
  schedulingStrategy: ServiceRecord['schedulingStrategy'],
  input: CreateServiceCommandInput,
): {
  readonly described: Omit<ServiceRecord, 'parametersHash' | 'serviceDeploymentId'> & {
    readonly taskDefinition: DeploymentRecord['taskDefinition'];
  };
  readonly definition: TaskDefinitionRecord;
} {
  // A daemon's tasks are not shared out: the cluster's default strategy is not for it.
  const capacity = readCapacity(
    tx,
    call,
    schedulingStrategy === 'DAEMON' ? { ...cluster, defaultCapacityProviderStrategy: [] } : cluster,
    input,
  );
  refusePlacementOnFargate(capacity.launchType, input);
  if (input.role)
    throw invalidParameter(
      input.loadBalancers?.length
        ? 'You cannot specify an IAM role for services that require a service linked role.'
        : 'IAM roles are only valid for services configured to use load balancers.',
    );
  const definition = requireLaunchable(tx, call, input.taskDefinition);
  requireCompatible(definition, capacity.launchType);
  const network = readNetworkConfiguration(tx, call, definition.definition, input.networkConfiguration);
  requirePublicIpOnFargate(capacity.launchType, network);
  const exposed = { definition: definition.definition, launchType: capacity.launchType };
  const connected = { cluster, name, ...exposed };
  const connect = connectService(tx, ecs, call, connected, input.serviceConnectConfiguration);
  const joining = { cluster: cluster.name, name, network, ...exposed };
  const connector = readConnector(input.gatewayConnectors);
  const connection = connectToGateways(tx, ecs.random, call, joining, connector);
  const exposure = {
    ...connectedBy(connection, readExposure(tx, call, exposed, input)),
    ...given('serviceConnectConfiguration', connect),
  };
  const described = {
    name,
    cluster: cluster.name,
    status: 'ACTIVE' as const,
    createdAt: call.now,
    createdBy: call.principal.arn,
    schedulingStrategy,
    desiredCount: schedulingStrategy === 'DAEMON' ? 0 : requireDesiredCount(input.desiredCount, exposure),
    ...capacity,
    taskDefinition: { family: definition.family, revision: definition.revision },
    deploymentConfiguration: readDeploymentConfiguration(
      input.deploymentConfiguration,
      defaultConfiguration(schedulingStrategy),
      ecs,
    ),
    ...given('networkConfiguration', network),
    ...exposure,
    ...given('discoveryServices', discoveryServicesOf(connect)),
    ...given(
      'healthCheckGracePeriodSeconds',
      readGracePeriod(
        input.healthCheckGracePeriodSeconds ??
          (exposure.loadBalancers || exposure.gatewayConnectors ? 0 : undefined),
      ),
    ),
    enableECSManagedTags: input.enableECSManagedTags ?? false,
    enableExecuteCommand: input.enableExecuteCommand ?? false,
    propagateTags: readPropagateTags(input.propagateTags ?? 'NONE'),
    placementStrategy: readPlacementStrategy(input.placementStrategy),
    placementConstraints: readServiceConstraints(input.placementConstraints, definition.definition),
    deployments: [],
    events: [],
    tags: validateTags(input.tags),
    ...awaiting(connection),
  };
  const { availabilityZoneRebalancing: asked } = input;
  const availabilityZoneRebalancing = readZoneRebalancing(asked, described, 'ENABLED');
  return { described: { ...described, availabilityZoneRebalancing }, definition };
}

/** @throws ClientException */
export function requireRoomForService(reader: Reader, scope: Scope, cluster: string): void {
  const within = `${scope.accountId}/${scope.region}/${cluster}`;
  let count = 0;
  for (const status of ['ACTIVE', 'DRAINING'])
    for (const launchType of launchTypes)
      count += reader.countByIndex(services, 'byClusterStatus', `${within}/${status}/${launchType}`);
  if (count >= maxServices)
    throw clientError(`The maximum number of services per cluster (${maxServices}) has been reached.`);
}
