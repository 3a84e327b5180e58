import type { EC2 } from '@aws-sdk/client-ec2';
import type { OperationsOf } from '../../service.ts';
import { ec2Authorization } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import { describeInstances } from './describe-instances.ts';

export function instanceOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, 'DescribeInstances'> {
  return {
    DescribeInstances: {
      action: 'ec2:DescribeInstances',
      ...ec2Authorization(ec2.state).everything,
      run: (input, call) => describeInstances(ec2, input, call),
    },
  };
}
