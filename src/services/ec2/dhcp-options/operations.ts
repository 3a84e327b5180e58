import type {
  AssociateDhcpOptionsCommandInput,
  CreateDhcpOptionsCommandInput,
  DeleteDhcpOptionsCommandInput,
  EC2,
} from '@aws-sdk/client-ec2';
import type { OperationsOf } from '../../service.ts';
import { ec2Authorization } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import {
  associateDhcpOptions,
  createDhcpOptions,
  deleteDhcpOptions,
  describeDhcpOptions,
} from './dhcp-options.ts';

type DhcpOptionsOperation =
  | 'AssociateDhcpOptions'
  | 'CreateDhcpOptions'
  | 'DeleteDhcpOptions'
  | 'DescribeDhcpOptions';

export function dhcpOptionsOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, DhcpOptionsOperation> {
  const may = ec2Authorization(ec2.state);
  return {
    AssociateDhcpOptions: {
      action: 'ec2:AssociateDhcpOptions',
      ...may.on<AssociateDhcpOptionsCommandInput>(({ DhcpOptionsId, VpcId }) => [
        ['dhcp-options', DhcpOptionsId === 'default' ? undefined : DhcpOptionsId],
        ['vpc', VpcId],
      ]),
      run: (input, call) => associateDhcpOptions(ec2, input, call),
    },
    CreateDhcpOptions: {
      action: 'ec2:CreateDhcpOptions',
      ...may.creating<CreateDhcpOptionsCommandInput>('CreateDhcpOptions', 'dhcp-options'),
      run: (input, call) => createDhcpOptions(ec2, input, call),
    },
    DeleteDhcpOptions: {
      action: 'ec2:DeleteDhcpOptions',
      ...may.on<DeleteDhcpOptionsCommandInput>(({ DhcpOptionsId }) => [['dhcp-options', DhcpOptionsId]]),
      run: (input, call) => deleteDhcpOptions(ec2, input, call),
    },
    DescribeDhcpOptions: {
      action: 'ec2:DescribeDhcpOptions',
      ...may.everything,
      run: (input, call) => describeDhcpOptions(ec2, input, call),
    },
  };
}
