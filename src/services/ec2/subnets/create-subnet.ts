import type {
  CreateDefaultSubnetCommandInput,
  CreateDefaultSubnetResult,
  CreateSubnetCommandInput,
  CreateSubnetResult,
  Subnet,
} from '@aws-sdk/client-ec2';
import type { Transaction } from '../../../reconcile/index.ts';
import {
  blockOf,
  cidrBlock,
  cidrText,
  holdsBlock,
  type Ipv4Block,
  overlap,
} from '../../../topology/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { ec2Refusal, invalidParameterCombination, invalidValue, missingParameter, shown } from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { refuseMembers } from '../input/absent.ts';
import { readTagSpecifications } from '../input/tags.ts';
import { kinds } from '../kinds.ts';
import { type Scope, subnets, type VpcRecord } from '../records.ts';
import { readBlock } from '../vpcs/vpc-cidrs.ts';
import { defaultVpcOf } from '../vpcs/vpc-lookup.ts';
import { zoneId, zoneNames } from '../zones.ts';
import { putNewSubnet, takenBlocks } from './new-subnet.ts';
import { subnetView } from './subnet-view.ts';

/** It is there at once; the answer says `pending`, as AWS's does. */
export async function createSubnet(
  { state, random }: Ec2Context,
  input: CreateSubnetCommandInput,
  call: Call,
): Promise<CreateSubnetResult> {
  refuseMembers(input, 'IPv6 is', ['Ipv6CidrBlock', 'Ipv6IpamPoolId', 'Ipv6Native', 'Ipv6NetmaskLength']);
  refuseMembers(input, 'IPAM is', ['Ipv4IpamPoolId', 'Ipv4NetmaskLength']);
  refuseMembers(input, 'Outposts are', ['OutpostArn']);
  if (!input.CidrBlock) throw missingParameter('CidrBlock');
  const block = readBlock(input.CidrBlock, 'InvalidSubnet.Range');
  const zone = readZone(input, call);
  const tags = readTagSpecifications(input.TagSpecifications, 'subnet');
  const subnet = await state.transact((tx) => {
    const vpc = requireRecord(tx, call, kinds.vpc, input.VpcId, 'VpcId');
    if (!isWithin(vpc, block))
      throw ec2Refusal('InvalidSubnet.Range', `The CIDR '${shown(input.CidrBlock ?? '')}' is invalid.`);
    const availabilityZone = zone ?? emptiestZone(tx, call, vpc);
    return putNewSubnet(tx, random, call, {
      ...{ vpc, cidr: cidrText(block), availabilityZone, isDefaultForAz: false, tags },
    });
  });
  return { Subnet: pending(subnetView(state, call, subnet)) };
}

/** @throws DefaultVpcDoesNotExist, DefaultSubnetAlreadyExistsInAvailabilityZone, InvalidParameterValue */
export async function createDefaultSubnet(
  { state, random }: Ec2Context,
  input: CreateDefaultSubnetCommandInput,
  call: Call,
): Promise<CreateDefaultSubnetResult> {
  refuseMembers(input, 'IPv6 is', ['Ipv6Native']);
  const availabilityZone = readZone(input, call);
  if (availabilityZone === undefined) throw missingParameter('AvailabilityZone');
  const subnet = await state.transact((tx) => {
    const known = defaultVpcOf(tx, call);
    if (known === undefined)
      throw ec2Refusal('DefaultVpcDoesNotExist', 'No default VPC exists for this account in this region.');
    const vpc = requireRecord(tx, call, kinds.vpc, known.id, 'VpcId');
    const there = tx
      .byIndex(subnets, 'vpc', vpc.id)
      .find(({ value }) => value.isDefaultForAz && value.availabilityZone === availabilityZone)?.value;
    if (there !== undefined) {
      throw ec2Refusal(
        'DefaultSubnetAlreadyExistsInAvailabilityZone',
        `'${there.id}' is already the default subnet in ${availabilityZone}.`,
      );
    }
    const cidr = freeBlock(tx, call, vpc);
    return putNewSubnet(tx, random, call, { vpc, cidr, availabilityZone, isDefaultForAz: true, tags: {} });
  });
  return { Subnet: pending(subnetView(state, call, subnet)) };
}

const pending = (subnet: Subnet): Subnet => ({ ...subnet, State: 'pending' });

const isWithin = (vpc: VpcRecord, block: Ipv4Block): boolean =>
  vpc.cidrs.some(({ cidr }) => holdsBlock(cidrBlock(cidr), block));

/** Undefined: none is named. @throws InvalidParameterValue, InvalidParameterCombination */
function readZone(
  {
    AvailabilityZone,
    AvailabilityZoneId,
  }: Pick<CreateSubnetCommandInput, 'AvailabilityZone' | 'AvailabilityZoneId'>,
  { region }: Call,
): string | undefined {
  if (AvailabilityZone !== undefined && AvailabilityZoneId !== undefined) {
    throw invalidParameterCombination(
      'The parameter availabilityZone cannot be used with the parameter availabilityZoneId',
    );
  }
  const asked = AvailabilityZone ?? AvailabilityZoneId;
  if (asked === undefined) return undefined;
  const names = zoneNames(region);
  const isId = AvailabilityZoneId !== undefined;
  const found = names.find((name) => asked === (isId ? zoneId(name) : name));
  if (found !== undefined) return found;
  const known = names.map((name) => (isId ? zoneId(name) : name)).join(', ');
  throw invalidValue(
    asked,
    isId ? 'availabilityZoneId' : 'availabilityZone',
    `Subnets can currently only be created in the following availability zones: ${known}.`,
  );
}

/** Where nobody says, subnets of a VPC spread over the zones. */
function emptiestZone(tx: Transaction, { region }: Scope, { id }: VpcRecord): string {
  const there = tx.byIndex(subnets, 'vpc', id);
  const count = (zone: string) => there.filter(({ value }) => value.availabilityZone === zone).length;
  return zoneNames(region).reduce((best, zone) => (count(zone) < count(best) ? zone : best));
}

/** The first free /20. */
function freeBlock(tx: Transaction, scope: Scope, { id, cidrs }: VpcRecord): string {
  const taken = takenBlocks(tx, scope, id).map(cidrBlock);
  for (const { cidr } of cidrs) {
    const { first, last } = cidrBlock(cidr);
    for (let block = blockOf(first, 20); block.last <= last; block = blockOf(block.last + 1, 20)) {
      if (!taken.some((other) => overlap(other, block))) return cidrText(block);
    }
  }
  throw ec2Refusal('InvalidSubnet.Conflict', `The VPC '${id}' has no /20 block left for a default subnet`);
}
