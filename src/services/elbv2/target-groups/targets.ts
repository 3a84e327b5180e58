import type { Refusal } from '../../../protocols/index.ts';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import { findInstance, readServiceInterface, vpcFacts } from '../../ec2/index.ts';
import type { Scope } from '../arn.ts';
import { invalidTarget, shown, tooManyTargets, validationError } from '../errors.ts';
import { limits } from '../load-balancers/account-limits.ts';
import { type TargetGroupRecord, type TargetRecord, targetHealths, targetKey, targets } from '../records.ts';
import { groupAttribute } from './group-attributes.ts';

const maxTargetsOfGroup = limits['targets-per-target-group'];

/** As somebody names it. */
export interface NamedTarget {
  readonly id: string;
  /** Absent: the group's. */
  readonly port?: number | undefined;
  readonly availabilityZone?: string | undefined;
}

/** What registering a target comes to: a record, or why it can't be. */
export function newTarget(
  reader: Reader,
  scope: Scope,
  group: TargetGroupRecord,
  { id, port = group.port, availabilityZone: zone }: NamedTarget,
  now: number,
): TargetRecord | Refusal {
  if (port < 1 || port > 65_535)
    return validationError(`Port '${port}' must be a number between 1 and 65535`);
  const made = (address: string, availabilityZone: string): TargetRecord => ({
    ...{ targetGroupId: group.id, id, port, address, availabilityZone, registeredAt: now },
  });
  if (group.targetType === 'instance') {
    if (!/^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/.test(id))
      return validationError(`Instance ID '${shown(id)}' is not valid`);
    const instance = findInstance(reader, scope, id);
    if (instance === undefined) {
      return invalidTarget(
        `The following targets are not in a running state and cannot be registered: '${id}'`,
      );
    }
    // Nodes of Kubernetes are in their VPC themselves; the ports of other instances are their machine's.
    const isInVpc = instance.node !== undefined && instance.node.portsAddress === undefined;
    const isOther = (target: TargetRecord): boolean => (target.isInVpc ?? false) !== isInVpc;
    if (reader.byIndex(targets, 'targetGroup', group.id).some(({ value }) => isOther(value))) {
      return invalidTarget(
        `Instance '${id}' cannot be in one target group with others: nodes of Kubernetes clusters are reached in their VPC, container instances by their machine`,
      );
    }
    if (isInVpc) {
      if (zone !== undefined) return withoutZone();
      const { networkInterfaceId = '' } = instance.node ?? {};
      const subnet = vpcFacts(reader, scope, group.vpcId)?.subnetAt(instance.address);
      if (
        subnet === undefined ||
        readServiceInterface(reader, scope, networkInterfaceId)?.record.subnetId !== subnet.id
      )
        return invalidTarget(`The following targets are not in the VPC of the target group: '${id}'`);
      return { ...made(instance.address, instance.availabilityZone), isInVpc };
    }
    if (instance.machineId !== undefined) {
      return invalidTarget(
        `Instance '${id}' is on another machine than load balancers, and its ports are reached there alone`,
      );
    }
    if (ownPorts(group, instance).includes(port))
      return invalidTarget(`Port '${port}' of instance '${id}' is its machine's own`);
    if (zone !== undefined) return withoutZone();
    return made(instance.node?.portsAddress ?? instance.address, instance.availabilityZone);
  }
  const facts = vpcFacts(reader, scope, group.vpcId);
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(id))
    return validationError(`The IP address '${shown(id)}' is not a valid IPv4 address`);
  // AWS also takes private addresses that a VPC is joined to: here it is joined to nothing.
  if (facts?.holds(id) !== true) return invalidTarget(`The IP address '${id}' is not within the VPC`);
  const subnet = facts.subnetAt(id);
  if (subnet === undefined) return invalidTarget(`The IP address '${id}' is not within a subnet of the VPC`);
  if (zone !== undefined && zone !== 'all' && zone !== subnet.availabilityZone) {
    return invalidTarget(`The IP address '${id}' is not in the Availability Zone '${shown(zone)}'`);
  }
  return made(id, subnet.availabilityZone);
}

const withoutZone = (): Refusal =>
  validationError('You cannot specify an Availability Zone for targets of type instance');

/** Of an instance the ports that are its machine's, of those kinds that a group sends to. */
function ownPorts(
  { protocol }: TargetGroupRecord,
  { ownTcpPorts, ownUdpPorts = [] }: NonNullable<ReturnType<typeof findInstance>>,
): readonly number[] {
  if (protocol === 'UDP') return ownUdpPorts;
  return protocol === 'TCP_UDP' ? [...ownTcpPorts, ...ownUdpPorts] : ownTcpPorts;
}

/** What is registered already stays as it is; what is draining is registered anew. @throws TooManyTargets */
export function putTarget(tx: Transaction, scope: Scope, target: TargetRecord): void {
  const key = targetKey(targets, scope, target);
  const present = tx.get(targets, key);
  if (present !== undefined && present.drainsUntil === undefined) return;
  if (
    present === undefined &&
    tx.countByIndex(targets, 'targetGroup', target.targetGroupId) >= maxTargetsOfGroup
  )
    throw tooManyTargets(
      `The maximum number of targets of a target group (${maxTargetsOfGroup}) has been reached`,
    );
  tx.put(targets, key, target);
  // What was seen of it before says nothing of what it is now.
  if (present !== undefined) tx.delete(targetHealths, targetKey(targetHealths, scope, target));
}

/** It gets nothing new from now on, and is gone once it has answered everything or its group's delay is over. */
export function drainTarget(
  tx: Transaction,
  scope: Scope,
  group: TargetGroupRecord,
  { id, port = group.port }: NamedTarget,
  now: number,
): void {
  const named = { targetGroupId: group.id, id, port };
  const target = tx.get(targets, targetKey(targets, scope, named));
  if (target === undefined || target.drainsUntil !== undefined) return;
  const delay = Number(groupAttribute(group, 'deregistration_delay.timeout_seconds'));
  if (group.use === undefined || delay === 0) removeTarget(tx, scope, target);
  else tx.put(targets, targetKey(targets, scope, named), { ...target, drainsUntil: now + delay * 1_000 });
}

export function removeTarget(tx: Transaction, scope: Scope, target: TargetRecord): void {
  tx.delete(targets, targetKey(targets, scope, target));
  tx.delete(targetHealths, targetKey(targetHealths, scope, target));
}
