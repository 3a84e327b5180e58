import type { CreateNatGatewayCommandInput, CreateNatGatewayResult } from '@aws-sdk/client-ec2';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { parseIpv4 } from '../../../topology/index.ts';
import type { Call } from '../../service.ts';
import { madeBefore, noteMade } from '../client-token.ts';
import type { Ec2Context } from '../context.ts';
import { invalidValue, limitReached, unsupported } from '../errors.ts';
import { newId, readId, requireRecord } from '../ids.ts';
import { refuseMembers } from '../input/absent.ts';
import { readTagSpecifications } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import { ec2Key, type NatGatewayRecord, natGateways, type Scope } from '../records.ts';
import { natGatewayView } from './nat-gateway-view.ts';

const operation = 'CreateNatGateway';

/** "NAT gateways per Availability Zone" (Amazon VPC quotas). */
const maxPerZone = 5;

/**
 * Notes that there is to be one: `reconcilers/nat-gateway-lifecycle.ts` makes it, or says why it can't.
 * @throws {Refusal} InvalidSubnetID.NotFound, IdempotentParameterMismatch, MissingParameter, NatGatewayLimitExceeded
 */
export async function createNatGateway(
  { state, random }: Ec2Context,
  input: CreateNatGatewayCommandInput,
  call: Call,
): Promise<CreateNatGatewayResult> {
  refuseUnsupported(input);
  const { AllocationId, SubnetId, PrivateIpAddress, ClientToken } = input;
  const tags = readTagSpecifications(input.TagSpecifications, 'natgateway');
  const allocationId = readId(kinds.address, AllocationId, 'AllocationId');
  if (PrivateIpAddress !== undefined && parseIpv4(PrivateIpAddress) === undefined)
    throw invalidValue(PrivateIpAddress, 'privateIpAddress', 'Invalid IPv4 address.');
  const gateway = await state.transact((tx) => {
    const before = madeBefore(tx, call, operation, input);
    const made = before === undefined ? undefined : tx.get(natGateways, ec2Key(natGateways, call, before));
    if (made !== undefined) return made;
    const subnet = requireRecord(tx, call, kinds.subnet, SubnetId, 'SubnetId');
    refuseTooMany(tx, call, subnet.availabilityZone);
    const fresh: NatGatewayRecord = {
      id: newId(random, 'nat'),
      vpcId: subnet.vpcId,
      subnetId: subnet.id,
      connectivityType: 'public',
      state: 'pending',
      allocationId,
      ...(PrivateIpAddress !== undefined && { privateIpv4: PrivateIpAddress }),
      ...(ClientToken !== undefined && { clientToken: ClientToken }),
      createdAt: call.now,
      tags,
    };
    tx.put(natGateways, ec2Key(natGateways, call, fresh.id), fresh);
    noteMade(tx, call, operation, input, fresh.id);
    return fresh;
  });
  return {
    NatGateway: natGatewayView(gateway),
    ...(ClientToken !== undefined && { ClientToken }),
  };
}

function refuseUnsupported(input: CreateNatGatewayCommandInput): void {
  if (input.ConnectivityType === 'private') throw unsupported('A private NAT gateway is');
  if (input.AvailabilityMode === 'regional') throw unsupported('A NAT gateway for all zones of a region is');
  refuseMembers(input, 'a NAT gateway for all zones of a region is', ['AvailabilityZoneAddresses', 'VpcId']);
  refuseMembers(input, 'a NAT gateway with more than one address is', [
    'SecondaryAllocationIds',
    'SecondaryPrivateIpAddressCount',
    'SecondaryPrivateIpAddresses',
  ]);
}

/** Those that have failed or been deleted don't count. */
function refuseTooMany(tx: Transaction, scope: Scope, availabilityZone: string): void {
  const count = tx
    .byIndex(natGateways, 'scope', `${scope.accountId}/${scope.region}`)
    .filter(({ value }) => isThere(value) && zoneOf(tx, scope, value) === availabilityZone).length;
  if (count >= maxPerZone) throw limitReached('NatGatewayLimitExceeded', 'NAT Gateways');
}

const isThere = ({ state }: NatGatewayRecord): boolean => state !== 'failed' && state !== 'deleted';

function zoneOf(reader: Reader, scope: Scope, { subnetId }: NatGatewayRecord): string | undefined {
  return known(reader, kinds.subnet, scope, subnetId)?.availabilityZone;
}
