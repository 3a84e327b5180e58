import type {
  CreateServiceCommandInput,
  DeploymentAlarms,
  DeploymentCircuitBreaker,
  DeploymentConfiguration,
  DeploymentController,
  DeploymentEarlySuccessCriteria,
  PlacementConstraint,
  ThresholdConfiguration,
  UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs';
import type { AlarmReading } from '../cloudwatch/index.ts';
import { maxDiscoveredTasks } from './activation/service-registries.ts';
import type { EcsContext } from './context.ts';
import { invalidParameter, unsupported } from './errors.ts';
import { given } from './given.ts';
import { readPlacementConstraints } from './placement-rules.ts';
import type {
  CircuitBreakerRecord,
  DeploymentAlarmsRecord,
  DeploymentConfigurationRecord,
  EarlySuccessRecord,
  ExposureRecord,
  ServiceRecord,
  StoredTaskDefinition,
} from './records.ts';
import { maxInteger } from './task-definition/field-rules.ts';
import { readHooks } from './traffic-shift/read-hooks.ts';
import { readStrategy } from './traffic-shift/read-strategy.ts';

/**
 * The rules of a service's parameters, in AWS's words where they are known. What isn't built yet is refused
 * here, before anything changes.
 */
type ServiceInput = Partial<CreateServiceCommandInput & UpdateServiceCommandInput>;
type Member = keyof CreateServiceCommandInput | keyof UpdateServiceCommandInput;

/** Whether a member asks for what isn't built. */
type Asks = { readonly [M in Member]: (value: ServiceInput[M]) => boolean };

const isBuilt = (): boolean => false;
const isAny = (list: readonly unknown[] | undefined): boolean => list !== undefined && list.length > 0;

/** Every member of the requests is here: one that the SDK adds is a compile error until somebody decides. */
const asksForUnbuilt: Asks = {
  availabilityZoneRebalancing: isBuilt,
  capacityProviderStrategy: isBuilt,
  clientToken: isBuilt,
  cluster: isBuilt,
  deploymentConfiguration: isBuilt,
  deploymentController: isBuilt,
  desiredCount: isBuilt,
  enableECSManagedTags: isBuilt,
  enableExecuteCommand: isBuilt,
  forceNewDeployment: isBuilt,
  gatewayConnectors: isBuilt,
  healthCheckGracePeriodSeconds: isBuilt,
  launchType: isBuilt,
  loadBalancers: isBuilt,
  monitoring: (value) => value !== undefined,
  networkConfiguration: isBuilt,
  placementConstraints: isBuilt,
  placementStrategy: isBuilt,
  platformVersion: isBuilt,
  propagateTags: isBuilt,
  role: isBuilt,
  schedulingStrategy: isBuilt,
  service: isBuilt,
  serviceConnectConfiguration: isBuilt,
  serviceName: isBuilt,
  serviceRegistries: isBuilt,
  tags: isBuilt,
  taskDefinition: isBuilt,
  volumeConfigurations: isAny,
  vpcLatticeConfigurations: isAny,
};

/** @throws UnsupportedFeatureException naming the first parameter that asks for what isn't built. */
export function refuseUnbuilt(input: ServiceInput): void {
  for (const member of Object.keys(asksForUnbuilt) as Member[]) {
    if (asks(input, member)) throw unsupported(`The parameter ${member}`);
  }
  refuseController(input.deploymentController);
}

function asks<M extends Member>(input: ServiceInput, member: M): boolean {
  return asksForUnbuilt[member](input[member]);
}

function refuseController(controller: DeploymentController | undefined): void {
  switch (controller?.type) {
    case undefined:
    case 'ECS':
    case 'EXTERNAL':
      return;
    case 'CODE_DEPLOY':
      throw unsupported(`The deployment controller ${controller.type}`);
    default:
      throw invalidParameter('deploymentController type should be one of [ECS,CODE_DEPLOY,EXTERNAL].');
  }
}

/** @throws InvalidParameterException there is no such strategy, or something else is asked for that it excludes. */
export function readSchedulingStrategy(
  input: CreateServiceCommandInput,
): ServiceRecord['schedulingStrategy'] {
  const { schedulingStrategy = 'REPLICA' } = input;
  if (schedulingStrategy === 'REPLICA') return schedulingStrategy;
  if (schedulingStrategy !== 'DAEMON')
    throw invalidParameter('schedulingStrategy should be one of [REPLICA,DAEMON].');
  if (input.launchType === 'FARGATE')
    throw invalidParameter('The daemon scheduling strategy does not support the launch type FARGATE.');
  const controller = input.deploymentController?.type;
  if (controller === 'CODE_DEPLOY' || controller === 'EXTERNAL')
    throw invalidParameter(
      `The daemon scheduling strategy does not support the deployment controller ${controller}.`,
    );
  refuseForDaemon(input);
  return schedulingStrategy;
}

/** What a DAEMON service can be neither created with nor updated to, in AWS's words. @throws InvalidParameterException */
export function refuseForDaemon(input: ServiceInput): void {
  if (isAny(input.capacityProviderStrategy))
    throw invalidParameter(
      'Specifying a capacity provider strategy is not supported when you create a service using the DAEMON scheduling strategy.',
    );
  if (input.desiredCount !== undefined)
    throw invalidParameter(
      'The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and try again',
    );
  if (isAny(input.placementStrategy))
    throw invalidParameter(
      'The daemon scheduling strategy does not support placement strategies. Remove the placement strategy and try again',
    );
  if ((input.deploymentConfiguration?.maximumPercent ?? 100) > 100)
    throw invalidParameter(
      'The daemon scheduling strategy does not support values above 100 for maximumPercent on a deployment configuration. ' +
        'Change the maximumPercent value to 100, and try again',
    );
}

/** @throws InvalidParameterException a REPLICA service says no count, or an impossible one. */
export function requireDesiredCount(count: number | undefined, exposure: ExposureRecord): number {
  if (count === undefined) throw invalidParameter('DesiredCount is missing');
  return readDesiredCount(count, exposure);
}

/** Service quota "Tasks per service". */
const maxDesiredCount = 5_000;

/** @throws InvalidParameterException */
export function readDesiredCount(count: number, exposure: ExposureRecord = {}): number {
  if (count < 0) throw invalidParameter('DesiredCount can not be lesser than 0');
  if (!Number.isInteger(count)) throw invalidParameter(`DesiredCount ${count} is not a whole number`);
  const { serviceRegistries, serviceConnectConfiguration } = exposure;
  const isDiscovered = serviceRegistries !== undefined || serviceConnectConfiguration !== undefined;
  const most = isDiscovered ? maxDiscoveredTasks : maxDesiredCount;
  if (count > most) throw invalidParameter(`DesiredCount can not be greater than ${most}`);
  return count;
}

export function readGracePeriod(seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > maxInteger)
    throw invalidParameter(`healthCheckGracePeriodSeconds must be between 0 and ${maxInteger}.`);
  return seconds;
}

export function readPropagateTags(propagateTags: string): ServiceRecord['propagateTags'] {
  if (propagateTags === 'NONE' || propagateTags === 'SERVICE' || propagateTags === 'TASK_DEFINITION')
    return propagateTags;
  throw invalidParameter('propagateTags should be one of [TASK_DEFINITION,SERVICE,NONE].');
}

/** A service's constraints, checked together with those that its tasks have by their definition. */
export function readServiceConstraints(
  constraints: readonly PlacementConstraint[] | undefined,
  definition: StoredTaskDefinition,
): ServiceRecord['placementConstraints'] {
  readPlacementConstraints([...(definition.placementConstraints ?? []), ...(constraints ?? [])]);
  return readPlacementConstraints(constraints);
}

export function defaultConfiguration(
  schedulingStrategy: ServiceRecord['schedulingStrategy'],
): DeploymentConfigurationRecord {
  return {
    strategy: 'ROLLING',
    maximumPercent: schedulingStrategy === 'DAEMON' ? 100 : 200,
    minimumHealthyPercent: schedulingStrategy === 'DAEMON' ? 0 : 100,
    bakeTimeInMinutes: 0,
    deploymentCircuitBreaker: { enable: false, rollback: false },
  };
}

/** What is given over what there is. */
export function readDeploymentConfiguration(
  configuration: DeploymentConfiguration | undefined,
  current: DeploymentConfigurationRecord,
  { hookFunctions }: Pick<EcsContext, 'hookFunctions'>,
): DeploymentConfigurationRecord {
  if (configuration === undefined) return current;
  const maximumPercent = configuration.maximumPercent ?? current.maximumPercent;
  const minimumHealthyPercent = configuration.minimumHealthyPercent ?? current.minimumHealthyPercent;
  if (!Number.isInteger(maximumPercent) || maximumPercent < 100 || maximumPercent > maxInteger)
    throw invalidParameter('maximumPercent must be 100 or more.');
  if (!Number.isInteger(minimumHealthyPercent) || minimumHealthyPercent < 0 || minimumHealthyPercent > 100)
    throw invalidParameter('minimumHealthyPercent must be between 0 and 100.');
  if (maximumPercent === 100 && minimumHealthyPercent === 100)
    throw invalidParameter(
      'Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.',
    );
  const alarms = configuration.alarms === undefined ? current.alarms : readAlarms(configuration.alarms);
  const { linearConfiguration: _linear, canaryConfiguration: _canary, lifecycleHooks, ...rest } = current;
  const hooks = configuration.lifecycleHooks
    ? readHooks(configuration.lifecycleHooks, hookFunctions !== undefined)
    : lifecycleHooks;
  return {
    ...rest,
    ...(hooks !== undefined && hooks.length > 0 && { lifecycleHooks: hooks }),
    ...readStrategy(configuration, current),
    maximumPercent,
    minimumHealthyPercent,
    bakeTimeInMinutes: readBakeTime(configuration.bakeTimeInMinutes ?? current.bakeTimeInMinutes),
    deploymentCircuitBreaker:
      configuration.deploymentCircuitBreaker === undefined
        ? current.deploymentCircuitBreaker
        : readCircuitBreaker(configuration.deploymentCircuitBreaker),
    ...(alarms === undefined ? {} : { alarms }),
    ...given(
      'earlySuccessCriteria',
      readEarlySuccess(
        configuration.earlySuccessCriteria ?? current.earlySuccessCriteria,
        minimumHealthyPercent,
      ),
    ),
  };
}

function readEarlySuccess(
  criteria: DeploymentEarlySuccessCriteria | undefined,
  minimumHealthyPercent: number,
): EarlySuccessRecord | undefined {
  if (criteria === undefined) return undefined;
  if (!criteria.enable) return { enable: false };
  const { healthyPercent = Number.NaN, sourceServiceRevisionCleanup } = criteria;
  if (!Number.isInteger(healthyPercent) || healthyPercent < 0 || healthyPercent > 100)
    throw invalidParameter('healthyPercent of earlySuccessCriteria must be between 0 and 100.');
  if (healthyPercent < minimumHealthyPercent)
    throw invalidParameter(
      'healthyPercent of earlySuccessCriteria must be greater than or equal to minimumHealthyPercent.',
    );
  if (sourceServiceRevisionCleanup !== 'BLOCKING' && sourceServiceRevisionCleanup !== 'DEFERRED')
    throw invalidParameter(
      'sourceServiceRevisionCleanup of earlySuccessCriteria should be one of [BLOCKING,DEFERRED].',
    );
  return { enable: true, healthyPercent, sourceServiceRevisionCleanup };
}

const maxBakeTimeInMinutes = 1_440;

function readBakeTime(minutes: number): number {
  if (!Number.isInteger(minutes) || minutes < 0 || minutes > maxBakeTimeInMinutes)
    throw invalidParameter(`bakeTimeInMinutes must be between 0 and ${maxBakeTimeInMinutes}.`);
  return minutes;
}

function readAlarms({
  alarmNames = [],
  enable = false,
  rollback = false,
}: DeploymentAlarms): DeploymentAlarmsRecord {
  if (enable && alarmNames.length === 0)
    throw invalidParameter('alarmNames can not be empty when deployment alarms are enabled.');
  if (new Set(alarmNames).size < alarmNames.length || alarmNames.includes(''))
    throw invalidParameter('alarmNames can not contain blank or duplicate names.');
  return { alarmNames: [...alarmNames], enable, rollback };
}

/** @throws InvalidParameterException the deployment is to be watched by an alarm that there isn't. */
export function requireAlarms(
  { alarms }: DeploymentConfigurationRecord,
  readingsOf: (names: readonly string[]) => ReadonlyMap<string, AlarmReading>,
): void {
  if (!alarms?.enable) return;
  const known = readingsOf(alarms.alarmNames);
  const missing = alarms.alarmNames.filter((name) => !known.has(name));
  if (missing.length > 0) throw invalidParameter(`The following alarms do not exist: ${missing.join(', ')}`);
}

function readCircuitBreaker(breaker: DeploymentCircuitBreaker): CircuitBreakerRecord {
  const { enable = false, rollback = false, resetOnHealthyTask, thresholdConfiguration } = breaker;
  return {
    enable,
    rollback,
    ...given('resetOnHealthyTask', resetOnHealthyTask),
    ...(thresholdConfiguration === undefined
      ? {}
      : { thresholdConfiguration: readThreshold(thresholdConfiguration) }),
  };
}

function readThreshold({
  type,
  value = Number.NaN,
}: ThresholdConfiguration): NonNullable<CircuitBreakerRecord['thresholdConfiguration']> {
  switch (type) {
    case 'COUNT':
      if (!Number.isInteger(value) || value < 1 || value > maxInteger)
        throw invalidParameter('The value of a COUNT thresholdConfiguration must be 1 or more.');
      return { type, value };
    case 'BOUNDED_PERCENT':
    case 'UNBOUNDED_PERCENT':
      if (!Number.isInteger(value) || value < 1 || value > 100)
        throw invalidParameter(`The value of a ${type} thresholdConfiguration must be between 1 and 100.`);
      return { type, value };
    default:
      throw invalidParameter(
        'The type of a thresholdConfiguration should be one of [BOUNDED_PERCENT,UNBOUNDED_PERCENT,COUNT].',
      );
  }
}

type Rebalanced = Pick<
  ServiceRecord,
  | 'schedulingStrategy'
  | 'launchType'
  | 'capacityProviderStrategy'
  | 'deploymentConfiguration'
  | 'placementStrategy'
  | 'placementConstraints'
>;

/**
 * What is asked for, else `otherwise` where the service can be rebalanced.
 * @throws InvalidParameterException it is asked for and the service can't be.
 */
export function readZoneRebalancing(
  asked: string | undefined,
  service: Rebalanced,
  otherwise: ServiceRecord['availabilityZoneRebalancing'],
): ServiceRecord['availabilityZoneRebalancing'] {
  const isBuiltFor = service.launchType !== 'FARGATE' && service.capacityProviderStrategy === undefined;
  const obstacle = obstacleToRebalancing(service);
  switch (asked) {
    case undefined:
      return isBuiltFor && obstacle === undefined ? otherwise : 'DISABLED';
    case 'DISABLED':
      return asked;
    case 'ENABLED':
      if (obstacle !== undefined) throw invalidParameter(obstacle);
      if (!isBuiltFor)
        throw unsupported('Availability Zone Rebalancing of services on Fargate or with capacity providers');
      return asked;
    default:
      throw invalidParameter('availabilityZoneRebalancing should be one of [ENABLED,DISABLED].');
  }
}

const zoneAttribute = 'attribute:ecs.availability-zone';

function obstacleToRebalancing(service: Rebalanced): string | undefined {
  const { launchType, deploymentConfiguration, placementStrategy, placementConstraints } = service;
  const [strategy] = placementStrategy;
  if (service.schedulingStrategy === 'DAEMON')
    return 'The daemon scheduling strategy does not support Availability Zone Rebalancing.';
  if (launchType === 'EXTERNAL')
    return 'Availability Zone Rebalancing does not support the launch type EXTERNAL.';
  if (deploymentConfiguration.maximumPercent <= 100)
    return 'Availability Zone Rebalancing needs a maximumPercent above 100 on the deployment configuration.';
  if (strategy !== undefined && (strategy.type !== 'spread' || strategy.field !== zoneAttribute))
    return 'Availability Zone Rebalancing only supports availability zone spread as task placement strategy.';
  if (placementConstraints.some(({ expression }) => expression?.includes(zoneAttribute)))
    return 'Availability Zone Rebalancing does not support placement constraints on the Availability Zone.';
  return undefined;
}
