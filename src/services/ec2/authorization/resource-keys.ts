import type { Reader } from '../../../reconcile/index.ts';
import { resourceTagKeys } from '../../authorization-row.ts';
import type { Call, ConditionKeys } from '../../service.ts';
import { readResourceArn, resourceArn } from '../arn.ts';
import { instances } from '../instances/instance-record.ts';
import type { ResourceType } from '../kinds.ts';
import {
  addresses,
  ec2Key,
  networkAcls,
  networkInterfaces,
  routeTables,
  type Scope,
  securityGroups,
  subnets,
  vpcs,
} from '../records.ts';
import { zoneId } from '../zones.ts';

type KeysOf = (reader: Reader, scope: Scope, id: string) => ConditionKeys;

/** The condition keys that a resource has of itself. ARNs of what is not there have none but the region. */
export function resourceKeys(reader: Reader, call: Call, arn: string): ConditionKeys {
  const named = readResourceArn(arn);
  return {
    ...tagKeys(reader, call, arn),
    ...(named && own[named.kind.type]?.(reader, named.scope, named.id)),
  };
}

/** Of those the ones that tell of its tags, and the region. */
export function tagKeys(reader: Reader, call: Call, arn: string): ConditionKeys {
  const named = readResourceArn(arn);
  const tags = named?.kind.tagsOf(reader, named.scope, named.id) ?? {};
  return {
    'ec2:Region': call.region,
    ...resourceTagKeys(tags),
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`ec2:ResourceTag/${key}`, value])),
  };
}

const own: { readonly [Type in ResourceType]?: KeysOf } = {
  vpc: (reader, scope, id) => ({
    'ec2:VpcID': id,
    'ec2:Tenancy': reader.get(vpcs, ec2Key(vpcs, scope, id))?.instanceTenancy,
  }),
  subnet: (reader, scope, id) => {
    const subnet = reader.get(subnets, ec2Key(subnets, scope, id));
    if (subnet === undefined) return {};
    const { availabilityZone, vpcId } = subnet;
    return {
      'ec2:SubnetID': id,
      'ec2:AvailabilityZone': availabilityZone,
      'ec2:AvailabilityZoneId': zoneId(availabilityZone),
      'ec2:Vpc': resourceArn(scope, 'vpc', vpcId),
    };
  },
  'route-table': (reader, scope, id) => ({
    'ec2:RouteTableID': id,
    ...vpcKey(scope, reader.get(routeTables, ec2Key(routeTables, scope, id))?.vpcId),
  }),
  'internet-gateway': (_reader, _scope, id) => ({ 'ec2:InternetGatewayID': id }),
  'security-group': (reader, scope, id) => ({
    'ec2:SecurityGroupID': id,
    ...vpcKey(scope, reader.get(securityGroups, ec2Key(securityGroups, scope, id))?.vpcId),
  }),
  'network-acl': (reader, scope, id) => ({
    'ec2:NetworkAclID': id,
    ...vpcKey(scope, reader.get(networkAcls, ec2Key(networkAcls, scope, id))?.vpcId),
  }),
  'dhcp-options': (_reader, _scope, id) => ({ 'ec2:DhcpOptionsID': id }),
  'network-interface': (reader, scope, id) => {
    const found = reader.get(networkInterfaces, ec2Key(networkInterfaces, scope, id));
    if (found === undefined) return {};
    return {
      'ec2:NetworkInterfaceID': id,
      'ec2:AvailabilityZone': found.availabilityZone,
      'ec2:Subnet': resourceArn(scope, 'subnet', found.subnetId),
      ...vpcKey(scope, found.vpcId),
    };
  },
  instance: (reader, scope, id) => {
    const found = reader.get(instances, ec2Key(instances, scope, id));
    if (found === undefined) return {};
    return {
      'ec2:InstanceID': id,
      'ec2:AvailabilityZone': found.availabilityZone,
      'ec2:AvailabilityZoneId': zoneId(found.availabilityZone),
      'ec2:Tenancy': 'default',
    };
  },
  'elastic-ip': (reader, scope, id) => ({
    'ec2:AllocationId': id,
    'ec2:Domain': 'vpc',
    'ec2:PublicIpAddress': reader.get(addresses, ec2Key(addresses, scope, id))?.publicIpv4,
  }),
};

const vpcKey = (scope: Scope, vpcId: string | undefined): ConditionKeys =>
  vpcId === undefined ? {} : { 'ec2:Vpc': resourceArn(scope, 'vpc', vpcId) };
