import type {
  CreateDefaultVpcResult,
  CreateVpcCommandInput,
  CreateVpcResult,
  Vpc,
} from '@aws-sdk/client-ec2';
import { cidrText } from '../../../topology/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { ec2Refusal, invalidValue, unsupported } from '../errors.ts';
import { refuseMembers } from '../input/absent.ts';
import { readTagSpecifications } from '../input/tags.ts';
import { putDefaultVpc } from './default-vpc.ts';
import { putNewVpc } from './new-vpc.ts';
import { readVpcBlock } from './vpc-cidrs.ts';
import { vpcView } from './vpc-view.ts';

/** It is there at once; the answer says `pending`, as AWS's does. */
export async function createVpc(
  { state, random }: Ec2Context,
  input: CreateVpcCommandInput,
  call: Call,
): Promise<CreateVpcResult> {
  refuseMembers(input, 'IPv6 is', [
    'AmazonProvidedIpv6CidrBlock',
    'Ipv6CidrBlock',
    'Ipv6CidrBlockNetworkBorderGroup',
    'Ipv6IpamPoolId',
    'Ipv6NetmaskLength',
    'Ipv6Pool',
  ]);
  refuseMembers(input, 'IPAM is', ['Ipv4IpamPoolId', 'Ipv4NetmaskLength']);
  refuseMembers(input, 'encrypting what goes through a VPC is', ['VpcEncryptionControl']);
  const { CidrBlock, InstanceTenancy = 'default' } = input;
  if (CidrBlock === undefined || CidrBlock === '')
    throw ec2Refusal('MissingParameter', "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.");
  if (InstanceTenancy === 'dedicated') throw unsupported('Dedicated tenancy is');
  if (InstanceTenancy !== 'default')
    throw invalidValue(InstanceTenancy, 'instanceTenancy', 'Expecting default or dedicated.');
  const cidr = cidrText(readVpcBlock(CidrBlock));
  const tags = readTagSpecifications(input.TagSpecifications, 'vpc');
  const vpc = await state.transact((tx) =>
    putNewVpc(tx, random, call, { cidr, isDefault: false, routes: [], tags }),
  );
  return { Vpc: pending(vpcView(call, vpc)) };
}

export async function createDefaultVpc(
  { state, random }: Ec2Context,
  _input: object,
  call: Call,
): Promise<CreateDefaultVpcResult> {
  const vpc = await state.transact((tx) => putDefaultVpc(tx, random, call));
  return { Vpc: pending(vpcView(call, vpc)) };
}

const pending = (vpc: Vpc): Vpc => ({ ...vpc, State: 'pending' });
