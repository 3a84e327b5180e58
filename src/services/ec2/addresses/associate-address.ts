import type {
  AssociateAddressCommandInput,
  AssociateAddressResult,
  DisassociateAddressCommandInput,
} from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import {
  ec2Refusal,
  invalidParameterCombination,
  invalidParameterValue,
  missingParameter,
  shown,
  unsupported,
} from '../errors.ts';
import { newId, requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import { notYours, requireOwnInterface } from '../network-interfaces/own-interface.ts';
import {
  type AddressRecord,
  addresses,
  ec2Key,
  internetGateways,
  type NetworkInterfaceRecord,
  type Scope,
} from '../records.ts';
import { disassociate } from './associations.ts';
import { isOfService, requireAddress, withAssociation } from './find-address.ts';

/**
 * @throws {Refusal} AuthFailure (a service's interface, or its address), Gateway.NotAttached, InvalidAllocationID.NotFound,
 * InvalidAddress.NotFound, InvalidInstanceID.NotFound, InvalidNetworkInterfaceID.NotFound, InvalidParameterValue,
 * Resource.AlreadyAssociated
 */
export async function associateAddress(
  { state, random }: Ec2Context,
  input: AssociateAddressCommandInput,
  call: Call,
): Promise<AssociateAddressResult> {
  const { AllocationId, PublicIp, InstanceId, NetworkInterfaceId, AllowReassociation = true } = input;
  if (AllocationId === undefined && PublicIp === undefined) throw missingParameter('AllocationId');
  if (InstanceId !== undefined && NetworkInterfaceId !== undefined) {
    throw invalidParameterCombination(
      'The parameter InstanceId cannot be used with the parameter NetworkInterfaceId',
    );
  }
  return state.transact((tx) => {
    const elastic = requireAddress(tx, call, { AllocationId, PublicIp });
    if (InstanceId !== undefined) {
      requireRecord(tx, call, kinds.instance, InstanceId, 'InstanceId');
      throw unsupported('Elastic IP addresses of a machine itself (name a network interface instead) are');
    }
    const target = requireOwnInterface(tx, call, NetworkInterfaceId);
    const privateIpv4 = addressOf(target, input.PrivateIpAddress);
    requireInternetGateway(tx, call, target.vpcId);
    if (isOfService(tx, call, elastic)) throw notYours();
    const { association } = elastic;
    if (association?.networkInterfaceId === target.id && association.privateIpv4 === privateIpv4)
      return { AssociationId: association.id };
    for (const before of [elastic, associatedWith(tx, call, target, privateIpv4)]) {
      if (before?.association === undefined) continue;
      if (!AllowReassociation) throw alreadyAssociated(before);
      disassociate(tx, call, before);
    }
    const id = newId(random, 'eipassoc');
    tx.put(addresses, ec2Key(addresses, call, elastic.allocationId), {
      ...elastic,
      association: { id, networkInterfaceId: target.id, privateIpv4 },
    });
    return { AssociationId: id };
  });
}

/** @throws {Refusal} AuthFailure (a service has it), InvalidAssociationID.NotFound, InvalidAddress.NotFound */
export async function disassociateAddress(
  { state }: Ec2Context,
  { AssociationId, PublicIp }: DisassociateAddressCommandInput,
  call: Call,
): Promise<object> {
  if (AssociationId === undefined && PublicIp === undefined) throw missingParameter('AssociationId');
  await state.transact((tx) => {
    const AllocationId =
      AssociationId === undefined ? undefined : withAssociation(tx, call, AssociationId)?.allocationId;
    if (AssociationId !== undefined && AllocationId === undefined) throw associationNotFound(AssociationId);
    const elastic = requireAddress(tx, call, { AllocationId, PublicIp });
    const { association } = elastic;
    if (association === undefined || (AssociationId !== undefined && association.id !== AssociationId))
      throw associationNotFound(AssociationId ?? elastic.publicIpv4);
    if (isOfService(tx, call, elastic)) throw notYours();
    disassociate(tx, call, elastic);
  });
  return {};
}

function addressOf({ id, privateIpv4Addresses }: NetworkInterfaceRecord, wanted: string | undefined): string {
  const address = wanted ?? privateIpv4Addresses[0] ?? '';
  if (!privateIpv4Addresses.includes(address))
    throw invalidParameterValue(`The address ${shown(address)} is not assigned to interface ${id}`);
  return address;
}

/** @throws Gateway.NotAttached */
function requireInternetGateway(tx: Transaction, scope: Scope, vpcId: string): void {
  const isAttached = tx
    .byIndex(internetGateways, 'vpc', vpcId)
    .some(
      ({ value }) => tx.get(internetGateways, ec2Key(internetGateways, scope, value.id))?.vpcId === vpcId,
    );
  if (!isAttached)
    throw ec2Refusal('Gateway.NotAttached', `Network ${vpcId} is not attached to any internet gateway`);
}

/** What a private address has already; one that came with the interface is kept by services alone. */
function associatedWith(
  tx: Transaction,
  scope: Scope,
  { id }: NetworkInterfaceRecord,
  privateIpv4: string,
): AddressRecord | undefined {
  const found = tx
    .byIndex(addresses, 'interface', id)
    .find(({ value }) => value.association?.privateIpv4 === privateIpv4);
  return found && tx.get(addresses, ec2Key(addresses, scope, found.value.allocationId));
}

const alreadyAssociated = ({ allocationId, association }: AddressRecord) =>
  ec2Refusal(
    'Resource.AlreadyAssociated',
    `resource ${allocationId} is already associated with associate-id ${association?.id}`,
  );

const associationNotFound = (id: string) =>
  ec2Refusal('InvalidAssociationID.NotFound', `The association ID '${shown(id)}' does not exist`);
