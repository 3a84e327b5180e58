import type {
  DescribeAddressesAttributeCommandInput,
  DisassociateAddressCommandInput,
  EC2,
} from '@aws-sdk/client-ec2';
import type { Call, OperationsOf } from '../../service.ts';
import { ec2Authorization, type Named } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import { allocateAddress, releaseAddress } from './allocate-address.ts';
import { associateAddress, disassociateAddress } from './associate-address.ts';
import { describeAddresses } from './describe-addresses.ts';
import { describeAddressesAttribute } from './describe-addresses-attribute.ts';
import { type NamedAddress, withAssociation, withPublicIp } from './find-address.ts';

type AddressOperation =
  | 'AllocateAddress'
  | 'AssociateAddress'
  | 'DescribeAddresses'
  | 'DescribeAddressesAttribute'
  | 'DisassociateAddress'
  | 'ReleaseAddress';

/** The operations on Elastic IP addresses. */
export function addressOperations(ec2: Ec2Context): Pick<OperationsOf<EC2>, AddressOperation> {
  const { state } = ec2;
  const may = ec2Authorization(state);
  const named = ({ AllocationId, PublicIp }: NamedAddress, call: Call): Named => [
    'elastic-ip',
    AllocationId ?? withPublicIp(state, call, PublicIp ?? '')?.allocationId,
  ];
  return {
    AllocateAddress: {
      action: 'ec2:AllocateAddress',
      ...may.creating('AllocateAddress', 'elastic-ip'),
      run: (input, call) => allocateAddress(ec2, input, call),
    },
    AssociateAddress: {
      action: 'ec2:AssociateAddress',
      ...may.on<NamedAddress & Target>((input, call) => [...targetOf(input), named(input, call)]),
      run: (input, call) => associateAddress(ec2, input, call),
    },
    DescribeAddresses: {
      action: 'ec2:DescribeAddresses',
      ...may.everything,
      run: (input, call) => describeAddresses(ec2, input, call),
    },
    DescribeAddressesAttribute: {
      action: 'ec2:DescribeAddressesAttribute',
      ...may.on<DescribeAddressesAttributeCommandInput>(({ AllocationIds = [] }) =>
        AllocationIds.length === 0
          ? [['elastic-ip', undefined]]
          : AllocationIds.map((id) => ['elastic-ip', id] as const),
      ),
      run: (input, call) => describeAddressesAttribute(ec2, input, call),
    },
    DisassociateAddress: {
      action: 'ec2:DisassociateAddress',
      ...may.on<DisassociateAddressCommandInput>(({ AssociationId, PublicIp = '' }, call) => {
        const found =
          AssociationId === undefined
            ? withPublicIp(state, call, PublicIp)
            : withAssociation(state, call, AssociationId);
        return [
          ['network-interface', found?.association?.networkInterfaceId],
          ['elastic-ip', found?.allocationId],
        ];
      }),
      run: (input, call) => disassociateAddress(ec2, input, call),
    },
    ReleaseAddress: {
      action: 'ec2:ReleaseAddress',
      ...may.on<NamedAddress>((input, call) => [named(input, call)]),
      run: (input, call) => releaseAddress(ec2, input, call),
    },
  };
}

interface Target {
  readonly InstanceId?: string | undefined;
  readonly NetworkInterfaceId?: string | undefined;
}

function targetOf({ InstanceId, NetworkInterfaceId }: Target): readonly Named[] {
  return [
    ...(InstanceId === undefined ? [] : [['instance', InstanceId] as const]),
    ...(NetworkInterfaceId === undefined ? [] : [['network-interface', NetworkInterfaceId] as const]),
  ];
}
