import type { Instance, InstanceNetworkInterface, Reservation } from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import { tagList } from '../input/tags.ts';
import { instanceType } from '../instance-types/instance-types.ts';
import { interfaceView } from '../network-interfaces/interface-view.ts';
import { ec2Key, networkInterfaces, type Scope } from '../records.ts';
import { zoneId } from '../zones.ts';
import type { InstanceRecord, LaunchedNode } from './instance-record.ts';

/**
 * An instance in a reservation of its own. What EC2's have and a machine has not (an image, a type, a subnet) is left out;
 * a node has it.
 */
export function reservationView(reader: Reader, scope: Scope, instance: InstanceRecord): Reservation {
  return {
    ReservationId: instance.reservationId,
    OwnerId: scope.accountId,
    Groups: [],
    Instances: [withPlace(instanceView(instance), instance, interfacesOf(reader, scope, instance))],
  };
}

function instanceView(instance: InstanceRecord): Instance {
  const { id, availabilityZone, architecture, terminatedAt } = instance;
  const common: Instance = {
    InstanceId: id,
    ...(instance.node !== undefined && nodeView(instance.node)),
    State: stateOf(instance),
    LaunchTime: new Date(instance.launchedAt),
    AmiLaunchIndex: 0,
    Placement: {
      AvailabilityZone: availabilityZone,
      AvailabilityZoneId: zoneId(availabilityZone),
      Tenancy: 'default',
    },
    Monitoring: { State: 'disabled' },
    ...(architecture !== undefined && {
      Architecture: architecture as NonNullable<Instance['Architecture']>,
    }),
    PlatformDetails: 'Linux/UNIX',
    SecurityGroups: [],
    Tags: tagList(instance.tags),
  };
  if (terminatedAt === undefined) return { ...common, PrivateIpAddress: instance.address };
  return {
    ...common,
    StateTransitionReason: `User initiated (${new Date(terminatedAt).toISOString().slice(0, 19).replace('T', ' ')} GMT)`,
    StateReason: {
      Code: 'Client.UserInitiatedShutdown',
      Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
    },
  };
}

/** What a node has of EC2's own instances. */
function nodeView({ instanceType: name, imageId, isSpot }: LaunchedNode): Instance {
  const type = instanceType(name);
  const threadsPerCore = type?.architecture === 'arm64' || name.startsWith('t2.') ? 1 : 2;
  return {
    ...{ InstanceType: name as NonNullable<Instance['InstanceType']>, ImageId: imageId },
    ...{ Hypervisor: 'xen', VirtualizationType: 'hvm', RootDeviceType: 'ebs', RootDeviceName: '/dev/xvda' },
    ...{ EnaSupport: type?.hypervisor === 'nitro', SourceDestCheck: true, UsageOperation: 'RunInstances' },
    ...(isSpot && { InstanceLifecycle: 'spot' as const }),
    ...(type !== undefined && {
      CpuOptions: {
        CoreCount: Math.max(1, type.vcpus / threadsPerCore),
        ThreadsPerCore: threadsPerCore,
      },
    }),
  };
}

/** A node is where its primary interface is, while it has one. */
function withPlace(
  view: Instance,
  { node }: InstanceRecord,
  interfaces: InstanceNetworkInterface[],
): Instance {
  const primary = interfaces.find(
    ({ NetworkInterfaceId }) => NetworkInterfaceId === node?.networkInterfaceId,
  );
  if (primary === undefined) return { ...view, NetworkInterfaces: interfaces };
  const { PrivateDnsName, SubnetId, VpcId, Groups = [], Association } = primary;
  return {
    ...view,
    ...{ PrivateDnsName, SubnetId, VpcId, SecurityGroups: Groups, NetworkInterfaces: interfaces },
    ...(Association !== undefined && {
      ...{ PublicIpAddress: Association.PublicIp, PublicDnsName: Association.PublicDnsName },
    }),
  };
}

/** Those that are attached to it, as EC2 shows them there. */
export function interfacesOf(
  reader: Reader,
  scope: Scope,
  { id }: InstanceRecord,
): InstanceNetworkInterface[] {
  return reader
    .byIndex(networkInterfaces, 'instance', id)
    .filter(({ key, value }) => key === ec2Key(networkInterfaces, scope, value.id))
    .map(({ value }): InstanceNetworkInterface => {
      const { NetworkInterfaceId, Attachment, InterfaceType, ...view } = interfaceView(reader, scope, value);
      const { InstanceId: _instance, InstanceOwnerId: _owner, ...attachment } = Attachment ?? {};
      const { Association, Groups, PrivateDnsName, PrivateIpAddress, PrivateIpAddresses } = view;
      const { Description, MacAddress, OwnerId, SourceDestCheck, Status, SubnetId, VpcId } = view;
      return {
        ...{ NetworkInterfaceId, Attachment: attachment, InterfaceType, Association, Groups },
        ...{ PrivateDnsName, PrivateIpAddress, PrivateIpAddresses, Description, MacAddress, OwnerId },
        ...{ SourceDestCheck, Status, SubnetId, VpcId },
      } as InstanceNetworkInterface;
    })
    .sort((one, other) => (one.Attachment?.DeviceIndex ?? 0) - (other.Attachment?.DeviceIndex ?? 0));
}

/** It runs from its registration on, until that is taken back. */
export function stateOf({ terminatedAt }: InstanceRecord): Required<NonNullable<Instance['State']>> {
  return terminatedAt === undefined ? { Code: 16, Name: 'running' } : { Code: 48, Name: 'terminated' };
}
