import type { Collection, RecordKey } from '../../reconcile/index.ts';
import { recordKey } from '../../reconcile/index.ts';
import { blockOf, cidrText, ipv4Number } from '../../topology/index.ts';

/**
 * What EC2 keeps: `/ec2/<account>/<region>/<noun>/<id>`. Times are epoch milliseconds, addresses IPv4 in dotted form,
 * blocks in CIDR form without host bits. Each record has one writer: its resource's operations.
 *
 * What must be unique has a record of its own whose key is the unique thing: an address of a subnet, a public address,
 * a group's name in a VPC. So a transaction that takes it races nobody unnoticed.
 *
 * What may not be deleted while others refer to it: whoever makes a reference reads what it refers to with `get` and takes
 * nothing that `isBeingDeleted`; the deleter looks at the indexes, marks the record, and looks again before it deletes
 * (`deletion.ts`). So the two can't miss each other.
 */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

/** What others refer to. */
export interface Deletable {
  /** Nobody may refer to it any more: it is about to be deleted, or it stays because somebody was faster. */
  readonly isBeingDeleted?: true;
}

export type Tags = Readonly<Record<string, string>>;

/** Written once the default VPC of an account and region has been made: it is not made again when it was deleted. `default-vpc/made` */
export interface DefaultVpcRecord {
  readonly madeAt: number;
}
export const defaultVpcs: Collection<DefaultVpcRecord> = {
  service: 'ec2',
  noun: 'default-vpc',
  indexes: {},
};

export interface VpcRecord extends Deletable {
  readonly id: string;
  /** Unique within the installation, from 1 on: see `VpcTopology.number`. */
  readonly number: number;
  /** The primary one first. */
  readonly cidrs: readonly { readonly associationId: string; readonly cidr: string }[];
  readonly isDefault: boolean;
  readonly instanceTenancy: 'default' | 'dedicated';
  /** Absent: none (`AssociateDhcpOptions` with `default`). */
  readonly dhcpOptionsId?: string;
  readonly enableDnsSupport: boolean;
  readonly enableDnsHostnames: boolean;
  readonly enableNetworkAddressUsageMetrics: boolean;
  readonly tags: Tags;
}
/** `vpc/<id>` */
export const vpcs: Collection<VpcRecord, 'scope'> = {
  service: 'ec2',
  noun: 'vpc',
  indexes: { scope: (_vpc, key) => scopeTextOf(key) },
};

/** The next VPC's number: `vpc-number/next`, in no account, for the whole installation. */
export interface VpcNumberRecord {
  readonly next: number;
}
export const vpcNumbers: Collection<VpcNumberRecord> = { service: 'ec2', noun: 'vpc-number', indexes: {} };

export interface SubnetRecord extends Deletable {
  readonly id: string;
  readonly vpcId: string;
  readonly cidr: string;
  readonly availabilityZone: string;
  readonly isDefaultForAz: boolean;
  readonly mapPublicIpOnLaunch: boolean;
  readonly privateDnsHostnameType: 'ip-name' | 'resource-name';
  readonly enableResourceNameDnsARecord: boolean;
  readonly tags: Tags;
}
/** `subnet/<id>` */
export const subnets: Collection<SubnetRecord, 'vpc'> = {
  service: 'ec2',
  noun: 'subnet',
  indexes: { vpc: ({ vpcId }) => vpcId },
};

/** The blocks that a VPC's subnets have: whoever adds one reads and writes it, so that no two overlap. `subnet-plan/<vpc id>` */
export interface SubnetPlanRecord {
  /** By the subnet's id. */
  readonly cidrs: Readonly<Record<string, string>>;
}
export const subnetPlans: Collection<SubnetPlanRecord> = {
  service: 'ec2',
  noun: 'subnet-plan',
  indexes: {},
};

/**
 * An address of a subnet that is taken: its presence is the allocation. Of a delegated /28 all sixteen have one.
 * `subnet-address/<subnet id>/<ipv4>`
 */
export interface SubnetAddressRecord {
  readonly interfaceId: string;
}
export const subnetAddresses: Collection<SubnetAddressRecord, 'subnet' | 'block'> = {
  service: 'ec2',
  noun: 'subnet-address',
  indexes: {
    subnet: (_address, key) => key.split('/')[5],
    block: (_address, key) => blocksOf(key.split('/')[5] ?? '', key.split('/')[6] ?? ''),
  },
};

/**
 * Where the search for the next free address goes on, so that a released one rests: `subnet-cursor/<subnet id>`, and of
 * the public addresses `subnet-cursor/public`. Whatever takes an address of a subnet writes it or deletes it with the
 * subnet, so that the two can't miss each other.
 */
export interface SubnetCursorRecord {
  readonly nextAddress: string;
  /** Counts what was taken. */
  readonly taken: number;
}
export const subnetCursors: Collection<SubnetCursorRecord> = {
  service: 'ec2',
  noun: 'subnet-cursor',
  indexes: {},
};

export interface RouteTableRecord extends Deletable {
  readonly id: string;
  readonly vpcId: string;
  /** Without the local ones, which follow from the VPC's blocks, unless one was given another target. */
  readonly routes: readonly RouteRecord[];
  readonly associations: readonly RouteTableAssociationRecord[];
  readonly clientToken?: string;
  readonly tags: Tags;
}
export interface RouteRecord {
  /** A block, or a prefix list's id. */
  readonly destination: string;
  readonly target: {
    readonly type: 'local' | 'internet-gateway' | 'nat-gateway' | 'network-interface';
    /** `local` has none. */
    readonly id?: string;
  };
}
/** Without a subnet: it is the VPC's main table. */
export interface RouteTableAssociationRecord {
  readonly id: string;
  readonly subnetId?: string;
}
/** `route-table/<id>` */
export const routeTables: Collection<
  RouteTableRecord,
  'vpc' | 'subnet' | 'association' | 'target' | 'prefixList'
> = {
  service: 'ec2',
  noun: 'route-table',
  indexes: {
    vpc: ({ vpcId }) => vpcId,
    /** At most one table each. */
    subnet: ({ associations }) => associations.flatMap(({ subnetId }) => subnetId ?? []),
    association: ({ associations }) => associations.map(({ id }) => id),
    /** By the ids of gateways and interfaces that it sends packets to. */
    target: ({ routes }) => routes.flatMap(({ target }) => target.id ?? []),
    prefixList: ({ routes }) =>
      routes.flatMap(({ destination }) => (destination.startsWith('pl-') ? destination : [])),
  },
};

export interface InternetGatewayRecord extends Deletable {
  readonly id: string;
  readonly vpcId?: string;
  readonly tags: Tags;
}
/** `internet-gateway/<id>` */
export const internetGateways: Collection<InternetGatewayRecord, 'vpc'> = {
  service: 'ec2',
  noun: 'internet-gateway',
  indexes: { vpc: ({ vpcId }) => vpcId },
};

export interface NatGatewayRecord {
  readonly id: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly connectivityType: 'public' | 'private';
  readonly state: 'pending' | 'available' | 'failed' | 'deleting' | 'deleted';
  readonly failure?: { readonly code: string; readonly message: string };
  /** Its own interface, until it is deleted. */
  readonly networkInterfaceId?: string;
  /** While it is pending: the one that somebody asked for. */
  readonly privateIpv4?: string;
  /** Of a public one. */
  readonly allocationId?: string;
  readonly associationId?: string;
  readonly publicIpv4?: string;
  readonly clientToken?: string;
  readonly createdAt: number;
  /** Also of a failed one, which has no more to it than a deleted one. */
  readonly deletedAt?: number;
  readonly tags: Tags;
}
/** `nat-gateway/<id>` */
export const natGateways: Collection<NatGatewayRecord, 'scope' | 'vpc' | 'subnet'> = {
  service: 'ec2',
  noun: 'nat-gateway',
  indexes: {
    scope: (_gateway, key) => scopeTextOf(key),
    vpc: ({ vpcId }) => vpcId,
    subnet: ({ subnetId }) => subnetId,
  },
};

export interface SecurityGroupRecord extends Deletable {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  readonly rules: readonly SecurityGroupRuleRecord[];
  readonly tags: Tags;
}
export interface SecurityGroupRuleRecord {
  /** `sgr-…` */
  readonly id: string;
  readonly isEgress: boolean;
  /** `tcp`, `udp`, `icmp`, `icmpv6`, `-1` (all), or a number as text. */
  readonly protocol: string;
  /** Of icmp: type and code. -1: all. */
  readonly fromPort: number;
  readonly toPort: number;
  readonly peer:
    | { readonly type: 'cidr-ipv4' | 'cidr-ipv6'; readonly cidr: string }
    | { readonly type: 'prefix-list'; readonly id: string }
    | { readonly type: 'group'; readonly id: string };
  readonly description?: string;
  readonly tags: Tags;
}
/** `security-group/<id>` */
export const securityGroups: Collection<SecurityGroupRecord, 'vpc' | 'rule' | 'referenced' | 'prefixList'> = {
  service: 'ec2',
  noun: 'security-group',
  indexes: {
    vpc: ({ vpcId }) => vpcId,
    rule: ({ rules }) => rules.map(({ id }) => id),
    /** By the other groups that its rules name. */
    referenced: ({ id, rules }) =>
      unique(rules.flatMap(({ peer }) => (peer.type === 'group' && peer.id !== id ? peer.id : []))),
    prefixList: ({ rules }) =>
      unique(rules.flatMap(({ peer }) => (peer.type === 'prefix-list' ? peer.id : []))),
  },
};

/** A name that a group of a VPC has. `security-group-name/<vpc id>/<encoded name>` */
export interface SecurityGroupNameRecord {
  readonly groupId: string;
}
export const securityGroupNames: Collection<SecurityGroupNameRecord> = {
  service: 'ec2',
  noun: 'security-group-name',
  indexes: {},
};

export interface NetworkInterfaceRecord extends Deletable {
  readonly id: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly availabilityZone: string;
  readonly description: string;
  readonly macAddress: string;
  /** The primary one first. */
  readonly privateIpv4Addresses: readonly string[];
  /** /28 blocks. */
  readonly ipv4Prefixes: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly sourceDestCheck: boolean;
  readonly interfaceType:
    | 'interface'
    | 'natGateway'
    | 'load_balancer'
    | 'network_load_balancer'
    /** Of a node, with interfaces of pods behind it, and one of those. */
    | 'trunk'
    | 'branch';
  /** The service that made it for itself, e.g. `amazon-ecs`: nobody else may change or delete it. */
  readonly requesterId?: string;
  readonly attachment?: InterfaceAttachmentRecord;
  /** A public address of Amazon's, given on launch and lost with the interface. Elastic ones: see `AddressRecord`. */
  readonly autoAssignedPublicIpv4?: string;
  readonly clientToken?: string;
  readonly tags: Tags;
}
export interface InterfaceAttachmentRecord {
  /** `eni-attach-…` */
  readonly id: string;
  /** Of an instance of the account's; requester-managed interfaces have none. */
  readonly instanceId?: string;
  /** The instance is a node of EKS: the interface is not in its machine's network but in the node's own. */
  readonly isOfNode?: true;
  readonly instanceOwnerId: string;
  /** Where what it is attached to runs; absent: on the machine of the control plane. */
  readonly machineId?: string;
  readonly deviceIndex: number;
  readonly status: 'attaching' | 'attached' | 'detaching';
  readonly attachedAt: number;
  readonly deleteOnTermination: boolean;
}
/** `network-interface/<id>` */
export const networkInterfaces: Collection<
  NetworkInterfaceRecord,
  'scope' | 'vpc' | 'subnet' | 'securityGroup' | 'macAddress' | 'attachment' | 'instance' | 'ofMachine'
> = {
  service: 'ec2',
  noun: 'network-interface',
  indexes: {
    scope: (_interface, key) => scopeTextOf(key),
    macAddress: ({ macAddress }) => macAddress,
    attachment: ({ attachment }) => attachment?.id,
    instance: ({ attachment }) => attachment?.instanceId,
    /** Attached to instances of one machine; of the control plane's: `home`. */
    ofMachine: ({ attachment }) =>
      attachment?.isOfNode ? undefined : attachment?.instanceId && (attachment.machineId ?? 'home'),
    vpc: ({ vpcId }) => vpcId,
    subnet: ({ subnetId }) => subnetId,
    securityGroup: ({ securityGroupIds }) => securityGroupIds,
  },
};

/** An Elastic IP address. */
export interface AddressRecord extends Deletable {
  readonly allocationId: string;
  readonly publicIpv4: string;
  readonly association?: {
    readonly id: string;
    readonly networkInterfaceId: string;
    readonly privateIpv4: string;
  };
  readonly tags: Tags;
}
/** `address/<allocation id>` */
export const addresses: Collection<AddressRecord, 'scope' | 'association' | 'interface' | 'publicIpv4'> = {
  service: 'ec2',
  noun: 'address',
  indexes: {
    scope: (_address, key) => scopeTextOf(key),
    association: ({ association }) => association?.id,
    interface: ({ association }) => association?.networkInterfaceId,
    publicIpv4: ({ publicIpv4 }) => publicIpv4,
  },
};

/** A public address that is taken; the pool is the installation's, so the key is in no account. `public-address/<ipv4>` */
export interface PublicAddressRecord {
  readonly accountId: string;
  readonly region: string;
  /** An allocation's id, or the interface's that was given it on launch. */
  readonly ownerId: string;
}
export const publicAddresses: Collection<PublicAddressRecord, 'block'> = {
  service: 'ec2',
  noun: 'public-address',
  indexes: { block: (_address, key) => blocksOf('public', key.split('/')[5] ?? '') },
};

/** A client token that made something. `client-token/<operation>/<hash of the token>` */
export interface ClientTokenRecord {
  readonly resourceId: string;
  readonly requestHash: string;
}
export const clientTokens: Collection<ClientTokenRecord> = {
  service: 'ec2',
  noun: 'client-token',
  indexes: {},
};

export interface DhcpOptionsRecord extends Deletable {
  readonly id: string;
  readonly configurations: Readonly<Record<string, readonly string[]>>;
  readonly tags: Tags;
}
/** `dhcp-options/<id>` */
export const dhcpOptions: Collection<DhcpOptionsRecord> = {
  service: 'ec2',
  noun: 'dhcp-options',
  indexes: {},
};

/** The region's own options, which new VPCs are given. `region-dhcp-options/current` */
export interface RegionDhcpOptionsRecord {
  readonly dhcpOptionsId: string;
}
export const regionDhcpOptions: Collection<RegionDhcpOptionsRecord> = {
  service: 'ec2',
  noun: 'region-dhcp-options',
  indexes: {},
};

/** A VPC's default network ACL, which allows everything: there are no others. `network-acl/<id>` */
export interface NetworkAclRecord {
  readonly id: string;
  readonly vpcId: string;
  readonly tags: Tags;
}
export const networkAcls: Collection<NetworkAclRecord, 'vpc'> = {
  service: 'ec2',
  noun: 'network-acl',
  indexes: { vpc: ({ vpcId }) => vpcId },
};

/** A prefix list of the account's own. */
export interface PrefixListRecord extends Deletable {
  readonly id: string;
  readonly name: string;
  readonly addressFamily: 'IPv4' | 'IPv6';
  readonly maxEntries: number;
  /** Counts the changes of its entries, from 1 on. */
  readonly version: number;
  readonly entries: readonly PrefixListEntryRecord[];
  /** What happened to it last. */
  readonly state: 'create-complete' | 'modify-complete' | 'restore-complete';
  readonly clientToken?: string;
  readonly tags: Tags;
}
export interface PrefixListEntryRecord {
  readonly cidr: string;
  readonly description?: string;
}
/** `prefix-list/<id>` */
export const prefixLists: Collection<PrefixListRecord> = {
  service: 'ec2',
  noun: 'prefix-list',
  indexes: {},
};

/** The entries of a prefix list before they were changed. `prefix-list-version/<prefix list id>/<version>` */
export interface PrefixListVersionRecord {
  readonly entries: readonly PrefixListEntryRecord[];
}
export const prefixListVersions: Collection<PrefixListVersionRecord> = {
  service: 'ec2',
  noun: 'prefix-list-version',
  indexes: {},
};

/** What belongs to the installation and not to an account. */
export const installationScope: Scope = { accountId: 'installation', region: 'global' };

/** The key of a record that is found by its id. */
export function ec2Key<T extends object>(
  collection: Collection<T, string>,
  { accountId, region }: Scope,
  ...ids: readonly string[]
): RecordKey {
  return recordKey(collection, accountId, region, ...ids);
}

/** All records of a kind in an account and region. */
export function ec2Prefix<T extends object>(
  collection: Collection<T, string>,
  { accountId, region }: Scope,
): string {
  return `/${collection.service}/${accountId}/${region}/${collection.noun}/`;
}

/** The account and region of a record, from its key. */
export function scopeOfKey(key: RecordKey): Scope {
  const [, , accountId = '', region = ''] = key.split('/');
  return { accountId, region };
}

/**
 * By what the taken addresses of a block are counted: how many of 256, and of sixteen, are gone tells whether to look
 * there for a free one. `<pool>/<cidr>`, the pool being a subnet's id or `public`.
 */
function blocksOf(pool: string, ipv4: string): readonly string[] {
  const address = ipv4Number(ipv4);
  return [24, 28].map((prefixLength) => `${pool}/${cidrText(blockOf(address, prefixLength))}`);
}

/** As the indexes `scope` have it. */
export const scopeText = ({ accountId, region }: Scope): string => `${accountId}/${region}`;

const scopeTextOf = (key: RecordKey): string => scopeText(scopeOfKey(key));

const unique = (ids: readonly string[]): readonly string[] => [...new Set(ids)];
