import type { Transaction } from '../../reconcile/index.ts';
import { findInstance, registerInstance, terminateInstance } from '../ec2/index.ts';
import { deregisterInstanceTargets } from '../elbv2/index.ts';
import type { Scope } from './arn.ts';
import type { EcsContext } from './context.ts';
import { given } from './given.ts';
import type { RegisteredMachine } from './instance-registration.ts';
import { attributesOf, machineAttribute, registeredResources } from './placement/instance.ts';
import type { ContainerInstanceRecord } from './records.ts';

/**
 * A container instance with what EC2 calls it, in the transaction that registers it: a machine of the installation is an
 * instance of EC2's, the same at each registration.
 * @param instance As it is to be kept.
 */
export function withEc2Instance(
  tx: Transaction,
  { random }: EcsContext,
  scope: Scope,
  instance: ContainerInstanceRecord,
  { privateIp }: RegisteredMachine,
  now: number,
): ContainerInstanceRecord {
  const attributes = attributesOf(instance);
  const architecture = attributes.get('ecs.cpu-architecture');
  const facts = {
    address: privateIp,
    availabilityZone: attributes.get('ecs.availability-zone') ?? `${scope.region}a`,
    ...given('architecture', architecture),
    ...given('machineId', attributes.get(machineAttribute)),
    ownTcpPorts: [...registeredResources(instance).tcpPorts],
  };
  const ec2InstanceId = registerInstance(tx, random, scope, instance.ec2InstanceId, facts, now);
  return { ...instance, ec2InstanceId };
}

/** What is said of an instance that is none of EC2's here, or no more, is left alone. */
export function endEc2Instance(
  tx: Transaction,
  scope: Scope,
  { ec2InstanceId }: ContainerInstanceRecord,
  now: number,
): void {
  if (ec2InstanceId === undefined || findInstance(tx, scope, ec2InstanceId) === undefined) return;
  deregisterInstanceTargets(tx, scope, ec2InstanceId);
  terminateInstance(tx, scope, ec2InstanceId, now);
}
