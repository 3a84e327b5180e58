import type { Transaction } from '../../reconcile/index.ts';
import { findInstance, registerInstance, terminateInstance } from '../ec2/index.ts';
import { deregisterInstanceTargets } from '../elbv2/index.ts';
import type { Scope } from './arn.ts';
import type { EcsContext } from './context.ts';
import { clientError } from './errors.ts';
import { given } from './given.ts';
import type { RegisteredMachine } from './instance-registration.ts';
import { attributesOf, machineAttribute, registeredResources } from './placement/instance.ts';
import { type ContainerInstanceRecord, containerInstances } from './records.ts';

/**
 * Makes the machine that registers an instance of EC2's, in the same transaction, or tells EC2 what is new of it.
 * @param instance As it is to be kept.
 * @throws ClientException another machine has an instance of that id.
 */
export function registerEc2Instance(
  tx: Transaction,
  { random }: EcsContext,
  scope: Scope,
  instance: ContainerInstanceRecord,
  { instanceId, privateIp }: RegisteredMachine,
  now: number,
): void {
  const attributes = attributesOf(instance);
  const resources = registeredResources(instance);
  const architecture = attributes.get('ecs.cpu-architecture');
  const facts = {
    address: privateIp,
    availabilityZone: attributes.get('ecs.availability-zone') ?? `${scope.region}a`,
    ...given('architecture', architecture),
    ...given('machineId', attributes.get(machineAttribute)),
    ownTcpPorts: [...resources.tcpPorts],
    ownUdpPorts: [...resources.udpPorts],
  };
  if (!registerInstance(tx, random, scope, instanceId, facts, now))
    throw clientError(`The instance ${instanceId} is on another machine.`);
}

/** One that is none of EC2's here, or no more, or registered anew meanwhile, is left alone. @param instance INACTIVE. */
export function endEc2Instance(
  tx: Transaction,
  scope: Scope,
  { ec2InstanceId }: ContainerInstanceRecord,
  now: number,
): void {
  if (ec2InstanceId === undefined || findInstance(tx, scope, ec2InstanceId) === undefined) return;
  const within = `${scope.accountId}/${scope.region}/${ec2InstanceId}`;
  if (tx.countByIndex(containerInstances, 'registeredByEc2Instance', within) > 0) return;
  deregisterInstanceTargets(tx, scope, ec2InstanceId);
  terminateInstance(tx, scope, ec2InstanceId, now);
}
