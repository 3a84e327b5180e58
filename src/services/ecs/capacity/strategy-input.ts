import type { CapacityProviderStrategyItem } from '@aws-sdk/client-ecs';
import type { Reader } from '../../../reconcile/index.ts';
import { capacityProviderName, type Scope } from '../arn.ts';
import { invalidParameter } from '../errors.ts';
import type { CapacityProviderStrategy } from '../records.ts';
import { clusterOfProvider, isFargateProvider, requireProviderName } from './providers.ts';

const maxProviders = 20;
const maxWeight = 1_000;
const maxBase = 100_000;

/**
 * A strategy as tasks, services and clusters give it, against the providers of the cluster (`associated`).
 * Rules: ECS API reference, `CapacityProviderStrategyItem`.
 * @returns undefined for none: not given, or empty.
 * @throws InvalidParameterException naming the rule.
 */
export function readStrategy(
  reader: Reader,
  scope: Scope,
  associated: readonly string[],
  items: readonly CapacityProviderStrategyItem[] | undefined,
): CapacityProviderStrategy | undefined {
  if (items === undefined || items.length === 0) return undefined;
  if (items.length > maxProviders)
    throw invalidParameter(
      `The maximum number of capacity providers in a strategy (${maxProviders}) has been exceeded.`,
    );
  const strategy = items.map((item) => {
    const weight = item.weight ?? 0;
    const base = item.base ?? 0;
    if (!Number.isInteger(weight) || weight < 0 || weight > maxWeight)
      throw invalidParameter(`The weight of a capacity provider must be between 0 and ${maxWeight}.`);
    if (!Number.isInteger(base) || base < 0 || base > maxBase)
      throw invalidParameter(`The base of a capacity provider must be between 0 and ${maxBase}.`);
    return { capacityProvider: requireProviderName(reader, scope, item.capacityProvider), weight, base };
  });
  const names = strategy.map(({ capacityProvider }) => capacityProvider);
  if (new Set(names).size !== names.length)
    throw invalidParameter('The capacity provider strategy cannot contain duplicate capacity providers.');
  const stranger = names.find((name) => !associated.includes(name));
  if (stranger !== undefined)
    throw invalidParameter(
      `The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster: ${stranger}. Associate the capacity provider with the cluster and try again.`,
    );
  if (names.some(isFargateProvider) && !names.every(isFargateProvider))
    throw invalidParameter(
      'The specified capacity provider strategy cannot contain both Fargate capacity providers and Auto Scaling group capacity providers.',
    );
  const isManaged = (name: string): boolean => clusterOfProvider(reader, scope, name) !== undefined;
  if (names.some(isManaged) && !names.every(isManaged))
    throw invalidParameter(
      'The specified capacity provider strategy cannot contain Managed Instances capacity providers together with Fargate or Auto Scaling group capacity providers.',
    );
  if (strategy.filter(({ base }) => base > 0).length > 1)
    throw invalidParameter(
      'The specified capacity provider strategy cannot contain more than one capacity provider with a base value defined.',
    );
  // A single provider takes everything, whatever its weight.
  if (strategy.length > 1 && strategy.every(({ weight }) => weight === 0))
    throw invalidParameter(
      'The specified capacity provider strategy is invalid. At least one capacity provider must have a weight greater than 0.',
    );
  return strategy;
}

export interface ClusterCapacity {
  readonly capacityProviders: readonly string[];
  readonly defaultCapacityProviderStrategy: CapacityProviderStrategy;
}

/** "Capacity providers per cluster". */
const maxProvidersOfCluster = 20;

/** The providers and default strategy of a cluster, as CreateCluster and PutClusterCapacityProviders give them. */
export function readClusterCapacity(
  reader: Reader,
  scope: Scope,
  cluster: string,
  input: {
    readonly capacityProviders?: readonly string[] | undefined;
    readonly defaultCapacityProviderStrategy?: readonly CapacityProviderStrategyItem[] | undefined;
  },
): ClusterCapacity {
  const given = input.capacityProviders ?? [];
  if (new Set(given.map(capacityProviderName)).size > maxProvidersOfCluster)
    throw invalidParameter('The maximum number of capacity providers per cluster has been exceeded.');
  const names = [...new Set(given.map((identifier) => requireProviderName(reader, scope, identifier)))];
  const stranger = names.find((name) => (clusterOfProvider(reader, scope, name) ?? cluster) !== cluster);
  if (stranger !== undefined)
    throw invalidParameter(
      `The capacity provider ${stranger} is of Managed Instances of another cluster and cannot be associated with ${cluster}.`,
    );
  return {
    capacityProviders: names,
    defaultCapacityProviderStrategy:
      readStrategy(reader, scope, names, input.defaultCapacityProviderStrategy) ?? [],
  };
}
