import { isDeepStrictEqual } from 'node:util';
import type { CapacityProviderStrategyItem } from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import type { Scope } from '../arn.ts';
import { ecsRefusal, invalidParameter, unsupported } from '../errors.ts';
import type { CapacityProviderStrategy, ClusterRecord, LaunchedType } from '../records.ts';
import { clusterOfProvider, isFargateProvider } from './providers.ts';
import { readStrategy } from './strategy-input.ts';

/** Where the tasks of a launch or a service go. */
export interface Capacity {
  /** With a strategy: what its providers are of. */
  readonly launchType: LaunchedType;
  readonly capacityProviderStrategy?: CapacityProviderStrategy;
  /** As asked for; Fargate's only. */
  readonly platformVersion?: string;
}

type PlatformVersion = 'LATEST' | '1.4.0';
/** What LATEST means. */
export const currentPlatformVersion = '1.4.0';

interface CapacityInput {
  readonly launchType?: string | undefined;
  readonly capacityProviderStrategy?: readonly CapacityProviderStrategyItem[] | undefined;
  readonly platformVersion?: string | undefined;
}

/**
 * What a launch says of its capacity: a launch type or a strategy; saying neither, the cluster's default strategy,
 * and where it has none the launch type EC2.
 * @throws InvalidParameterException, PlatformUnknownException
 */
export function readCapacity(
  reader: Reader,
  scope: Scope,
  cluster: ClusterRecord,
  input: CapacityInput,
): Capacity {
  const isStrategyGiven = (input.capacityProviderStrategy ?? []).length > 0;
  if (isStrategyGiven && input.launchType !== undefined)
    throw invalidParameter('Specify either Launch Type or Capacity Provider Strategy, but not both.');
  if (input.launchType !== undefined) {
    const launchType = readLaunchType(input.launchType);
    return { launchType, ...readPlatformVersion(input.platformVersion, launchType) };
  }
  const ofCluster = cluster.defaultCapacityProviderStrategy ?? [];
  const strategy = isStrategyGiven
    ? readStrategy(reader, scope, cluster.capacityProviders ?? [], input.capacityProviderStrategy)
    : ofCluster.length > 0
      ? ofCluster
      : undefined;
  const launchType = strategy === undefined ? 'EC2' : launchTypeOf(reader, scope, strategy);
  return {
    launchType,
    ...(strategy === undefined ? {} : { capacityProviderStrategy: strategy }),
    ...readPlatformVersion(input.platformVersion, launchType),
  };
}

/** The kinds of providers never stand in one strategy. */
function launchTypeOf(
  reader: Reader,
  scope: Scope,
  [first]: CapacityProviderStrategy,
): 'EC2' | 'FARGATE' | 'MANAGED_INSTANCES' {
  const name = first?.capacityProvider ?? '';
  if (isFargateProvider(name)) return 'FARGATE';
  return clusterOfProvider(reader, scope, name) === undefined ? 'EC2' : 'MANAGED_INSTANCES';
}

function readLaunchType(launchType: string): LaunchedType {
  switch (launchType) {
    case 'EC2':
    case 'EXTERNAL':
    case 'FARGATE':
      return launchType;
    case 'MANAGED_INSTANCES':
      throw invalidParameter(
        'The launch type MANAGED_INSTANCES cannot be specified: use a capacity provider strategy of Managed Instances capacity providers.',
      );
    default:
      throw invalidParameter('launch type should be one of [EC2,FARGATE,EXTERNAL,FMI,MANAGED_INSTANCES]');
  }
}

/** @throws InvalidParameterException it isn't Fargate's; PlatformUnknownException there is no such version. */
function readPlatformVersion(
  platformVersion: string | undefined,
  launchType: LaunchedType,
): { readonly platformVersion?: PlatformVersion } {
  if (launchType !== 'FARGATE') {
    if (platformVersion)
      throw invalidParameter(
        `The platform version must be null when specifying an ${launchType} launch type.`,
      );
    return {};
  }
  switch (platformVersion || 'LATEST') {
    case 'LATEST':
      return { platformVersion: 'LATEST' };
    case currentPlatformVersion:
      return { platformVersion: currentPlatformVersion };
    case '1.0.0':
    case '1.1.0':
    case '1.2.0':
    case '1.3.0':
      throw unsupported(`The platform version ${platformVersion}, which AWS has retired,`);
    default:
      throw ecsRefusal('PlatformUnknownException', `The platform version ${platformVersion} does not exist.`);
  }
}

/**
 * What an update makes of a service's capacity. An empty strategy goes back to the launch type alone.
 * @throws InvalidParameterException another strategy without a new deployment.
 */
export function changedCapacity(
  reader: Reader,
  scope: Scope,
  cluster: ClusterRecord,
  current: Capacity,
  input: Omit<CapacityInput, 'launchType'> & { readonly forceNewDeployment?: boolean | undefined },
): Capacity {
  const items = input.capacityProviderStrategy;
  const strategy =
    items === undefined
      ? current.capacityProviderStrategy
      : readStrategy(reader, scope, cluster.capacityProviders ?? [], items);
  if (!isDeepStrictEqual(strategy, current.capacityProviderStrategy) && !input.forceNewDeployment)
    throw invalidParameter(
      'When switching from launch type to capacity provider strategy on an existing service, or making a change to a capacity provider strategy on a service that is already using one, you must force a new deployment.',
    );
  const launchType = strategy === undefined ? current.launchType : launchTypeOf(reader, scope, strategy);
  const asked = input.platformVersion || (launchType === 'FARGATE' ? current.platformVersion : undefined);
  return {
    launchType,
    ...(strategy === undefined ? {} : { capacityProviderStrategy: strategy }),
    ...readPlatformVersion(asked, launchType),
  };
}
