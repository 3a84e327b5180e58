import type {
  CreateSubnetCommandInput,
  DeleteSubnetCommandInput,
  EC2,
  ModifySubnetAttributeCommandInput,
} from '@aws-sdk/client-ec2';
import type { OperationsOf } from '../../service.ts';
import { ec2Authorization } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import { createDefaultSubnet, createSubnet } from './create-subnet.ts';
import { deleteSubnet } from './delete-subnet.ts';
import { describeSubnets } from './describe-subnets.ts';
import { attributeKeys, modifySubnetAttribute } from './modify-subnet-attribute.ts';

type SubnetOperation =
  | 'CreateDefaultSubnet'
  | 'CreateSubnet'
  | 'DeleteSubnet'
  | 'DescribeSubnets'
  | 'ModifySubnetAttribute';

export function subnetOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, SubnetOperation> {
  const may = ec2Authorization(ec2.state);
  return {
    CreateDefaultSubnet: {
      action: 'ec2:CreateDefaultSubnet',
      ...may.everything,
      run: (input, call) => createDefaultSubnet(ec2, input, call),
    },
    CreateSubnet: {
      action: 'ec2:CreateSubnet',
      ...may.creating<CreateSubnetCommandInput>('CreateSubnet', 'subnet', ({ VpcId }) => [['vpc', VpcId]]),
      run: (input, call) => createSubnet(ec2, input, call),
    },
    DeleteSubnet: {
      action: 'ec2:DeleteSubnet',
      ...may.on<DeleteSubnetCommandInput>(({ SubnetId }) => [['subnet', SubnetId]]),
      run: (input, call) => deleteSubnet(ec2, input, call),
    },
    DescribeSubnets: {
      action: 'ec2:DescribeSubnets',
      ...may.everything,
      run: (input, call) => describeSubnets(ec2, input, call),
    },
    ModifySubnetAttribute: {
      action: 'ec2:ModifySubnetAttribute',
      ...may.on<ModifySubnetAttributeCommandInput>(({ SubnetId }) => [['subnet', SubnetId]], attributeKeys),
      run: (input, call) => modifySubnetAttribute(ec2, input, call),
    },
  };
}
