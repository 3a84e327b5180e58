import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { privateDnsName } from '../../../topology/index.ts';
import { takePublicAddress } from '../addresses/public-pool.ts';
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
import { removeInterface } from '../network-interfaces/remove-interface.ts';
import { type SubnetFacts, subnetFacts } from '../network-interfaces/subnet-facts.ts';
import {
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
  /** None: the VPC's default group. */
  readonly securityGroupIds: readonly string[];
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
  ec2: Ec2Context,
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
    const made = putSimpleInterface(tx, ec2, scope, subnet, wishesOf(tx, ec2, scope, subnet, request));
    if (made !== undefined) return withPublicAddress(tx, ec2, scope, made, request);
  }
  return { type: 'no-free-address', id: request.subnetIds.at(-1) ?? '' };
}

/** A service's interface as it is now; undefined once it is deleted. */
export function readServiceInterface(reader: Reader, scope: Scope, id: string): ServiceInterface | undefined {
  const record = known(reader, kinds.networkInterface, scope, id);
  return record === undefined ? undefined : shown(reader, scope, record);
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
  { random }: Ec2Context,
  scope: Scope,
  { vpcId }: SubnetRecord,
  { securityGroupIds, description, requesterId, tags, machineId, now }: ServiceInterfaceRequest,
): InterfaceWishes {
  return {
    ...{ description, requesterId, tags },
    securityGroupIds: securityGroupIds.length > 0 ? securityGroupIds : [defaultGroupId(tx, scope, vpcId)],
    sourceDestCheck: true,
    interfaceType: 'interface',
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

function withPublicAddress(
  tx: Transaction,
  { publicCidr }: Ec2Context,
  scope: Scope,
  made: NetworkInterfaceRecord,
  { assignPublicIp }: ServiceInterfaceRequest,
): ServiceInterfaceResult {
  if (!assignPublicIp) return { type: 'created', networkInterface: shown(tx, scope, made) };
  const publicIpv4 = takePublicAddress(tx, publicCidr, scope, made.id);
  if (publicIpv4 === undefined) {
    removeInterface(tx, scope, made);
    return { type: 'no-public-address' };
  }
  const record = { ...made, autoAssignedPublicIpv4: publicIpv4 };
  tx.put(networkInterfaces, ec2Key(networkInterfaces, scope, made.id), record);
  return { type: 'created', networkInterface: shown(tx, scope, record) };
}
