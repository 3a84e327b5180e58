import type { EC2 } from '@aws-sdk/client-ec2';
import type { OperationsOf } from '../../service.ts';
import { ec2Authorization } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import { describeAccountAttributes } from './account-attributes.ts';
import { describeAvailabilityZones, describeRegions } from './regions-and-zones.ts';

type AccountOperation = 'DescribeAccountAttributes' | 'DescribeAvailabilityZones' | 'DescribeRegions';

export function accountOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, AccountOperation> {
  const may = ec2Authorization(ec2.state);
  return {
    DescribeAccountAttributes: {
      action: 'ec2:DescribeAccountAttributes',
      ...may.everything,
      run: (input, call) => describeAccountAttributes(ec2, input, call),
    },
    DescribeAvailabilityZones: {
      action: 'ec2:DescribeAvailabilityZones',
      ...may.everything,
      run: describeAvailabilityZones,
    },
    DescribeRegions: {
      action: 'ec2:DescribeRegions',
      ...may.everything,
      run: describeRegions,
    },
  };
}
