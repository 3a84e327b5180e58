import type {
  AssociateVpcCidrBlockCommandInput,
  CreateVpcCommandInput,
  DisassociateVpcCidrBlockCommandInput,
  EC2,
  ModifyVpcAttributeCommandInput,
} from '@aws-sdk/client-ec2';
import { authorizationOf } from '../../authorization-row.ts';
import type { OperationsOf } from '../../service.ts';
import { resourceArn } from '../arn.ts';
import { resourceKeys } from '../authorization/resource-keys.ts';
import { ec2Authorization } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import { createDefaultVpc, createVpc } from './create-vpc.ts';
import { deleteVpc } from './delete-vpc.ts';
import { describeVpcs } from './describe-vpcs.ts';
import { describeVpcAttribute, modifyVpcAttribute } from './vpc-attributes.ts';
import { associateVpcCidrBlock, disassociateVpcCidrBlock, vpcOfCidrAssociation } from './vpc-cidr-blocks.ts';

type VpcOperation =
  | 'AssociateVpcCidrBlock'
  | 'CreateDefaultVpc'
  | 'CreateVpc'
  | 'DeleteVpc'
  | 'DescribeVpcAttribute'
  | 'DescribeVpcs'
  | 'DisassociateVpcCidrBlock'
  | 'ModifyVpcAttribute';

interface NamesVpc {
  readonly VpcId: string | undefined;
}

export function vpcOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, VpcOperation> {
  const may = ec2Authorization(ec2.state);
  const onVpc = may.on<NamesVpc>(({ VpcId }) => [['vpc', VpcId]]);
  return {
    AssociateVpcCidrBlock: {
      action: 'ec2:AssociateVpcCidrBlock',
      ...may.on<AssociateVpcCidrBlockCommandInput>(({ VpcId }) => [['vpc', VpcId]]),
      run: (input, call) => associateVpcCidrBlock(ec2, input, call),
    },
    CreateDefaultVpc: {
      action: 'ec2:CreateDefaultVpc',
      ...may.everything,
      run: (input, call) => createDefaultVpc(ec2, input, call),
    },
    CreateVpc: {
      action: 'ec2:CreateVpc',
      ...may.creating<CreateVpcCommandInput>('CreateVpc', 'vpc'),
      run: (input, call) => createVpc(ec2, input, call),
    },
    DeleteVpc: {
      action: 'ec2:DeleteVpc',
      ...onVpc,
      run: (input, call) => deleteVpc(ec2, input, call),
    },
    DescribeVpcAttribute: {
      action: 'ec2:DescribeVpcAttribute',
      ...onVpc,
      run: (input, call) => describeVpcAttribute(ec2, input, call),
    },
    DescribeVpcs: {
      action: 'ec2:DescribeVpcs',
      ...may.everything,
      run: (input, call) => describeVpcs(ec2, input, call),
    },
    DisassociateVpcCidrBlock: {
      action: 'ec2:DisassociateVpcCidrBlock',
      ...authorizationOf<DisassociateVpcCidrBlockCommandInput>({
        on: ({ AssociationId = '' }, call) => [
          resourceArn(call, 'vpc', vpcOfCidrAssociation(ec2.state, call, AssociationId)?.id ?? '*'),
        ],
        keys: [(_input, call, arn) => resourceKeys(ec2.state, call, arn)],
      }),
      run: (input, call) => disassociateVpcCidrBlock(ec2, input, call),
    },
    ModifyVpcAttribute: {
      action: 'ec2:ModifyVpcAttribute',
      ...may.on<ModifyVpcAttributeCommandInput>(({ VpcId }) => [['vpc', VpcId]], attributeKeys),
      run: (input, call) => modifyVpcAttribute(ec2, input, call),
    },
  };
}

/** `ec2:Attribute` is the attribute's name, `ec2:Attribute/<name>` what it is set to. */
function attributeKeys(input: ModifyVpcAttributeCommandInput) {
  const names = ['EnableDnsHostnames', 'EnableDnsSupport', 'EnableNetworkAddressUsageMetrics'] as const;
  const given = names.filter((name) => input[name] !== undefined);
  return {
    'ec2:Attribute': given,
    ...Object.fromEntries(given.map((name) => [`ec2:Attribute/${name}`, String(input[name]?.Value)])),
  };
}
