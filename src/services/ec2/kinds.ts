import type { Collection, Reader, RecordKey, Transaction } from '../../reconcile/index.ts';
import { instances } from './instances/instance-record.ts';
import {
  addresses,
  dhcpOptions,
  ec2Key,
  ec2Prefix,
  internetGateways,
  natGateways,
  networkAcls,
  networkInterfaces,
  prefixLists,
  routeTables,
  type Scope,
  securityGroups,
  subnets,
  type Tags,
  vpcs,
} from './records.ts';

/** As ARNs and tags name the kinds of the room. */
export type ResourceType =
  | 'dhcp-options'
  | 'elastic-ip'
  | 'instance'
  | 'internet-gateway'
  | 'natgateway'
  | 'network-acl'
  | 'network-interface'
  | 'prefix-list'
  | 'route-table'
  | 'security-group'
  | 'security-group-rule'
  | 'subnet'
  | 'vpc';

/** How the ids of a kind look, and what is said of those that are wrong. */
export interface IdForm {
  readonly type: ResourceType;
  readonly prefix: string;
  /** Error codes. */
  readonly malformed: string;
  readonly notFound: string;
  readonly missing: (id: string) => string;
}

/** A kind whose records are found by their ids and carry tags. */
export interface Kind<T extends object> extends IdForm, Taggable {
  readonly collection: Collection<T, string>;
}

/** What may be tagged, whatever it is. */
export interface Taggable extends IdForm {
  tagsOf(reader: Reader, scope: Scope, id: string): Tags | undefined;
  /** Nothing where there is no such record. */
  putTags(tx: Transaction, scope: Scope, id: string, tags: Tags): void;
  list(reader: Reader, scope: Scope): Iterable<{ readonly id: string; readonly tags: Tags }>;
}

const form = (
  type: ResourceType,
  prefix: string,
  [malformed, notFound]: readonly [malformed: string, notFound: string],
  missing: IdForm['missing'],
): IdForm => ({ type, prefix, malformed, notFound, missing });

function kind<T extends { readonly tags: Tags }>(collection: Collection<T, string>, ids: IdForm): Kind<T> {
  return {
    ...ids,
    collection,
    tagsOf: (reader, scope, id) => reader.get(collection, ec2Key(collection, scope, id))?.tags,
    putTags: (tx, scope, id, tags) => {
      const key = ec2Key(collection, scope, id);
      const record = tx.get(collection, key);
      if (record !== undefined) tx.put(collection, key, { ...record, tags });
    },
    *list(reader, scope) {
      for (const { key, value } of reader.list(collection, ec2Prefix(collection, scope)))
        yield { id: idOfKey(key), tags: value.tags };
    },
  };
}

/** Rules are within their groups' records: see `securityGroups`. */
const securityGroupRule = form(
  'security-group-rule',
  'sgr',
  ['InvalidSecurityGroupRuleId.Malformed', 'InvalidSecurityGroupRuleId.NotFound'],
  (id) => `The security group rule ID '${id}' does not exist`,
);

/** Every kind of the room: its records, and its ids in AWS's words. */
export const kinds = {
  vpc: kind(
    vpcs,
    form(
      'vpc',
      'vpc',
      ['InvalidVpcID.Malformed', 'InvalidVpcID.NotFound'],
      (id) => `The vpc ID '${id}' does not exist`,
    ),
  ),
  subnet: kind(
    subnets,
    form(
      'subnet',
      'subnet',
      ['InvalidSubnetID.Malformed', 'InvalidSubnetID.NotFound'],
      (id) => `The subnet ID '${id}' does not exist`,
    ),
  ),
  routeTable: kind(
    routeTables,
    form(
      'route-table',
      'rtb',
      ['InvalidRouteTableId.Malformed', 'InvalidRouteTableID.NotFound'],
      (id) => `The routeTable ID '${id}' does not exist`,
    ),
  ),
  internetGateway: kind(
    internetGateways,
    form(
      'internet-gateway',
      'igw',
      ['InvalidInternetGatewayId.Malformed', 'InvalidInternetGatewayID.NotFound'],
      (id) => `The internetGateway ID '${id}' does not exist`,
    ),
  ),
  natGateway: kind(
    natGateways,
    form(
      'natgateway',
      'nat',
      ['NatGatewayMalformed', 'NatGatewayNotFound'],
      (id) => `The Nat Gateway ${id} was not found`,
    ),
  ),
  securityGroup: kind(
    securityGroups,
    form(
      'security-group',
      'sg',
      ['InvalidGroupId.Malformed', 'InvalidGroup.NotFound'],
      (id) => `The security group '${id}' does not exist`,
    ),
  ),
  networkInterface: kind(
    networkInterfaces,
    form(
      'network-interface',
      'eni',
      ['InvalidNetworkInterfaceId.Malformed', 'InvalidNetworkInterfaceID.NotFound'],
      (id) => `The networkInterface ID '${id}' does not exist`,
    ),
  ),
  instance: kind(
    instances,
    form(
      'instance',
      'i',
      ['InvalidInstanceID.Malformed', 'InvalidInstanceID.NotFound'],
      (id) => `The instance ID '${id}' does not exist`,
    ),
  ),
  address: kind(
    addresses,
    form(
      'elastic-ip',
      'eipalloc',
      ['InvalidAllocationID.Malformed', 'InvalidAllocationID.NotFound'],
      (id) => `The allocation ID '${id}' does not exist`,
    ),
  ),
  dhcpOptions: kind(
    dhcpOptions,
    form(
      'dhcp-options',
      'dopt',
      ['InvalidDhcpOptionsId.Malformed', 'InvalidDhcpOptionID.NotFound'],
      (id) => `The dhcpOption ID '${id}' does not exist`,
    ),
  ),
  networkAcl: kind(
    networkAcls,
    form(
      'network-acl',
      'acl',
      ['InvalidNetworkAclId.Malformed', 'InvalidNetworkAclID.NotFound'],
      (id) => `The networkAcl ID '${id}' does not exist`,
    ),
  ),
  prefixList: kind(
    prefixLists,
    form(
      'prefix-list',
      'pl',
      ['InvalidPrefixListId.Malformed', 'InvalidPrefixListID.NotFound'],
      (id) => `The prefix list ID '${id}' does not exist`,
    ),
  ),
  securityGroupRule: {
    ...securityGroupRule,
    tagsOf: (reader, scope, id) => ruleOf(reader, scope, id)?.rule.tags,
    putTags: (tx, scope, id, tags) => {
      const found = ruleOf(tx, scope, id);
      if (found === undefined) return;
      const { key } = found;
      // Read with `get`, so that no change of the group's other rules is lost.
      const group = tx.get(securityGroups, key);
      if (group === undefined) return;
      const rules = group.rules.map((rule) => (rule.id === id ? { ...rule, tags } : rule));
      tx.put(securityGroups, key, { ...group, rules });
    },
    *list(reader, scope) {
      for (const { value } of reader.list(securityGroups, ec2Prefix(securityGroups, scope)))
        yield* value.rules;
    },
  } satisfies Taggable,
};

export const taggableKinds: readonly Taggable[] = Object.values(kinds);

/** A record's id: the last part of its key. */
export function idOfKey(key: RecordKey): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

function ruleOf(reader: Reader, scope: Scope, ruleId: string) {
  for (const { key, value } of reader.byIndex(securityGroups, 'rule', ruleId)) {
    if (key !== ec2Key(securityGroups, scope, value.id)) continue;
    const rule = value.rules.find(({ id }) => id === ruleId);
    if (rule !== undefined) return { key, rule };
  }
  return undefined;
}
