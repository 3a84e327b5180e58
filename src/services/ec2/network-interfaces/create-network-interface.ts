import type {
  CreateNetworkInterfaceCommandInput,
  CreateNetworkInterfaceResult,
  PrivateIpAddressSpecification,
} from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { takeGivenAddress } from '../addresses/ipam.ts';
import { madeBefore, noteMade } from '../client-token.ts';
import type { Ec2Context } from '../context.ts';
import {
  ec2Refusal,
  invalidParameterCombination,
  limitReached,
  missingParameter,
  unsupported,
} from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { refuseMembers } from '../input/absent.ts';
import { readTagSpecifications } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import { ec2Key, type NetworkInterfaceRecord, networkInterfaces, type Scope } from '../records.ts';
import { interfaceView } from './interface-view.ts';
import { defaultGroupId, interfaceRecord, isInterfaceQuotaReached, newInterfaceId } from './new-interface.ts';
import { checkAddressCount, checkDescription, putInterface, requireGroups } from './own-interface.ts';
import {
  placesOf,
  readWantedAddresses,
  takeAnyAddress,
  takeWantedAddresses,
  type WantedAddresses,
} from './wanted-addresses.ts';

const operation = 'CreateNetworkInterface';

/**
 * @throws {Refusal} InsufficientFreeAddressesInSubnet, InsufficientCidrBlocks, InvalidIPAddress.InUse, InvalidSubnetID.NotFound,
 * InvalidGroup.NotFound, InvalidParameter, InvalidParameterValue, InvalidParameterCombination, IdempotentParameterMismatch,
 * NetworkInterfaceLimitExceeded, PrivateIpAddressLimitExceeded, SecurityGroupsPerInterfaceLimitExceeded
 */
export async function createNetworkInterface(
  ec2: Ec2Context,
  input: CreateNetworkInterfaceCommandInput,
  call: Call,
): Promise<CreateNetworkInterfaceResult> {
  const wishes = readWishes(input);
  const made = await ec2.state.transact((tx) => {
    const before = madeBefore(tx, call, operation, input);
    if (before !== undefined) return tx.get(networkInterfaces, ec2Key(networkInterfaces, call, before));
    const fresh = makeInterface(tx, ec2, call, input, wishes);
    noteMade(tx, call, operation, input, fresh.id);
    putInterface(tx, call, fresh);
    return fresh;
  });
  if (made === undefined) throw new Error('A client token is kept for an interface that is gone');
  const { ClientToken } = input;
  return {
    NetworkInterface: interfaceView(ec2.state, call, made),
    ...(ClientToken !== undefined && { ClientToken }),
  };
}

interface Wishes {
  readonly primary: string | undefined;
  readonly secondary: WantedAddresses;
  readonly description: string;
  readonly tags: NetworkInterfaceRecord['tags'];
}

function readWishes(input: CreateNetworkInterfaceCommandInput): Wishes {
  refuseMembers(input, 'there is no IPv6, which is', [
    'EnablePrimaryIpv6',
    'Ipv6AddressCount',
    'Ipv6Addresses',
    'Ipv6PrefixCount',
    'Ipv6Prefixes',
  ]);
  refuseMembers(input, 'other than by default is', ['ConnectionTrackingSpecification', 'Operator']);
  if (input.InterfaceType !== undefined && input.InterfaceType.toString() !== 'interface')
    throw unsupported(`An interface of type ${input.InterfaceType} is`);
  const { primary, others } = splitAddresses(input);
  const secondary = readWantedAddresses({
    ...input,
    addresses: others,
    Ipv4Prefixes: (input.Ipv4Prefixes ?? []).map(({ Ipv4Prefix }, index) => {
      if (Ipv4Prefix === undefined) throw missingParameter(`Ipv4Prefix.${index + 1}.Ipv4Prefix`);
      return Ipv4Prefix;
    }),
  });
  checkAddressCount(1 + placesOf(secondary));
  return {
    ...{ primary, secondary },
    description: checkDescription(input.Description),
    tags: readTagSpecifications(input.TagSpecifications, 'network-interface'),
  };
}

/** `PrivateIpAddress` is the primary one, or it is marked among `PrivateIpAddresses`. */
function splitAddresses({ PrivateIpAddress, PrivateIpAddresses = [] }: CreateNetworkInterfaceCommandInput): {
  readonly primary: string | undefined;
  readonly others: readonly string[];
} {
  const [marked, ...more] = PrivateIpAddresses.filter(({ Primary }) => Primary === true);
  if (more.length > 0 || (marked !== undefined && PrivateIpAddress !== undefined))
    throw invalidParameterCombination('Only one primary private IP address can be specified.');
  return {
    primary: PrivateIpAddress ?? (marked && addressIn(marked)),
    others: PrivateIpAddresses.filter((each) => each !== marked).map(addressIn),
  };
}

function addressIn({ PrivateIpAddress }: PrivateIpAddressSpecification): string {
  if (PrivateIpAddress === undefined) throw missingParameter('PrivateIpAddresses.1.PrivateIpAddress');
  return PrivateIpAddress;
}

function makeInterface(
  tx: Transaction,
  ec2: Ec2Context,
  scope: Scope,
  { SubnetId, Groups = [], ClientToken }: CreateNetworkInterfaceCommandInput,
  { primary, secondary, description, tags }: Wishes,
): NetworkInterfaceRecord {
  const subnet = requireRecord(tx, scope, kinds.subnet, SubnetId, 'SubnetId');
  const { vpcId } = subnet;
  const groups = requireGroups(tx, scope, vpcId, Groups, ({ id }) =>
    ec2Refusal(
      'InvalidParameter',
      `Security group ${id} and subnet ${subnet.id} belong to different networks.`,
    ),
  );
  if (isInterfaceQuotaReached(ec2, scope))
    throw limitReached('NetworkInterfaceLimitExceeded', 'network interfaces');
  const id = newInterfaceId(ec2);
  if (primary !== undefined) takeGivenAddress(tx, scope, subnet, primary, id);
  const { addresses, prefixes } = takeWantedAddresses(tx, scope, subnet, id, secondary);
  const first = primary ?? takeAnyAddress(tx, scope, subnet, id);
  return interfaceRecord(
    ec2,
    id,
    subnet,
    {
      ...{ description, tags, sourceDestCheck: true, interfaceType: 'interface' },
      securityGroupIds: groups.length > 0 ? groups : [defaultGroupId(tx, scope, vpcId)],
      ...(ClientToken !== undefined && { clientToken: ClientToken }),
    },
    { privateIpv4Addresses: [first, ...addresses], ipv4Prefixes: prefixes },
  );
}
