import type { ModifySubnetAttributeCommandInput } from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { invalidParameterCombination, invalidValue, missingParameter, unsupported } from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { refuseMembers } from '../input/absent.ts';
import { kinds } from '../kinds.ts';
import { ec2Key, type SubnetRecord, subnets } from '../records.ts';

/** One attribute for each call. @throws InvalidSubnetID.NotFound, InvalidParameterCombination, MissingParameter */
export async function modifySubnetAttribute(
  { state }: Ec2Context,
  input: ModifySubnetAttributeCommandInput,
  call: Call,
): Promise<object> {
  const change = changeOf(input);
  await state.transact((tx) => {
    const subnet = requireRecord(tx, call, kinds.subnet, input.SubnetId, 'SubnetId');
    tx.put(subnets, ec2Key(subnets, call, subnet.id), { ...subnet, ...change });
  });
  return {};
}

/** `ec2:Attribute` and `ec2:Attribute/<name>`. */
export function attributeKeys({ SubnetId: _, ...attributes }: ModifySubnetAttributeCommandInput) {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return {
    'ec2:Attribute': given.map(([name]) => name),
    ...Object.fromEntries(
      given.map(([name, value]) => [
        `ec2:Attribute/${name}`,
        String(typeof value === 'object' ? value.Value : value),
      ]),
    ),
  };
}

function changeOf({ SubnetId: _, ...input }: ModifySubnetAttributeCommandInput): Partial<SubnetRecord> {
  refuseMembers(input, 'Outposts are', [
    'CustomerOwnedIpv4Pool',
    'DisableLniAtDeviceIndex',
    'EnableLniAtDeviceIndex',
    'MapCustomerOwnedIpOnLaunch',
  ]);
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const [name, ...others] = given.map(([each]) => each);
  if (name === undefined) throw missingParameter('MapPublicIpOnLaunch.Value');
  if (others.length > 0)
    throw invalidParameterCombination('Fields for multiple attribute types specified: only one is allowed');
  const { MapPublicIpOnLaunch, EnableResourceNameDnsARecordOnLaunch } = input;
  if (MapPublicIpOnLaunch) return { mapPublicIpOnLaunch: MapPublicIpOnLaunch.Value ?? false };
  if (EnableResourceNameDnsARecordOnLaunch)
    return { enableResourceNameDnsARecord: EnableResourceNameDnsARecordOnLaunch.Value ?? false };
  const { PrivateDnsHostnameTypeOnLaunch: type } = input;
  if (type !== undefined) {
    if (type !== 'ip-name' && type !== 'resource-name')
      throw invalidValue(type, 'privateDnsHostnameType', 'Expecting ip-name or resource-name.');
    return { privateDnsHostnameType: type };
  }
  const ipv6 = [
    input.AssignIpv6AddressOnCreation,
    input.EnableDns64,
    input.EnableResourceNameDnsAAAARecordOnLaunch,
  ];
  if (ipv6.some((each) => each?.Value)) throw unsupported(`${name}: IPv6 is`);
  return {};
}
