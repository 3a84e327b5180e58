import type {
  DetachNetworkInterfaceCommandInput,
  EC2,
  ModifyNetworkInterfaceAttributeCommandInput,
} from '@aws-sdk/client-ec2';
import type { ConditionKeys, OperationsOf } from '../../service.ts';
import { ec2Authorization, type Named } from '../authorization/rows.ts';
import type { Ec2Context } from '../context.ts';
import { attachedInterface, attachNetworkInterface, detachNetworkInterface } from './attachments.ts';
import { createNetworkInterface } from './create-network-interface.ts';
import { deleteNetworkInterface } from './delete-network-interface.ts';
import { describeNetworkInterfaces } from './describe-network-interfaces.ts';
import {
  attributesIn,
  describeNetworkInterfaceAttribute,
  modifyNetworkInterfaceAttribute,
  resetNetworkInterfaceAttribute,
} from './interface-attributes.ts';
import { assignPrivateIpAddresses, unassignPrivateIpAddresses } from './private-ip-addresses.ts';

type NetworkInterfaceOperation =
  | 'AssignPrivateIpAddresses'
  | 'AttachNetworkInterface'
  | 'CreateNetworkInterface'
  | 'DeleteNetworkInterface'
  | 'DescribeNetworkInterfaceAttribute'
  | 'DescribeNetworkInterfaces'
  | 'DetachNetworkInterface'
  | 'ModifyNetworkInterfaceAttribute'
  | 'ResetNetworkInterfaceAttribute'
  | 'UnassignPrivateIpAddresses';

export function networkInterfaceOperations(
  ec2: Ec2Context,
): Pick<OperationsOf<EC2>, NetworkInterfaceOperation> {
  const { state } = ec2;
  const may = ec2Authorization(state);
  const named = ({ NetworkInterfaceId }: { readonly NetworkInterfaceId?: string | undefined }): Named => [
    'network-interface',
    NetworkInterfaceId,
  ];
  const onInterface = may.on<{ readonly NetworkInterfaceId: string | undefined }>((input) => [named(input)]);
  return {
    AssignPrivateIpAddresses: {
      action: 'ec2:AssignPrivateIpAddresses',
      ...onInterface,
      run: (input, call) => assignPrivateIpAddresses(ec2, input, call),
    },
    AttachNetworkInterface: {
      action: 'ec2:AttachNetworkInterface',
      ...may.on<{ readonly NetworkInterfaceId: string | undefined; readonly InstanceId: string | undefined }>(
        (input) => [['instance', input.InstanceId], named(input)],
      ),
      run: (input, call) => attachNetworkInterface(ec2, input, call),
    },
    CreateNetworkInterface: {
      action: 'ec2:CreateNetworkInterface',
      ...may.creating('CreateNetworkInterface', 'network-interface', ({ SubnetId, Groups }) => [
        ['subnet', SubnetId],
        ...groupsOf(Groups),
      ]),
      run: (input, call) => createNetworkInterface(ec2, input, call),
    },
    DeleteNetworkInterface: {
      action: 'ec2:DeleteNetworkInterface',
      ...onInterface,
      run: (input, call) => deleteNetworkInterface(ec2, input, call),
    },
    DescribeNetworkInterfaceAttribute: {
      action: 'ec2:DescribeNetworkInterfaceAttribute',
      ...may.everything,
      run: (input, call) => describeNetworkInterfaceAttribute(ec2, input, call),
    },
    DescribeNetworkInterfaces: {
      action: 'ec2:DescribeNetworkInterfaces',
      ...may.everything,
      run: (input, call) => describeNetworkInterfaces(ec2, input, call),
    },
    DetachNetworkInterface: {
      action: 'ec2:DetachNetworkInterface',
      ...may.on<DetachNetworkInterfaceCommandInput>(({ AttachmentId = '' }, call) => {
        const found = attachedInterface(state, call, AttachmentId);
        return [
          ['instance', found?.attachment?.instanceId],
          ['network-interface', found?.id],
        ];
      }),
      run: (input, call) => detachNetworkInterface(ec2, input, call),
    },
    ModifyNetworkInterfaceAttribute: {
      action: 'ec2:ModifyNetworkInterfaceAttribute',
      ...may.on<ModifyNetworkInterfaceAttributeCommandInput>(
        (input) => [...groupsOf(input.Groups), named(input)],
        attributeKeys,
      ),
      run: (input, call) => modifyNetworkInterfaceAttribute(ec2, input, call),
    },
    ResetNetworkInterfaceAttribute: {
      action: 'ec2:ResetNetworkInterfaceAttribute',
      ...onInterface,
      run: (input, call) => resetNetworkInterfaceAttribute(ec2, input, call),
    },
    UnassignPrivateIpAddresses: {
      action: 'ec2:UnassignPrivateIpAddresses',
      ...onInterface,
      run: (input, call) => unassignPrivateIpAddresses(ec2, input, call),
    },
  };
}

function attributeKeys(input: ModifyNetworkInterfaceAttributeCommandInput): ConditionKeys {
  const set = attributesIn(input);
  return {
    'ec2:Attribute': [...set.keys()],
    ...Object.fromEntries([...set].map(([name, value]) => [`ec2:Attribute/${name}`, value])),
  };
}

function groupsOf(ids: readonly string[] | undefined): readonly Named[] {
  return (ids ?? []).map((id) => ['security-group', id]);
}
