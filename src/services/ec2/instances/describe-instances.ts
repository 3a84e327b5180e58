import type { DescribeInstancesCommandInput, DescribeInstancesResult } from '@aws-sdk/client-ec2';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { describeRecords } from '../input/describe.ts';
import type { Filtered, FilterTable } from '../input/filters.ts';
import { kinds } from '../kinds.ts';
import type { Scope } from '../records.ts';
import { zoneId } from '../zones.ts';
import type { InstanceRecord } from './instance-record.ts';
import { reservationView, stateOf } from './instance-view.ts';

/** Each in a reservation of its own; those terminated for an hour. */
export function describeInstances(
  { state }: Ec2Context,
  input: DescribeInstancesCommandInput,
  call: Call,
): DescribeInstancesResult {
  const asked = { ids: input.InstanceIds, name: 'InstancesSet', parameter: 'InstanceId' };
  const { items, nextToken } = describeRecords(state, call, kinds.instance, filters(call), asked, input);
  return {
    Reservations: items.map((instance) => reservationView(call, instance)),
    ...(nextToken !== undefined && { NextToken: nextToken }),
  };
}

/** Names of AWS's list. */
const filters = ({ accountId }: Scope): FilterTable<InstanceRecord> => ({
  ...nothingHere,
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
  'owner-id': () => accountId,
  'platform-details': () => 'Linux/UNIX',
  'private-ip-address': ({ address, terminatedAt }) => (terminatedAt === undefined ? address : undefined),
  'reservation-id': ({ reservationId }) => reservationId,
  'state-reason-code': ({ terminatedAt }) =>
    terminatedAt === undefined ? undefined : 'Client.UserInitiatedShutdown',
  tenancy: () => 'default',
});

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
    'ena-support',
    'hibernation-options.configured',
    'host-id',
    'hypervisor',
    'iam-instance-profile.arn',
    'iam-instance-profile.id',
    'image-id',
    'instance-lifecycle',
    'instance-type',
    'instance.group-id',
    'instance.group-name',
    'ip-address',
    'ipv6-address',
    'kernel-id',
    'key-name',
    'metadata-options.http-endpoint',
    'metadata-options.http-tokens',
    'metadata-options.state',
    'network-interface.addresses.primary',
    'network-interface.addresses.private-ip-address',
    'network-interface.attachment.attachment-id',
    'network-interface.attachment.device-index',
    'network-interface.attachment.instance-id',
    'network-interface.attachment.status',
    'network-interface.availability-zone',
    'network-interface.group-id',
    'network-interface.network-interface-id',
    'network-interface.private-dns-name',
    'network-interface.status',
    'network-interface.subnet-id',
    'network-interface.vpc-id',
    'placement-group-name',
    'platform',
    'private-dns-name',
    'root-device-name',
    'root-device-type',
    'source-dest-check',
    'spot-instance-request-id',
    'subnet-id',
    'usage-operation',
    'virtualization-type',
    'vpc-id',
  ].map((name) => [name, (): Filtered => undefined]),
);
