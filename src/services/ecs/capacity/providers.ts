import { type Reader, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import { capacityProviderName, isForeign, type Scope } from '../arn.ts';
import { clientError, invalidParameter } from '../errors.ts';
import { type CapacityProviderRecord, capacityProviders } from '../records.ts';

/** The two that every account has. They can be associated and used; they can't be changed or deleted. */
export const fargateProviders = ['FARGATE', 'FARGATE_SPOT'] as const;
export type FargateProvider = (typeof fargateProviders)[number];

export function isFargateProvider(name: string): name is FargateProvider {
  return name === 'FARGATE' || name === 'FARGATE_SPOT';
}

export function capacityProviderKey(scope: Scope, name: string): RecordKey {
  return recordKey(capacityProviders, scope.accountId, scope.region, name);
}

/** The provider that a name or ARN means, whatever its status. */
export function findCapacityProvider(
  reader: Reader,
  scope: Scope,
  identifier: string,
): CapacityProviderRecord | undefined {
  if (isForeign(identifier, scope)) return undefined;
  return reader.get(capacityProviders, capacityProviderKey(scope, capacityProviderName(identifier)));
}

export function activeProviders(reader: Reader, { accountId, region }: Scope): CapacityProviderRecord[] {
  return [...reader.list(capacityProviders, `/ecs/${accountId}/${region}/capacity-provider/`)]
    .map(({ value }) => value)
    .filter(({ status }) => status === 'ACTIVE');
}

/** @returns the ACTIVE ones that there are. @throws ClientException one of the name is there, or not quite gone. */
export function requireNewProvider(reader: Reader, scope: Scope, name: string): CapacityProviderRecord[] {
  const same = reader.get(capacityProviders, capacityProviderKey(scope, name));
  if (same !== undefined && same.status !== 'INACTIVE')
    throw clientError(
      'The specified capacity provider already exists. To change the configuration of an existing capacity provider, update the capacity provider.',
    );
  return activeProviders(reader, scope);
}

/** The only cluster that a provider of Managed Instances is for; undefined of every other provider. */
export function clusterOfProvider(reader: Reader, scope: Scope, name: string): string | undefined {
  const found = reader.get(capacityProviders, capacityProviderKey(scope, name));
  return found !== undefined && 'managedInstancesProvider' in found ? found.cluster : undefined;
}

/** Why ECS could launch no Managed Instance lately; undefined: nothing kept it from that. */
export function launchFailureOf(reader: Reader, scope: Scope, name = ''): string | undefined {
  const found = reader.get(capacityProviders, capacityProviderKey(scope, name));
  return found !== undefined && 'launchFailure' in found ? found.launchFailure?.message : undefined;
}

/**
 * The name of a provider that can be associated with clusters.
 * @throws InvalidParameterException there is no ACTIVE one of that name or ARN.
 */
export function requireProviderName(reader: Reader, scope: Scope, identifier: string | undefined): string {
  const name = identifier === undefined ? '' : capacityProviderName(identifier);
  const isOwn = identifier !== undefined && !isForeign(identifier, scope);
  if (isOwn && isFargateProvider(name)) return name;
  if (isOwn && findCapacityProvider(reader, scope, identifier)?.status === 'ACTIVE') return name;
  throw invalidParameter(
    `The specified capacity provider '${identifier ?? ''}' was not found. Specify a valid name or ARN and try again.`,
  );
}
