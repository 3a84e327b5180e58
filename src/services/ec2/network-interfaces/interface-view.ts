import type {
  NetworkInterface,
  NetworkInterfaceAssociation,
  NetworkInterfaceAttachment,
} from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import { privateDnsName, publicDnsName } from '../../../topology/index.ts';
import { tagList } from '../input/tags.ts';
import {
  type AddressRecord,
  addresses,
  ec2Key,
  type InterfaceAttachmentRecord,
  type NetworkInterfaceRecord,
  type Scope,
  securityGroups,
  vpcs,
} from '../records.ts';
import { zoneId } from '../zones.ts';

export function interfaceView(
  reader: Reader,
  scope: Scope,
  record: NetworkInterfaceRecord,
): NetworkInterface {
  const { id, attachment, requesterId, availabilityZone } = record;
  const [primary = ''] = record.privateIpv4Addresses;
  const associations = associationsOf(reader, scope, record);
  const association = associations.get(primary);
  return {
    NetworkInterfaceId: id,
    InterfaceType: record.interfaceType,
    Status: statusOf(record),
    Description: record.description,
    OwnerId: scope.accountId,
    VpcId: record.vpcId,
    SubnetId: record.subnetId,
    AvailabilityZone: availabilityZone,
    AvailabilityZoneId: zoneId(availabilityZone),
    MacAddress: record.macAddress,
    PrivateIpAddress: primary,
    PrivateDnsName: privateDnsName(primary, scope.region),
    PrivateIpAddresses: record.privateIpv4Addresses.map((address) => ({
      PrivateIpAddress: address,
      PrivateDnsName: privateDnsName(address, scope.region),
      Primary: address === primary,
      ...given('Association', associations.get(address)),
    })),
    ...(record.ipv4Prefixes.length > 0 && {
      Ipv4Prefixes: record.ipv4Prefixes.map((prefix) => ({ Ipv4Prefix: prefix })),
    }),
    Ipv6Addresses: [],
    Groups: groupIdentifiers(reader, scope, record),
    SourceDestCheck: record.sourceDestCheck,
    DenyAllIgwTraffic: false,
    RequesterManaged: requesterId !== undefined,
    ...given('RequesterId', requesterId),
    Operator: { Managed: false },
    ...given('Attachment', attachment && attachmentView(attachment)),
    ...given('Association', association),
    TagSet: tagList(record.tags),
  };
}

/** What it is in follows from whether it is attached to something. */
export function statusOf({ attachment }: NetworkInterfaceRecord): NonNullable<NetworkInterface['Status']> {
  if (attachment === undefined) return 'available';
  return attachment.status === 'attached' ? 'in-use' : attachment.status;
}

export function attachmentView(attachment: InterfaceAttachmentRecord): NetworkInterfaceAttachment {
  return {
    AttachmentId: attachment.id,
    ...given('InstanceId', attachment.instanceId),
    InstanceOwnerId: attachment.instanceOwnerId,
    DeviceIndex: attachment.deviceIndex,
    NetworkCardIndex: 0,
    Status: attachment.status,
    AttachTime: new Date(attachment.attachedAt),
    DeleteOnTermination: attachment.deleteOnTermination,
  };
}

/** The names of groups that are there. */
export function groupIdentifiers(
  reader: Reader,
  scope: Scope,
  { securityGroupIds }: NetworkInterfaceRecord,
): { GroupId: string; GroupName: string }[] {
  return securityGroupIds.map((GroupId) => ({
    GroupId,
    GroupName: reader.get(securityGroups, ec2Key(securityGroups, scope, GroupId))?.name ?? '',
  }));
}

/** By private address: the account's Elastic IP addresses, and the one that came with the interface. */
function associationsOf(
  reader: Reader,
  scope: Scope,
  record: NetworkInterfaceRecord,
): ReadonlyMap<string, NetworkInterfaceAssociation> {
  const names = publicNames(reader, scope, record);
  const associations = new Map<string, NetworkInterfaceAssociation>();
  const [primary] = record.privateIpv4Addresses;
  const { autoAssignedPublicIpv4 } = record;
  if (primary !== undefined && autoAssignedPublicIpv4 !== undefined)
    associations.set(primary, { ...names(autoAssignedPublicIpv4), IpOwnerId: 'amazon' });
  for (const { association, publicIpv4, allocationId } of elasticAddresses(reader, record)) {
    if (association === undefined) continue;
    associations.set(association.privateIpv4, {
      ...names(publicIpv4),
      IpOwnerId: scope.accountId,
      AllocationId: allocationId,
      AssociationId: association.id,
    });
  }
  return associations;
}

/** The Elastic IP addresses that are associated with an interface. */
function elasticAddresses(reader: Reader, { id }: NetworkInterfaceRecord): readonly AddressRecord[] {
  return reader.byIndex(addresses, 'interface', id).map(({ value }) => value);
}

/** Only VPCs with `enableDnsHostnames` name public addresses. */
function publicNames(reader: Reader, scope: Scope, { vpcId }: NetworkInterfaceRecord) {
  const vpc = reader.get(vpcs, ec2Key(vpcs, scope, vpcId));
  const areNamed = vpc?.enableDnsHostnames === true && vpc.enableDnsSupport;
  return (PublicIp: string) => ({
    PublicIp,
    PublicDnsName: areNamed ? publicDnsName(PublicIp, scope.region) : '',
  });
}

const given = <Name extends string, Value>(name: Name, value: Value | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [Each in Name]?: Value };
