import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Ec2Context } from '../context.ts';
import { newId } from '../ids.ts';
import { instanceType } from '../instance-types/instance-types.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import { isInterfaceQuotaReached, putSimpleInterface } from '../network-interfaces/new-interface.ts';
import { ec2Key, type NetworkInterfaceRecord, networkInterfaces, type Scope, type Tags } from '../records.ts';
import { findInstance } from './instance.ts';

/** An interface that a node is to have for its pods. */
export interface NodeInterfaceRequest {
  readonly instanceId: string;
  readonly description: string;
  readonly tags: Tags;
  /** Epoch milliseconds. */
  readonly now: number;
}

export type NodeInterfaceResult =
  | { readonly type: 'made'; readonly networkInterface: NetworkInterfaceRecord; readonly subnetCidr: string }
  /** In EC2's words. */
  | { readonly type: 'refused'; readonly code: string; readonly message: string };

/** The trunk interface of an instance; undefined: it has none. */
export const trunkOf = (
  reader: Reader,
  scope: Scope,
  instanceId: string,
): NetworkInterfaceRecord | undefined =>
  interfacesOf(reader, scope, instanceId).find(({ interfaceType }) => interfaceType === 'trunk');

/** The groups that an instance itself is in. */
export const groupsOfInstance = (reader: Reader, scope: Scope, instanceId: string): readonly string[] =>
  interfacesOf(reader, scope, instanceId).find(({ attachment }) => attachment?.deviceIndex === 0)
    ?.securityGroupIds ?? [];

/**
 * Makes and attaches the trunk interface of an instance that has none yet, where the instance itself is, in the caller's own transaction.
 * It goes with the instance.
 */
export function attachTrunk(
  tx: Transaction,
  ec2: Pick<Ec2Context, 'random' | 'state'>,
  scope: Scope,
  { instanceId, now, ...request }: NodeInterfaceRequest,
): NodeInterfaceResult {
  const instance = findInstance(tx, scope, instanceId);
  const present = interfacesOf(tx, scope, instanceId);
  const primary = present.find(({ attachment }) => attachment?.deviceIndex === 0);
  if (instance?.node === undefined || primary === undefined) {
    return refused('InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
  }
  const most = instanceType(instance.node.instanceType)?.maxInterfaces ?? 1;
  if (present.length >= most) {
    return refused(
      'AttachmentLimitExceeded',
      `Interface count ${present.length + 1} exceeds the limit for ${instance.node.instanceType}`,
    );
  }
  const used = new Set(present.map(({ attachment }) => attachment?.deviceIndex));
  let deviceIndex = 1;
  while (used.has(deviceIndex)) deviceIndex += 1;
  return make(tx, ec2, scope, primary, {
    ...request,
    ...{ securityGroupIds: primary.securityGroupIds, interfaceType: 'trunk' },
    attachment: {
      ...{ id: newId(ec2.random, 'eni-attach'), instanceId, isOfNode: true, status: 'attached', deviceIndex },
      ...{ instanceOwnerId: scope.accountId, attachedAt: now, deleteOnTermination: true },
      ...(instance.machineId !== undefined && { machineId: instance.machineId }),
    },
  });
}

/** One behind a trunk interface. */
export interface BranchRequest extends NodeInterfaceRequest {
  /** E.g. `amazon-eks`: nobody else may change or delete it. */
  readonly requesterId: string;
  readonly securityGroupIds: readonly string[];
}

/** Makes an interface behind the trunk of an instance, in the caller's own transaction. `deleteServiceInterface` deletes it. */
export function createBranch(
  tx: Transaction,
  ec2: Pick<Ec2Context, 'random' | 'state'>,
  scope: Scope,
  { instanceId, now, ...wishes }: BranchRequest,
): NodeInterfaceResult {
  const trunk = trunkOf(tx, scope, instanceId);
  if (trunk === undefined)
    return refused('InvalidNetworkInterfaceID.NotFound', `${instanceId} has no trunk interface`);
  const missing = wishes.securityGroupIds.find(
    (id) => known(tx, kinds.securityGroup, scope, id)?.vpcId !== trunk.vpcId,
  );
  if (missing !== undefined)
    return refused(
      'InvalidGroup.NotFound',
      `The security group '${missing}' does not exist in VPC '${trunk.vpcId}'`,
    );
  return make(tx, ec2, scope, trunk, {
    ...wishes,
    interfaceType: 'branch',
    attachment: {
      ...{
        id: newId(ec2.random, 'ela-attach'),
        instanceOwnerId: 'amazon-aws',
        status: 'attached',
        deviceIndex: 1,
      },
      ...{ attachedAt: now, deleteOnTermination: false },
      ...(trunk.attachment?.machineId !== undefined && { machineId: trunk.attachment.machineId }),
    },
  });
}

function make(
  tx: Transaction,
  ec2: Pick<Ec2Context, 'random' | 'state'>,
  scope: Scope,
  { subnetId }: NetworkInterfaceRecord,
  wishes: Omit<Parameters<typeof putSimpleInterface>[4], 'sourceDestCheck'>,
): NodeInterfaceResult {
  if (isInterfaceQuotaReached(ec2, scope)) {
    return refused(
      'NetworkInterfaceLimitExceeded',
      'You have reached the maximum number of network interfaces for the account in this region.',
    );
  }
  const subnet = known(tx, kinds.subnet, scope, subnetId);
  if (subnet === undefined)
    return refused('InvalidSubnetID.NotFound', `The subnet ID '${subnetId}' does not exist`);
  const made = putSimpleInterface(tx, ec2, scope, subnet, { ...wishes, sourceDestCheck: true });
  if (made !== undefined) return { type: 'made', networkInterface: made, subnetCidr: subnet.cidr };
  return refused(
    'InsufficientFreeAddressesInSubnet',
    'The specified subnet does not have enough free addresses to satisfy the request.',
  );
}

const refused = (code: string, message: string): NodeInterfaceResult => ({ type: 'refused', code, message });

const interfacesOf = (reader: Reader, scope: Scope, instanceId: string): readonly NetworkInterfaceRecord[] =>
  reader
    .byIndex(networkInterfaces, 'instance', instanceId)
    .filter(({ key, value }) => key === ec2Key(networkInterfaces, scope, value.id))
    .map(({ value }) => value);
