import type {
  AllocateAddressCommandInput,
  AllocateAddressResult,
  ReleaseAddressCommandInput,
} from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { ec2Refusal, invalidValue, limitReached, missingParameter, unsupported } from '../errors.ts';
import { newId } from '../ids.ts';
import { refuseMembers } from '../input/absent.ts';
import { readTagSpecifications } from '../input/tags.ts';
import { notYours } from '../network-interfaces/own-interface.ts';
import { addresses, ec2Key } from '../records.ts';
import { isOfService, requireAddress } from './find-address.ts';
import { releasePublicAddress, takePublicAddress } from './public-pool.ts';

/** "Elastic IP addresses per Region" (Amazon VPC quotas). */
const maxAddresses = 5;

/** What all of them are from. */
export const publicIpv4Pool = 'amazon';

/** @throws {Refusal} AddressLimitExceeded, InsufficientAddressCapacity: the installation has no public address left. */
export async function allocateAddress(
  { state, random, publicCidr }: Ec2Context,
  input: AllocateAddressCommandInput,
  call: Call,
): Promise<AllocateAddressResult> {
  refuseMembers(input, 'an address of one’s own choice or of another pool is', [
    'Address',
    'CustomerOwnedIpv4Pool',
    'IpamPoolId',
  ]);
  const { Domain = 'vpc', PublicIpv4Pool = publicIpv4Pool, NetworkBorderGroup = call.region } = input;
  if (Domain !== 'vpc') throw unsupported(`An address of the domain ${Domain} is`);
  if (PublicIpv4Pool !== publicIpv4Pool) throw unsupported('An address of another pool is');
  if (NetworkBorderGroup !== call.region)
    throw invalidValue(NetworkBorderGroup, 'networkBorderGroup', `Expecting ${call.region}.`);
  const tags = readTagSpecifications(input.TagSpecifications, 'elastic-ip');
  const scopeText = `${call.accountId}/${call.region}`;
  return state.transact((tx) => {
    const allocationId = newId(random, 'eipalloc');
    // Whoever takes a public address races everybody who does, so that the count is right, too.
    const publicIpv4 = takePublicAddress(tx, publicCidr, call, allocationId);
    if (tx.countByIndex(addresses, 'scope', scopeText) >= maxAddresses)
      throw limitReached('AddressLimitExceeded', 'addresses');
    if (publicIpv4 === undefined) {
      throw ec2Refusal(
        'InsufficientAddressCapacity',
        `None of the installation's public addresses (${publicCidr}) is free.`,
      );
    }
    tx.put(addresses, ec2Key(addresses, call, allocationId), { allocationId, publicIpv4, tags });
    return {
      PublicIp: publicIpv4,
      AllocationId: allocationId,
      PublicIpv4Pool,
      NetworkBorderGroup,
      Domain,
    };
  });
}

/**
 * @throws {Refusal} InvalidAllocationID.NotFound, InvalidAddress.NotFound, InvalidIPAddress.InUse (it is associated),
 * AuthFailure (a NAT gateway has it)
 */
export async function releaseAddress(
  { state }: Ec2Context,
  { AllocationId, PublicIp }: ReleaseAddressCommandInput,
  call: Call,
): Promise<object> {
  if (AllocationId === undefined && PublicIp === undefined) throw missingParameter('AllocationId');
  await state.transact((tx) => {
    const elastic = requireAddress(tx, call, { AllocationId, PublicIp });
    const { allocationId, publicIpv4, association } = elastic;
    if (isOfService(tx, call, elastic)) throw notYours();
    if (association !== undefined)
      throw ec2Refusal('InvalidIPAddress.InUse', `Address ${publicIpv4} is in use.`);
    releasePublicAddress(tx, publicIpv4, allocationId);
    tx.delete(addresses, ec2Key(addresses, call, allocationId));
  });
  return {};
}
