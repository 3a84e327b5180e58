import type {
  DescribeInstancesCommandInput,
  DescribeInstancesResult,
  Instance,
  InstanceNetworkInterface,
} from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { describeRecords } from '../input/describe.ts';
import type { Filtered, FilterTable } from '../input/filters.ts';
import { kinds } from '../kinds.ts';
import type { Scope } from '../records.ts';
import { zoneId } from '../zones.ts';
import type { InstanceRecord } from './instance-record.ts';
import { interfacesOf, reservationView, stateOf } from './instance-view.ts';

/** Each in a reservation of its own; those terminated for an hour. */
export function describeInstances(
  { state }: Ec2Context,
  input: DescribeInstancesCommandInput,
  call: Call,
): DescribeInstancesResult {
  const asked = { ids: input.InstanceIds, name: 'InstancesSet', parameter: 'InstanceId' };
  const { items, nextToken } = describeRecords(
    state,
    call,
    kinds.instance,
    filters(state, call),
    asked,
    input,
  );
  return {
    Reservations: items.map((instance) => reservationView(state, call, instance)),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

/** Names of AWS's list. */
const filters = (reader: Reader, scope: Scope): FilterTable<InstanceRecord> => ({
  ...nothingHere,
  ...interfaceFilters(reader, scope),
  ...nodeFilters(reader, scope),
  architecture: ({ architecture }) => architecture,
  'availability-zone': ({ availabilityZone }) => availabilityZone,
  'availability-zone-id': ({ availabilityZone }) => zoneId(availabilityZone),
  'instance-id': ({ id }) => id,
  'instance-state-code': (instance) => stateOf(instance).Code,
  'instance-state-name': (instance) => stateOf(instance).Name,
  'launch-index': () => 0,
  'launch-time': ({ launchedAt }) => new Date(launchedAt).toISOString(),
  'monitoring-state': () => 'disabled',
  'operator.managed': () => false,
  'owner-id': () => scope.accountId,
  'platform-details': () => 'Linux/UNIX',
  'private-ip-address': ({ address, terminatedAt }) => (terminatedAt === undefined ? address : undefined),
  'reservation-id': ({ reservationId }) => reservationId,
  'state-reason-code': ({ terminatedAt }) =>
    terminatedAt === undefined ? undefined : 'Client.UserInitiatedShutdown',
  tenancy: () => 'default',
});

/** On what nodes alone have. */
function nodeFilters(reader: Reader, scope: Scope): FilterTable<InstanceRecord> {
  const shown =
    (of: (view: Instance) => Filtered | readonly Filtered[]) =>
    (instance: InstanceRecord): Filtered | readonly Filtered[] =>
      instance.node && of(reservationView(reader, scope, instance).Instances?.[0] ?? {});
  return {
    'ena-support': shown(({ EnaSupport }) => EnaSupport),
    hypervisor: shown(({ Hypervisor }) => Hypervisor),
    'image-id': ({ node }) => node?.imageId,
    'instance-lifecycle': ({ node }) => (node?.isSpot ? 'spot' : undefined),
    'instance-type': ({ node }) => node?.instanceType,
    'instance.group-id': shown(({ SecurityGroups = [] }) => SecurityGroups.map(({ GroupId }) => GroupId)),
    'instance.group-name': shown(({ SecurityGroups = [] }) =>
      SecurityGroups.map(({ GroupName }) => GroupName),
    ),
    'private-dns-name': shown(({ PrivateDnsName }) => PrivateDnsName),
    'root-device-name': shown(({ RootDeviceName }) => RootDeviceName),
    'root-device-type': shown(({ RootDeviceType }) => RootDeviceType),
    'source-dest-check': shown(({ SourceDestCheck }) => SourceDestCheck),
    'subnet-id': shown(({ SubnetId }) => SubnetId),
    'usage-operation': shown(({ UsageOperation }) => UsageOperation),
    'virtualization-type': shown(({ VirtualizationType }) => VirtualizationType),
    'vpc-id': shown(({ VpcId }) => VpcId),
  };
}

/** On any of the interfaces that are attached to it. */
function interfaceFilters(reader: Reader, scope: Scope): FilterTable<InstanceRecord> {
  const each =
    (of: (view: InstanceNetworkInterface) => Filtered | readonly Filtered[]) => (instance: InstanceRecord) =>
      interfacesOf(reader, scope, instance).flatMap(of);
  const addresses = ({ PrivateIpAddresses = [] }: InstanceNetworkInterface) => PrivateIpAddresses;
  return {
    'network-interface.addresses.primary': each((view) => addresses(view).map(({ Primary }) => Primary)),
    'network-interface.addresses.private-ip-address': each((view) =>
      addresses(view).map(({ PrivateIpAddress }) => PrivateIpAddress),
    ),
    'network-interface.attachment.attachment-id': each(({ Attachment }) => Attachment?.AttachmentId),
    'network-interface.attachment.delete-on-termination': each(
      ({ Attachment }) => Attachment?.DeleteOnTermination,
    ),
    'network-interface.attachment.device-index': each(({ Attachment }) => Attachment?.DeviceIndex),
    'network-interface.attachment.status': each(({ Attachment }) => Attachment?.Status),
    'network-interface.description': each(({ Description }) => Description),
    'network-interface.group-id': each(({ Groups = [] }) => Groups.map(({ GroupId }) => GroupId)),
    'network-interface.mac-address': each(({ MacAddress }) => MacAddress),
    'network-interface.network-interface-id': each(({ NetworkInterfaceId }) => NetworkInterfaceId),
    'network-interface.private-dns-name': each(({ PrivateDnsName }) => PrivateDnsName),
    'network-interface.source-dest-check': each(({ SourceDestCheck }) => SourceDestCheck),
    'network-interface.status': each(({ Status }) => Status),
    'network-interface.subnet-id': each(({ SubnetId }) => SubnetId),
    'network-interface.vpc-id': each(({ VpcId }) => VpcId),
  };
}

/** Filters on what no machine has: they match nothing. */
const nothingHere: FilterTable<InstanceRecord> = Object.fromEntries(
  [
    'affinity',
    'block-device-mapping.attach-time',
    'block-device-mapping.delete-on-termination',
    'block-device-mapping.device-name',
    'block-device-mapping.status',
    'block-device-mapping.volume-id',
    'boot-mode',
    'capacity-reservation-id',
    'client-token',
    'current-instance-boot-mode',
    'dns-name',
    'ebs-optimized',
    'hibernation-options.configured',
    'host-id',
    'iam-instance-profile.arn',
    'iam-instance-profile.id',
    'ip-address',
    'ipv6-address',
    'kernel-id',
    'key-name',
    'metadata-options.http-endpoint',
    'metadata-options.http-tokens',
    'metadata-options.state',
    'placement-group-name',
    'platform',
    'spot-instance-request-id',
  ].map((name) => [name, (): Filtered => undefined]),
);
