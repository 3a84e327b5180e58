import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { privateDnsName } from '../../../topology/index.ts';
import type { Ec2Context } from '../context.ts';
import { newId } from '../ids.ts';
import { type InstanceRecord, instances } from '../instances/instance-record.ts';
import { kinds } from '../kinds.ts';
import { known } from '../known.ts';
import {
  defaultGroupId,
  isInterfaceQuotaReached,
  putSimpleInterface,
} from '../network-interfaces/new-interface.ts';
import { withPublicAddress } from '../network-interfaces/public-address.ts';
import { ec2Key, type Scope, type Tags } from '../records.ts';
import { findInstance } from './instance.ts';

/** An instance that is to be a node of EKS's, or one of ECS's Managed Instances. */
export interface LaunchRequest {
  /** As whoever asks has drawn it: `i-…`. */
  readonly id: string;
  readonly instanceType: string;
  readonly imageId: string;
  readonly isSpot: boolean;
  readonly architecture: 'arm64' | 'x86_64';
  /** In the order in which they are tried: the first with a free address is taken. */
  readonly subnetIds: readonly string[];
  /** None: the VPC's default group. */
  readonly securityGroupIds: readonly string[];
  /**
   * Of a container instance: the loopback address at which the ports of its tasks are reached. Its interface is in the network
   * of its machine. Absent: it is a node, which takes its interface into a network of its own.
   */
  readonly portsAddress?: string;
  /** May be of AWS's own: `aws:autoscaling:groupName`. */
  readonly tags: Tags;
  /** Of its interface. */
  readonly interfaceTags: Tags;
  /** The machine that it is on; absent: the control plane's. */
  readonly machineId?: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface LaunchedInstance {
  readonly networkInterfaceId: string;
  readonly privateIpv4: string;
  /** As the VPC's DNS has it: `ip-10-0-1-23.eu-west-1.compute.internal`. */
  readonly privateDnsName: string;
  readonly subnetId: string;
  readonly availabilityZone: string;
}

export type LaunchResult =
  | { readonly type: 'launched'; readonly instance: LaunchedInstance }
  | { readonly type: 'subnet-missing' | 'security-group-missing' | 'no-free-address'; readonly id: string }
  | { readonly type: 'no-public-address' | 'too-many-interfaces' };

/**
 * Makes an instance with its primary interface, which has a public address where its subnet gives those to instances, in the caller's own transaction. What it names stays guarded until the
 * commit. `terminateInstance` ends both. Nothing is made unless the result is `launched`.
 */
export function launchNode(
  tx: Transaction,
  ec2: Pick<Ec2Context, 'publicCidr' | 'random' | 'state'>,
  scope: Scope,
  request: LaunchRequest,
): LaunchResult {
  const { id, subnetIds, machineId, portsAddress, now } = request;
  if (isInterfaceQuotaReached(ec2, scope)) return { type: 'too-many-interfaces' };
  const missing = request.securityGroupIds.find(
    (group) => known(tx, kinds.securityGroup, scope, group) === undefined,
  );
  if (missing !== undefined) return { type: 'security-group-missing', id: missing };
  for (const subnetId of subnetIds) {
    const subnet = known(tx, kinds.subnet, scope, subnetId);
    if (subnet === undefined) return { type: 'subnet-missing', id: subnetId };
    const securityGroupIds =
      request.securityGroupIds.length > 0
        ? request.securityGroupIds
        : [defaultGroupId(tx, scope, subnet.vpcId)];
    const made = putSimpleInterface(tx, ec2, scope, subnet, {
      ...{ description: '', tags: request.interfaceTags, securityGroupIds, sourceDestCheck: true },
      interfaceType: 'interface',
      attachment: {
        ...{ id: newId(ec2.random, 'eni-attach'), instanceId: id },
        ...(portsAddress === undefined
          ? { isOfNode: true as const, status: 'attached' as const }
          : { status: 'attaching' as const }),
        ...{ instanceOwnerId: scope.accountId, deviceIndex: 0, attachedAt: now, deleteOnTermination: true },
        ...(machineId !== undefined && { machineId }),
      },
    });
    if (made === undefined) continue;
    const isPublic = subnet.mapPublicIpOnLaunch;
    if (isPublic && withPublicAddress(tx, ec2.publicCidr, scope, made) === undefined)
      return { type: 'no-public-address' };
    const [privateIpv4 = ''] = made.privateIpv4Addresses;
    const { availabilityZone } = subnet;
    tx.put(instances, ec2Key(instances, scope, id), {
      ...{
        id,
        reservationId: newId(ec2.random, 'r'),
        address: privateIpv4,
        availabilityZone,
        ownTcpPorts: [],
      },
      ...{ architecture: request.architecture, launchedAt: now, tags: request.tags },
      ...(machineId !== undefined && { machineId }),
      node: {
        ...{ instanceType: request.instanceType, imageId: request.imageId, isSpot: request.isSpot },
        networkInterfaceId: made.id,
        ...(portsAddress !== undefined && { portsAddress }),
      },
    });
    return {
      type: 'launched',
      instance: {
        ...{ networkInterfaceId: made.id, privateIpv4, subnetId, availabilityZone },
        privateDnsName: privateDnsName(privateIpv4, scope.region),
      },
    };
  }
  return { type: 'no-free-address', id: subnetIds.at(-1) ?? '' };
}

/** By which name an instance that is a node is known in its VPC; undefined: there is no such instance. @param id A text of any form. */
export function nodeDnsName(reader: Reader, scope: Scope, id: string): string | undefined {
  const instance: InstanceRecord | undefined = findInstance(reader, scope, id);
  return instance?.node && privateDnsName(instance.address, scope.region);
}
