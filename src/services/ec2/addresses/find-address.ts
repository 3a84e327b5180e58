import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { ec2Refusal, invalidParameterCombination, shown } from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import { type AddressRecord, addresses, ec2Key, networkInterfaces, type Scope } from '../records.ts';

export interface NamedAddress {
  readonly AllocationId?: string | undefined;
  readonly PublicIp?: string | undefined;
}

/**
 * The Elastic IP address that a request names by its allocation or by itself.
 * @throws InvalidAllocationID.NotFound, InvalidAddress.NotFound, InvalidParameterCombination, MissingParameter
 */
export function requireAddress(
  tx: Transaction,
  scope: Scope,
  { AllocationId, PublicIp }: NamedAddress,
): AddressRecord {
  if (AllocationId !== undefined && PublicIp !== undefined) {
    throw invalidParameterCombination(
      'You may specify public IP or allocation id, but not both in the same call',
    );
  }
  const id = PublicIp === undefined ? AllocationId : withPublicIp(tx, scope, PublicIp)?.allocationId;
  if (PublicIp !== undefined && id === undefined) throw addressNotFound(PublicIp);
  return requireRecord(tx, scope, kinds.address, id, 'AllocationId');
}

export const addressNotFound = (publicIp: string) =>
  ec2Refusal('InvalidAddress.NotFound', `Address '${shown(publicIp)}' not found.`);

export function withPublicIp(reader: Reader, scope: Scope, publicIp: string): AddressRecord | undefined {
  return own(scope, reader.byIndex(addresses, 'publicIpv4', publicIp));
}

export function withAssociation(
  reader: Reader,
  scope: Scope,
  associationId: string,
): AddressRecord | undefined {
  return own(scope, reader.byIndex(addresses, 'association', associationId));
}

/** Whether a service has it, as a NAT gateway has its. */
export function isOfService(tx: Transaction, scope: Scope, { association }: AddressRecord): boolean {
  if (association === undefined) return false;
  const { networkInterfaceId } = association;
  const holder = tx.get(networkInterfaces, ec2Key(networkInterfaces, scope, networkInterfaceId));
  return holder?.requesterId !== undefined;
}

/** Indexes are of all accounts and regions. */
function own(
  scope: Scope,
  found: readonly { readonly key: string; readonly value: AddressRecord }[],
): AddressRecord | undefined {
  return found.find(({ key, value }) => key === ec2Key(addresses, scope, value.allocationId))?.value;
}
