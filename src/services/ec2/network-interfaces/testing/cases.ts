import { EC2 } from '@aws-sdk/client-ec2';
import { seededRandom } from '../../../../clock/index.ts';
import type { IamServer } from '../../../iam/testing/iam-server.ts';
import { accountId } from '../../../iam/testing/iam-server.ts';
import type { Case } from '../../../testing/authorization-suite.ts';
import type { ClientSettings } from '../../../testing/guarded.ts';
import { createServiceInterface } from '../../for-services/service-interface.ts';
import { ec2Key, subnets } from '../../records.ts';
import { putInternetGateway, putNetwork } from '../../testing/networks.ts';

export interface InterfacesWorld {
  readonly vpcId: string;
  readonly subnetId: string;
  readonly groupId: string;
  readonly interfaceId: string;
  readonly allocationId: string;
  readonly publicIp: string;
  /** Of the allocation with the interface. */
  readonly associationId: string;
  readonly natGatewayId: string;
  /** A service's. */
  readonly attached: { readonly interfaceId: string; readonly attachmentId: string };
}

const team = { team: 'blue' };
const teamTags = [{ Key: 'team', Value: 'blue' }];

/** One of each, tagged, in a tagged subnet. */
export async function buildInterfaces(
  root: ClientSettings,
  { state, clock }: IamServer,
): Promise<InterfacesWorld> {
  const scope = { accountId, region: root.region };
  const { vpcId, defaultGroupId, subnetIds } = await putNetwork(state, scope, 80, ['10.0.0.0/24']);
  await putInternetGateway(state, scope, vpcId);
  const [subnetId = ''] = subnetIds;
  const attached = await state.transact((tx) => {
    const key = ec2Key(subnets, scope, subnetId);
    const subnet = tx.get(subnets, key);
    if (subnet !== undefined) tx.put(subnets, key, { ...subnet, tags: team });
    const context = { state, clock, random: seededRandom('interfaces'), publicCidr: '198.18.0.0/24' };
    const made = createServiceInterface(tx, context, scope, {
      ...{ subnetIds, securityGroupIds: [], description: 'd', requesterId: 'amazon-ecs', tags: team },
      ...{ assignPublicIp: false, now: clock.now() },
    });
    if (made.type !== 'created') throw new Error(`Got ${made.type}`);
    const { id, attachment } = made.networkInterface.record;
    return { interfaceId: id, attachmentId: attachment?.id ?? '' };
  });

  const ec2 = new EC2(root);
  const { NetworkInterface } = await ec2.createNetworkInterface({
    SubnetId: subnetId,
    TagSpecifications: [{ ResourceType: 'network-interface', Tags: teamTags }],
  });
  const { AllocationId: allocationId = '', PublicIp: publicIp = '' } = await ec2.allocateAddress({
    TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: teamTags }],
  });
  const interfaceId = NetworkInterface?.NetworkInterfaceId ?? '';
  const { AssociationId: associationId = '' } = await ec2.associateAddress({
    ...{ AllocationId: allocationId, NetworkInterfaceId: interfaceId },
  });
  const { NatGateway } = await ec2.createNatGateway({
    ...{ AllocationId: allocationId, SubnetId: subnetId },
    TagSpecifications: [{ ResourceType: 'natgateway', Tags: teamTags }],
  });
  ec2.destroy();
  const natGatewayId = NatGateway?.NatGatewayId ?? '';
  return {
    ...{ vpcId, subnetId, groupId: defaultGroupId, interfaceId, attached },
    ...{ allocationId, publicIp, associationId, natGatewayId },
  };
}

export function interfaceCases(region: string, world: InterfacesWorld): Readonly<Record<string, Case>> {
  const {
    vpcId,
    subnetId,
    groupId,
    allocationId: AllocationId,
    publicIp,
    associationId,
    natGatewayId,
  } = world;
  const arn = (resource: string) => `arn:aws:ec2:${region}:${accountId}:${resource}`;
  const inRegion = { 'ec2:Region': region };
  const any = { on: ['*'], keys: inRegion };
  const tagged = { ...inRegion, 'aws:ResourceTag/team': 'blue', 'ec2:ResourceTag/team': 'blue' };
  const tagging = { ...inRegion, 'aws:RequestTag/Pier': 'nine', 'aws:TagKeys': ['Pier'] };
  const interfaceKeys = (id: string) => ({
    ...tagged,
    ...{ 'ec2:NetworkInterfaceID': id, 'ec2:AvailabilityZone': `${region}a` },
    ...{ 'ec2:Subnet': arn(`subnet/${subnetId}`), 'ec2:Vpc': arn(`vpc/${vpcId}`) },
  });
  const NetworkInterfaceId = world.interfaceId;
  const own = arn(`network-interface/${NetworkInterfaceId}`);
  const onInterface = { on: [own], keys: interfaceKeys(NetworkInterfaceId) };
  const address = arn(`elastic-ip/${AllocationId}`);
  const addressKeys = {
    ...tagged,
    ...{ 'ec2:AllocationId': AllocationId, 'ec2:Domain': 'vpc', 'ec2:PublicIpAddress': publicIp },
  };
  const making = (operation: string, type: string, using: readonly string[], input: object): Case => ({
    input: { ...input, TagSpecifications: [{ ResourceType: type, Tags: [{ Key: 'Pier', Value: 'nine' }] }] },
    on: [...using, arn(`${type}/*`)],
    keys: tagging,
    besides: [
      {
        ...{ action: 'ec2:CreateTags', on: arn(`${type}/*`) },
        keys: { ...tagging, 'ec2:CreateAction': operation },
      },
    ],
  });
  return {
    AssignPrivateIpAddresses: {
      input: { NetworkInterfaceId, SecondaryPrivateIpAddressCount: 1 },
      ...onInterface,
    },
    AttachNetworkInterface: {
      input: { NetworkInterfaceId, InstanceId: 'i-00000000', DeviceIndex: 1 },
      on: [arn('instance/i-00000000'), own],
      keys: onInterface.keys,
    },
    CreateNetworkInterface: making(
      'CreateNetworkInterface',
      'network-interface',
      [arn(`subnet/${subnetId}`), arn(`security-group/${groupId}`)],
      { SubnetId: subnetId, Groups: [groupId] },
    ),
    DeleteNetworkInterface: { input: { NetworkInterfaceId }, ...onInterface },
    DescribeInstances: { input: {}, ...any },
    DescribeNetworkInterfaceAttribute: { input: { NetworkInterfaceId, Attribute: 'description' }, ...any },
    DescribeNetworkInterfaces: { input: {}, ...any },
    DetachNetworkInterface: {
      input: { AttachmentId: world.attached.attachmentId },
      on: [arn('instance/*'), arn(`network-interface/${world.attached.interfaceId}`)],
      keys: interfaceKeys(world.attached.interfaceId),
    },
    ModifyNetworkInterfaceAttribute: {
      input: { NetworkInterfaceId, Groups: [groupId], SourceDestCheck: { Value: true } },
      on: [arn(`security-group/${groupId}`), own],
      keys: {
        ...onInterface.keys,
        ...{ 'ec2:Attribute': ['Groups', 'SourceDestCheck'], 'ec2:Attribute/Groups': [groupId] },
        'ec2:Attribute/SourceDestCheck': 'true',
      },
    },
    ResetNetworkInterfaceAttribute: {
      input: { NetworkInterfaceId, SourceDestCheck: 'true' },
      ...onInterface,
    },
    UnassignPrivateIpAddresses: {
      input: { NetworkInterfaceId, PrivateIpAddresses: ['10.0.0.9'] },
      ...onInterface,
    },

    AllocateAddress: making('AllocateAddress', 'elastic-ip', [], {}),
    AssociateAddress: {
      input: { PublicIp: publicIp, NetworkInterfaceId },
      on: [own, address],
      keys: addressKeys,
    },
    DescribeAddresses: { input: {}, ...any },
    DescribeAddressesAttribute: {
      input: { AllocationIds: [AllocationId] },
      on: [address],
      keys: addressKeys,
    },
    DisassociateAddress: { input: { AssociationId: associationId }, on: [own, address], keys: addressKeys },
    ReleaseAddress: { input: { AllocationId }, on: [address], keys: addressKeys },

    CreateNatGateway: making('CreateNatGateway', 'natgateway', [address, arn(`subnet/${subnetId}`)], {
      ...{ AllocationId, SubnetId: subnetId },
    }),
    DeleteNatGateway: {
      input: { NatGatewayId: natGatewayId },
      on: [arn(`natgateway/${natGatewayId}`)],
      keys: tagged,
    },
    DescribeNatGateways: { input: {}, ...any },
  };
}

const inRegion = ['ec2:Region'];
const made = [...inRegion, 'aws:RequestTag', 'aws:TagKeys'];
const tagged = [...inRegion, 'aws:ResourceTag', 'ec2:ResourceTag'];
const onInterface = [
  ...tagged,
  ...['ec2:AvailabilityZone', 'ec2:NetworkInterfaceID', 'ec2:Subnet', 'ec2:Vpc'],
];
const onAddress = [...tagged, 'ec2:AllocationId', 'ec2:Domain', 'ec2:PublicIpAddress'];

/** See `listedKeys` of the suite. Nothing is managed by another operator; what is being made has no id yet. */
export const interfaceKeys: Readonly<Record<string, readonly string[]>> = {
  AssignPrivateIpAddresses: onInterface,
  AttachNetworkInterface: onInterface,
  CreateNetworkInterface: made,
  DeleteNetworkInterface: onInterface,
  DescribeInstances: inRegion,
  DescribeNetworkInterfaceAttribute: inRegion,
  DescribeNetworkInterfaces: inRegion,
  DetachNetworkInterface: onInterface,
  ModifyNetworkInterfaceAttribute: [...onInterface, 'ec2:Attribute'],
  ResetNetworkInterfaceAttribute: onInterface,
  UnassignPrivateIpAddresses: onInterface,
  AllocateAddress: made,
  AssociateAddress: onAddress,
  DescribeAddresses: inRegion,
  DescribeAddressesAttribute: onAddress,
  DisassociateAddress: onAddress,
  ReleaseAddress: onAddress,
  CreateNatGateway: made,
  DeleteNatGateway: tagged,
  DescribeNatGateways: inRegion,
};
