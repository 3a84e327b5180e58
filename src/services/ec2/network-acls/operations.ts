import type { EC2 } from '@aws-sdk/client-ec2';
import type { OperationsOf } from '../../service.ts';
import { ec2Authorization } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import { describeNetworkAcls } from './describe-network-acls.ts';

export function networkAclOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, 'DescribeNetworkAcls'> {
  const may = ec2Authorization(ec2.state);
  return {
    DescribeNetworkAcls: {
      action: 'ec2:DescribeNetworkAcls',
      ...may.everything,
      run: (input, call) => describeNetworkAcls(ec2, input, call),
    },
  };
}
