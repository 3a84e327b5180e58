import type { DeploymentConfiguration } from '@aws-sdk/client-ecs';
import { invalidParameter, unsupported } from '../errors.ts';
import type { CanaryRecord, LinearRecord } from '../records/deployment.ts';
import type { DeploymentConfigurationRecord, ServiceRecord } from '../records.ts';
import { isShifting } from './stages.ts';

/** The rules of a deployment strategy's parameters, in AWS's words where they are known. */

type Strategy = Pick<
  DeploymentConfigurationRecord,
  'strategy' | 'linearConfiguration' | 'canaryConfiguration'
>;

const strategies = ['ROLLING', 'BLUE_GREEN', 'LINEAR', 'CANARY'] as const;

/**
 * What is given over what there is; what another strategy had is forgotten.
 * @throws InvalidParameterException
 */
export function readStrategy(configuration: DeploymentConfiguration, current: Strategy): Strategy {
  const strategy = strategies.find((known) => known === (configuration.strategy ?? current.strategy));
  if (strategy === undefined) throw invalidParameter(`strategy should be one of [${strategies}].`);
  const { linearConfiguration, canaryConfiguration } = configuration;
  if (linearConfiguration !== undefined && strategy !== 'LINEAR')
    throw invalidParameter('linearConfiguration is only valid when the deployment strategy is LINEAR.');
  if (canaryConfiguration !== undefined && strategy !== 'CANARY')
    throw invalidParameter('canaryConfiguration is only valid when the deployment strategy is CANARY.');
  switch (strategy) {
    case 'LINEAR':
      return {
        strategy,
        linearConfiguration: readLinear(linearConfiguration ?? current.linearConfiguration),
      };
    case 'CANARY':
      return {
        strategy,
        canaryConfiguration: readCanary(canaryConfiguration ?? current.canaryConfiguration),
      };
    default:
      return { strategy };
  }
}

function readLinear({
  stepPercent = 10,
  stepBakeTimeInMinutes = 6,
}: DeploymentConfiguration['linearConfiguration'] = {}): LinearRecord {
  return {
    stepPercent: readPercent('stepPercent', stepPercent, 3),
    stepBakeTimeInMinutes: readMinutes('stepBakeTimeInMinutes', stepBakeTimeInMinutes),
  };
}

function readCanary({
  canaryPercent = 5,
  canaryBakeTimeInMinutes = 10,
}: DeploymentConfiguration['canaryConfiguration'] = {}): CanaryRecord {
  return {
    canaryPercent: readPercent('canaryPercent', canaryPercent, 0.1),
    canaryBakeTimeInMinutes: readMinutes('canaryBakeTimeInMinutes', canaryBakeTimeInMinutes),
  };
}

function readPercent(name: string, percent: number, least: number): number {
  const tenths = Math.round(percent * 10);
  if (percent < least || percent > 100 || Math.abs(tenths - percent * 10) > 1e-6)
    throw invalidParameter(`${name} must be a multiple of 0.1 from ${least.toFixed(1)} to 100.0.`);
  return tenths / 10;
}

const maxMinutes = 1_440;

function readMinutes(name: string, minutes: number): number {
  if (!Number.isInteger(minutes) || minutes < 0 || minutes > maxMinutes)
    throw invalidParameter(`${name} must be between 0 and ${maxMinutes}.`);
  return minutes;
}

type Shifted = Pick<
  ServiceRecord,
  | 'deploymentConfiguration'
  | 'schedulingStrategy'
  | 'launchType'
  | 'loadBalancers'
  | 'gatewayConnectors'
  | 'serviceRegistries'
  | 'serviceConnectConfiguration'
>;

/**
 * Whether a service can have its strategy.
 * @throws InvalidParameterException in AWS's words; UnsupportedFeatureException: what isn't built.
 */
export function requireStrategy(service: Shifted): void {
  const { strategy, earlySuccessCriteria, lifecycleHooks } = service.deploymentConfiguration;
  if (strategy === 'ROLLING') {
    if (lifecycleHooks) throw unsupported('lifecycleHooks with the deployment strategy ROLLING');
    return;
  }
  if (service.schedulingStrategy === 'DAEMON')
    throw invalidParameter(
      `The daemon scheduling strategy does not support the deployment strategy ${strategy}.`,
    );
  if (service.launchType === 'EXTERNAL')
    throw invalidParameter(`The launch type EXTERNAL does not support the deployment strategy ${strategy}.`);
  if (earlySuccessCriteria?.enable)
    throw invalidParameter('earlySuccessCriteria can only be used with the ROLLING deployment strategy.');
  if (service.serviceConnectConfiguration)
    throw unsupported(`Service Connect with the deployment strategy ${strategy}`);
  if (service.serviceRegistries)
    throw unsupported(`Service discovery (serviceRegistries) with the deployment strategy ${strategy}`);
  const { loadBalancers = [] } = service;
  if (loadBalancers.some(({ advancedConfiguration }) => advancedConfiguration === undefined))
    throw invalidParameter(
      'advancedConfiguration field is required for all loadBalancers when using a non-ROLLING deployment strategy',
    );
  const isBalanced = loadBalancers.length > 0 || service.gatewayConnectors !== undefined;
  if (!isBalanced && strategy !== 'BLUE_GREEN')
    throw invalidParameter(
      `The deployment strategy ${strategy} requires a service that uses Elastic Load Balancing or Service Connect.`,
    );
}

/**
 * Between two deployments traffic is divided by the rules of their load balancers.
 * @throws InvalidParameterException the next deployment knows nothing of those.
 */
export function refuseWhileShifting(before: ServiceRecord, after: ServiceRecord): void {
  const primary = before.deployments.find(({ status }) => status === 'PRIMARY');
  if (primary === undefined || !isShifting(primary, before.deployments)) return;
  const rulesOf = ({ loadBalancers = [] }: ServiceRecord): string => JSON.stringify(loadBalancers);
  if (after.deploymentConfiguration.strategy === 'ROLLING' || rulesOf(before) !== rulesOf(after))
    throw invalidParameter(
      'A deployment is shifting traffic. Until one has ended, the next can change neither the deployment strategy to ' +
        'ROLLING nor the load balancers.',
    );
}
