import type {
  AssociateVpcCidrBlockCommandInput,
  AssociateVpcCidrBlockResult,
  DisassociateVpcCidrBlockCommandInput,
  DisassociateVpcCidrBlockResult,
} from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import { cidrBlock, cidrText, holdsBlock } from '../../../topology/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import {
  dependencyViolation,
  ec2Refusal,
  missingParameter,
  operationNotPermitted,
  shown,
} from '../errors.ts';
import { isId, newId, requireRecord } from '../ids.ts';
import { refuseMembers } from '../input/absent.ts';
import { kinds } from '../kinds.ts';
import { ec2Key, routeTables, type Scope, scopeText, type VpcRecord, vpcs } from '../records.ts';
import { takenBlocks } from '../subnets/new-subnet.ts';
import { checkAddition, readBlock } from './vpc-cidrs.ts';

const maxCidrs = 5;

/** @throws InvalidVpcID.NotFound, InvalidVpc.Range, CidrLimitExceeded */
export async function associateVpcCidrBlock(
  { state, random }: Ec2Context,
  input: AssociateVpcCidrBlockCommandInput,
  call: Call,
): Promise<AssociateVpcCidrBlockResult> {
  refuseMembers(input, 'IPv6 is', [
    'AmazonProvidedIpv6CidrBlock',
    'Ipv6CidrBlock',
    'Ipv6CidrBlockNetworkBorderGroup',
    'Ipv6IpamPoolId',
    'Ipv6NetmaskLength',
    'Ipv6Pool',
  ]);
  refuseMembers(input, 'IPAM is', ['Ipv4IpamPoolId', 'Ipv4NetmaskLength']);
  if (!input.CidrBlock) throw missingParameter('CidrBlock');
  const block = readBlock(input.CidrBlock, 'InvalidVpc.Range');
  const added = { associationId: newId(random, 'vpc-cidr-assoc'), cidr: cidrText(block) };
  const vpc = await state.transact((tx) => {
    const found = requireRecord(tx, call, kinds.vpc, input.VpcId, 'VpcId');
    const destinations = tx
      .byIndex(routeTables, 'vpc', found.id)
      // Read with `get`: a route that is added meanwhile is noticed.
      .flatMap(({ key }) => tx.get(routeTables, key)?.routes ?? [])
      .map(({ destination }) => destination);
    checkAddition(
      block,
      found.cidrs.map(({ cidr }) => cidr),
      destinations,
    );
    if (found.cidrs.length >= maxCidrs) {
      throw ec2Refusal(
        'CidrLimitExceeded',
        `This network '${found.id}' has met its maximum number of allowed CIDRs: ${maxCidrs}`,
      );
    }
    tx.put(vpcs, ec2Key(vpcs, call, found.id), { ...found, cidrs: [...found.cidrs, added] });
    return found;
  });
  return {
    VpcId: vpc.id,
    CidrBlockAssociation: {
      ...{ AssociationId: added.associationId, CidrBlock: added.cidr },
      CidrBlockState: { State: 'associating' },
    },
  };
}

/** @throws InvalidVpcCidrBlockAssociationIdError.NotFound, OperationNotPermitted, DependencyViolation */
export async function disassociateVpcCidrBlock(
  { state }: Ec2Context,
  { AssociationId = '' }: DisassociateVpcCidrBlockCommandInput,
  call: Call,
): Promise<DisassociateVpcCidrBlockResult> {
  if (AssociationId === '') throw missingParameter('AssociationId');
  return state.transact((tx) => {
    const vpcId = vpcOfCidrAssociation(tx, call, AssociationId)?.id;
    const vpc = vpcId === undefined ? undefined : tx.get(vpcs, ec2Key(vpcs, call, vpcId));
    const association = vpc?.cidrs.find(({ associationId }) => associationId === AssociationId);
    if (vpc === undefined || association === undefined) throw noSuchAssociation(AssociationId);
    if (association === vpc.cidrs[0]) {
      throw operationNotPermitted(
        `The vpc CIDR block with association ID ${AssociationId} may not be disassociated. ` +
          'It is the primary IPv4 CIDR block of the VPC',
      );
    }
    const block = cidrBlock(association.cidr);
    if (takenBlocks(tx, call, vpc.id).some((cidr) => holdsBlock(block, cidrBlock(cidr)))) {
      throw dependencyViolation(
        `The vpc CIDR block with association ID ${AssociationId} has dependencies and cannot be disassociated.`,
      );
    }
    tx.put(vpcs, ec2Key(vpcs, call, vpc.id), {
      ...vpc,
      cidrs: vpc.cidrs.filter((each) => each !== association),
    });
    return {
      VpcId: vpc.id,
      CidrBlockAssociation: {
        ...{ AssociationId, CidrBlock: association.cidr },
        CidrBlockState: { State: 'disassociating' as const },
      },
    };
  });
}

/** The VPC whose block that is. */
export function vpcOfCidrAssociation(reader: Reader, scope: Scope, id: string): VpcRecord | undefined {
  return reader
    .byIndex(vpcs, 'scope', scopeText(scope))
    .find(({ value }) => value.cidrs.some(({ associationId }) => associationId === id))?.value;
}

function noSuchAssociation(id: string): Error {
  return isId('vpc-cidr-assoc', id)
    ? ec2Refusal(
        'InvalidVpcCidrBlockAssociationIdError.NotFound',
        `The vpc CIDR block association ID '${id}' does not exist`,
      )
    : ec2Refusal(
        'InvalidVpcCidrBlockAssociationIdError.Malformed',
        `Invalid id: "${shown(id)}" (expecting "vpc-cidr-assoc-...")`,
      );
}
