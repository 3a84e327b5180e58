import { uuid } from '../../clock/index.ts';
import type { Reader, Transaction } from '../../reconcile/index.ts';
import {
  availableAddressCount,
  createServiceInterface,
  readAwsvpc,
  type SubnetRecord,
} from '../ec2/index.ts';
import { attachmentArn, type Scope, scopeOfKey, taskArn } from './arn.ts';
import type { EcsContext } from './context.ts';
import { given } from './given.ts';
import { attributesOf, machineAttribute } from './placement/instance.ts';
import {
  type ContainerInstanceRecord,
  type NetworkConfigurationRecord,
  type TaskNetworkInterface,
  type TaskRecord,
  tasks,
} from './records.ts';

/** EC2's name for whose interfaces they are: nobody but ECS changes or deletes them. */
const requesterId = 'amazon-ecs';

/** Why a task can't have its interface, in the form of `failures`. */
export interface InterfaceObstacle {
  readonly reason: string;
  readonly detail: string;
}

/** Where a task's interface can be: the zones of its subnets. */
export function zonesOf(
  reader: Reader,
  scope: Scope,
  network: NetworkConfigurationRecord,
): readonly string[] | InterfaceObstacle {
  const found = subnetsOf(reader, scope, network);
  return 'reason' in found
    ? found
    : [...new Set(found.map(({ availabilityZone }) => availabilityZone))].sort();
}

/**
 * Makes the interface of a task that has its place, in the transaction that gives it the place. Of the subnets that come
 * into question the one with most free addresses gets it, so that tasks spread over them.
 * @param instance That it is placed on.
 * @param zone Of the instance; undefined: a Fargate task takes the zone of its subnet.
 */
export function withInterface(
  tx: Transaction,
  ecs: EcsContext,
  scope: Scope,
  {
    task,
    instance,
    network,
    zone,
  }: {
    readonly task: TaskRecord;
    readonly instance: ContainerInstanceRecord;
    readonly network: NetworkConfigurationRecord;
    readonly zone: string | undefined;
  },
): TaskRecord | InterfaceObstacle {
  const subnets = subnetsOf(tx, scope, network);
  if ('reason' in subnets) return subnets;
  const inZone = subnets.filter(({ availabilityZone }) => zone === undefined || availabilityZone === zone);
  const attachmentId = uuid(ecs.random);
  const made = createServiceInterface(tx, ecs, scope, {
    subnetIds: roomiestFirst(tx, inZone),
    securityGroupIds: network.securityGroups,
    description: attachmentArn(scope, attachmentId),
    requesterId,
    // Those that ECS itself gives: "aws:ecs:clusterName" and "aws:ecs:serviceName".
    tags: Object.fromEntries(
      task.tags.flatMap(({ key, value }) => (key?.startsWith('aws:ecs:') ? [[key, value ?? '']] : [])),
    ),
    assignPublicIp: network.assignPublicIp === 'ENABLED',
    ...given('machineId', attributesOf(instance).get(machineAttribute)),
    now: ecs.clock.now(),
  });
  switch (made.type) {
    case 'created':
      break;
    case 'no-free-address':
      return lackOf(`No address is free in ${inZone.map(({ id, cidr }) => `${id} (${cidr})`).join(', ')}.`);
    case 'no-public-address':
      return lackOf(`No public address is free (${ecs.publicCidr}).`);
    case 'too-many-interfaces':
      return lackOf('The maximum number of network interfaces has been reached.');
    case 'subnet-missing':
    case 'security-group-missing':
      return lackOf(`${made.id} does not exist any more.`);
  }
  const { record, gatewayIpv4, subnetCidr, nameServers, domainName, privateDnsName } = made.networkInterface;
  const networkInterface: TaskNetworkInterface = {
    attachmentId,
    networkInterfaceId: record.id,
    subnetId: record.subnetId,
    privateIpv4Address: record.privateIpv4Addresses[0] ?? '',
    macAddress: record.macAddress,
    privateDnsName,
    subnetGateway: `${gatewayIpv4}/${subnetCidr.split('/')[1]}`,
    nameServers,
    ...given('domainName', domainName),
    isAttached: false,
  };
  return {
    ...task,
    networkInterface,
    availabilityZone: record.availabilityZone,
    // An interface is reported ATTACHED by the agent; everything else is only waiting for the agent.
    lastStatus: 'PROVISIONING',
  };
}

const lackOf = (detail: string): InterfaceObstacle => ({ reason: 'RESOURCE:ENI', detail });

function subnetsOf(
  reader: Reader,
  scope: Scope,
  { subnets, securityGroups }: NetworkConfigurationRecord,
): readonly SubnetRecord[] | InterfaceObstacle {
  const found = readAwsvpc(reader, scope, { subnets, securityGroups });
  switch (found.type) {
    case 'found':
      return found.subnets;
    // They were there when the task or its service was asked for.
    case 'subnet-missing':
      return lackOf(`The subnet ID '${found.id}' does not exist any more.`);
    case 'security-group-missing':
      return lackOf(`The security group '${found.id}' does not exist any more.`);
    case 'several-vpcs':
      return lackOf(`Its ${found.of} are not all in one VPC.`);
  }
}

function roomiestFirst(reader: Reader, subnets: readonly SubnetRecord[]): readonly string[] {
  return subnets
    .map((subnet) => ({ id: subnet.id, free: availableAddressCount(reader, subnet) }))
    .sort((one, other) => other.free - one.free)
    .map(({ id }) => id);
}

/** ARNs of the tasks that have network interfaces, by the interfaces' ids. */
export function interfaceOwners(reader: Reader): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { key, value: task } of reader.list(tasks)) {
    if (task.networkInterface === undefined || task.lastStatus === 'STOPPED') continue;
    owners.set(task.networkInterface.networkInterfaceId, taskArn(scopeOfKey(key), task.cluster, task.id));
  }
  return owners;
}
