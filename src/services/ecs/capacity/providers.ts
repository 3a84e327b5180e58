import { type Reader, type RecordKey, recordKey } from '../../../reconcile/index.ts';
import { capacityProviderName, isForeign, type Scope } from '../arn.ts';
import { invalidParameter } from '../errors.ts';
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

/** The Auto Scaling group's provider that a name or ARN means, whatever its status. */
export function findCapacityProvider(
  reader: Reader,
  scope: Scope,
  identifier: string,
): CapacityProviderRecord | undefined {
  if (isForeign(identifier, scope)) return undefined;
  return reader.get(capacityProviders, capacityProviderKey(scope, capacityProviderName(identifier)));
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
