import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { privateDnsName } from '../../../topology/index.ts';
import type { Ec2Context } from '../context.ts';
import { newId } from '../ids.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import {
  defaultGroupId,
  type InterfaceWishes,
  isInterfaceQuotaReached,
  putSimpleInterface,
} from '../network-interfaces/new-interface.ts';
import { withPublicAddress } from '../network-interfaces/public-address.ts';
import { removeInterface } from '../network-interfaces/remove-interface.ts';
import { type SubnetFacts, subnetFacts } from '../network-interfaces/subnet-facts.ts';
import {
  addresses,
  ec2Key,
  type NetworkInterfaceRecord,
  networkInterfaces,
  type Scope,
  type SubnetRecord,
  subnets,
  type Tags,
} from '../records.ts';

/** What a service asks for to have an interface of its own in somebody's subnet. */
export interface ServiceInterfaceRequest {
  /** In the order in which they are tried, at least one: the first with a free address is taken. */
  readonly subnetIds: readonly string[];
  /** None: the VPC's default group, unless it `isOpen`. */
  readonly securityGroupIds: readonly string[];
  /** With no groups it is in none, and everybody reaches it, as network load balancers without groups. */
  readonly isOpen?: boolean;
  readonly interfaceType?: NetworkInterfaceRecord['interfaceType'];
  /** That private address instead of any. @throws {Refusal} It can't be had, in EC2's words. */
  readonly privateIpv4?: string;
  readonly description: string;
  /** E.g. `amazon-ecs`: nobody else may change or delete it. */
  readonly requesterId: string;
  /** May be of AWS's own: `aws:ecs:serviceName`. */
  readonly tags: Tags;
  /** A public address of Amazon's, which goes with the interface. It works where the subnet routes to an internet gateway. */
  readonly assignPublicIp: boolean;
  /** Where what has it runs; absent: on the machine of the control plane. */
  readonly machineId?: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Without a range of public addresses nothing gets one. */
type InterfaceContext = Pick<Ec2Context, 'random' | 'state'> & Partial<Pick<Ec2Context, 'publicCidr'>>;

export interface ServiceInterface extends SubnetFacts {
  readonly record: NetworkInterfaceRecord;
  readonly privateDnsName: string;
}

export type ServiceInterfaceResult =
  | { readonly type: 'created'; readonly networkInterface: ServiceInterface }
  /** Deleted since the service was told of it. */
  | { readonly type: 'subnet-missing' | 'security-group-missing'; readonly id: string }
  /** `id` is the last subnet tried. */
  | { readonly type: 'no-free-address'; readonly id: string }
  | { readonly type: 'no-public-address' }
  | { readonly type: 'too-many-interfaces' };

/**
 * Makes an interface for a service in the service's own transaction, attached to what the service runs. What it names
 * stays guarded until the commit. Nothing is made unless the result is `created`.
 */
export function createServiceInterface(
  tx: Transaction,
  ec2: InterfaceContext,
  scope: Scope,
  request: ServiceInterfaceRequest,
): ServiceInterfaceResult {
  if (isInterfaceQuotaReached(ec2, scope)) return { type: 'too-many-interfaces' };
  const missing = request.securityGroupIds.find(
    (id) => known(tx, kinds.securityGroup, scope, id) === undefined,
  );
  if (missing !== undefined) return { type: 'security-group-missing', id: missing };
  for (const id of request.subnetIds) {
    const subnet = known(tx, kinds.subnet, scope, id);
    if (subnet === undefined) return { type: 'subnet-missing', id };
    const wishes = wishesOf(tx, ec2, scope, subnet, request);
    const made = putSimpleInterface(tx, ec2, scope, subnet, wishes, request.privateIpv4);
    if (made !== undefined) return shownWithAddress(tx, ec2, scope, made, request);
  }
  return { type: 'no-free-address', id: request.subnetIds.at(-1) ?? '' };
}

/** A service's interface as it is now; undefined once it is deleted. */
export function readServiceInterface(reader: Reader, scope: Scope, id: string): ServiceInterface | undefined {
  const record = known(reader, kinds.networkInterface, scope, id);
  return record === undefined ? undefined : shown(reader, scope, record);
}

/**
 * Moves it into other groups of its VPC, at least one. Nothing happens when it is gone.
 * @param securityGroupIds As `readAwsvpc` found them in this transaction.
 */
export function moveServiceInterface(
  tx: Transaction,
  scope: Scope,
  id: string,
  securityGroupIds: readonly string[],
): void {
  const record = known(tx, kinds.networkInterface, scope, id);
  if (record === undefined) return;
  tx.put(networkInterfaces, ec2Key(networkInterfaces, scope, id), { ...record, securityGroupIds });
}

/**
 * Gives an Elastic IP address of the account's to the primary address of an interface that `createServiceInterface`
 * made in this transaction; it stays allocated when the interface goes.
 * @param allocationId A text of any form.
 */
export function giveElasticAddress(
  tx: Transaction,
  { random }: Pick<Ec2Context, 'random'>,
  scope: Scope,
  { id: networkInterfaceId, privateIpv4Addresses }: NetworkInterfaceRecord,
  allocationId: string,
): { readonly type: 'given'; readonly publicIpv4: string } | { readonly type: 'missing' | 'in-use' } {
  const elastic = known(tx, kinds.address, scope, allocationId);
  if (elastic === undefined) return { type: 'missing' };
  if (elastic.association !== undefined) return { type: 'in-use' };
  const [privateIpv4 = ''] = privateIpv4Addresses;
  tx.put(addresses, ec2Key(addresses, scope, allocationId), {
    ...elastic,
    association: { id: newId(random, 'eipassoc'), networkInterfaceId, privateIpv4 },
  });
  return { type: 'given', publicIpv4: elastic.publicIpv4 };
}

/** Deletes it and frees its addresses, private and public. Nothing happens when it is gone already. */
export function deleteServiceInterface(tx: Transaction, scope: Scope, id: string): void {
  const record = known(tx, kinds.networkInterface, scope, id);
  if (record !== undefined) removeInterface(tx, scope, record);
}

function shown(reader: Reader, scope: Scope, record: NetworkInterfaceRecord): ServiceInterface {
  const subnet = reader.get(subnets, ec2Key(subnets, scope, record.subnetId));
  if (subnet === undefined) throw new Error(`${record.id} is in ${record.subnetId}, which is not there`);
  const [address = ''] = record.privateIpv4Addresses;
  return {
    record,
    privateDnsName: privateDnsName(address, scope.region),
    ...subnetFacts(reader, scope, subnet),
  };
}

function wishesOf(
  tx: Transaction,
  { random }: InterfaceContext,
  scope: Scope,
  { vpcId }: SubnetRecord,
  request: ServiceInterfaceRequest,
): InterfaceWishes {
  const { securityGroupIds, description, requesterId, tags, machineId, now, isOpen = false } = request;
  const isInDefault = securityGroupIds.length === 0 && !isOpen;
  return {
    ...{ description, requesterId, tags },
    securityGroupIds: isInDefault ? [defaultGroupId(tx, scope, vpcId)] : securityGroupIds,
    sourceDestCheck: true,
    interfaceType: request.interfaceType ?? 'interface',
    attachment: {
      id: newId(random, 'eni-attach'),
      instanceOwnerId: requesterId,
      ...(machineId !== undefined && { machineId }),
      deviceIndex: 1,
      status: 'attached',
      attachedAt: now,
      deleteOnTermination: false,
    },
  };
}

function shownWithAddress(
  tx: Transaction,
  { publicCidr }: InterfaceContext,
  scope: Scope,
  made: NetworkInterfaceRecord,
  { assignPublicIp }: ServiceInterfaceRequest,
): ServiceInterfaceResult {
  const isPublic = assignPublicIp && publicCidr !== undefined;
  const record = isPublic ? withPublicAddress(tx, publicCidr, scope, made) : made;
  if (record === undefined) return { type: 'no-public-address' };
  return { type: 'created', networkInterface: shown(tx, scope, record) };
}
