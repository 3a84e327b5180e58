import type { EC2 } from '@aws-sdk/client-ec2';
import type { OperationsOf } from '../../service.ts';
import { ec2Authorization } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import { describeInstanceTypeOfferings } from '../instance-types/describe-instance-type-offerings.ts';
import { describeInstanceTypes } from '../instance-types/describe-instance-types.ts';
import { describeInstances } from './describe-instances.ts';

type InstanceOperation = 'DescribeInstances' | 'DescribeInstanceTypeOfferings' | 'DescribeInstanceTypes';

export function instanceOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, InstanceOperation> {
  const may = ec2Authorization(ec2.state);
  return {
    DescribeInstances: {
      action: 'ec2:DescribeInstances',
      ...may.everything,
      run: (input, call) => describeInstances(ec2, input, call),
    },
    DescribeInstanceTypeOfferings: {
      action: 'ec2:DescribeInstanceTypeOfferings',
      ...may.everything,
      run: describeInstanceTypeOfferings,
    },
    DescribeInstanceTypes: {
      action: 'ec2:DescribeInstanceTypes',
      ...may.everything,
      run: describeInstanceTypes,
    },
  };
}
