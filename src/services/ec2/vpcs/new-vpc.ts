import type { Random } from '../../../clock/index.ts';
import type { Transaction } from '../../../reconcile/index.ts';
import { privateDomain } from '../../../topology/index.ts';
import { limitReached } from '../errors.ts';
import { newId } from '../ids.ts';
import {
  dhcpOptions,
  ec2Key,
  installationScope,
  networkAcls,
  type RouteRecord,
  regionDhcpOptions,
  routeTables,
  type Scope,
  scopeText,
  type Tags,
  type VpcRecord,
  vpcNumbers,
  vpcs,
} from '../records.ts';
import { putDefaultGroup } from '../security-groups/default-group.ts';

export interface NewVpc {
  readonly cidr: string;
  readonly isDefault: boolean;
  /** Of its main route table. */
  readonly routes: readonly RouteRecord[];
  readonly tags: Tags;
}

const maxVpcs = 5;

/**
 * Writes a VPC with what each has from the beginning: main route table, default security group, default network ACL, and
 * the region's DHCP options.
 * @throws VpcLimitExceeded
 */
export function putNewVpc(
  tx: Transaction,
  random: Random,
  scope: Scope,
  { cidr, isDefault, routes, tags }: NewVpc,
): VpcRecord {
  if (tx.countByIndex(vpcs, 'scope', scopeText(scope)) >= maxVpcs)
    throw limitReached('VpcLimitExceeded', 'VPCs');
  const id = newId(random, 'vpc');
  const vpc: VpcRecord = {
    id,
    number: takeNumber(tx),
    cidrs: [{ associationId: newId(random, 'vpc-cidr-assoc'), cidr }],
    isDefault,
    instanceTenancy: 'default',
    dhcpOptionsId: regionOptionsId(tx, random, scope),
    enableDnsSupport: true,
    enableDnsHostnames: isDefault,
    enableNetworkAddressUsageMetrics: false,
    tags,
  };
  tx.put(vpcs, ec2Key(vpcs, scope, id), vpc);
  const table = { id: newId(random, 'rtb'), vpcId: id, routes, tags: {} };
  const associations = [{ id: newId(random, 'rtbassoc') }];
  tx.put(routeTables, ec2Key(routeTables, scope, table.id), { ...table, associations });
  const acl = { id: newId(random, 'acl'), vpcId: id, tags: {} };
  tx.put(networkAcls, ec2Key(networkAcls, scope, acl.id), acl);
  putDefaultGroup(tx, random, scope, id);
  return vpc;
}

function takeNumber(tx: Transaction): number {
  const key = ec2Key(vpcNumbers, installationScope, 'next');
  const { next } = tx.get(vpcNumbers, key) ?? { next: 1 };
  tx.put(vpcNumbers, key, { next: next + 1 });
  return next;
}

/** Of the options that the region gives to its VPCs, which are made when they are not there. */
function regionOptionsId(tx: Transaction, random: Random, scope: Scope): string {
  const key = ec2Key(regionDhcpOptions, scope, 'current');
  const current = tx.get(regionDhcpOptions, key);
  const known = current && tx.get(dhcpOptions, ec2Key(dhcpOptions, scope, current.dhcpOptionsId));
  if (known !== undefined && !known.isBeingDeleted) return known.id;
  const id = newId(random, 'dopt');
  tx.put(dhcpOptions, ec2Key(dhcpOptions, scope, id), {
    id,
    configurations: {
      'domain-name': [privateDomain(scope.region)],
      'domain-name-servers': ['AmazonProvidedDNS'],
    },
    tags: {},
  });
  tx.put(regionDhcpOptions, key, { dhcpOptionsId: id });
  return id;
}
