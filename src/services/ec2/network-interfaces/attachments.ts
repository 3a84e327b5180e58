import type {
  AttachNetworkInterfaceCommandInput,
  AttachNetworkInterfaceResult,
  DetachNetworkInterfaceCommandInput,
} from '@aws-sdk/client-ec2';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import {
  ec2Refusal,
  invalidParameterCombination,
  invalidParameterValue,
  invalidValue,
  missingParameter,
  shown,
  unsupported,
} from '../errors.ts';
import { newId, requireRecord } from '../ids.ts';
import { refuseMembers } from '../input/absent.ts';
import { instanceType } from '../instance-types/instance-types.ts';
import type { InstanceRecord } from '../instances/instance-record.ts';
import { kinds } from '../kinds.ts';
import { ec2Key, type NetworkInterfaceRecord, networkInterfaces, type Scope } from '../records.ts';
import { notYours, putInterface, requireOwnInterface } from './own-interface.ts';
import { removeInterface } from './remove-interface.ts';

export const attachmentNotFound = (id: string) =>
  ec2Refusal('InvalidAttachmentID.NotFound', `The attachment ID '${shown(id)}' does not exist`);

/** The interface that an attachment is of. */
export function attachedInterface(
  reader: Reader,
  scope: Scope,
  attachmentId: string,
): NetworkInterfaceRecord | undefined {
  return reader
    .byIndex(networkInterfaces, 'attachment', attachmentId)
    .find(({ key, value }) => key === ec2Key(networkInterfaces, scope, value.id))?.value;
}

/** The network cards of machines are their own affair: to EC2 each has one. */
const onlyCard = 0;

/** Those of the largest instance types (EC2 user guide, "IP addresses per network interface"), the machine's own included. */
const maxInterfaces = 15;

/**
 * Attaches an interface to an instance: it is `attaching` until the machine has it.
 * @throws {Refusal} AttachmentLimitExceeded, AuthFailure (it is a service's), IncorrectState, InvalidInstanceID.NotFound,
 * InvalidNetworkInterface.InUse, InvalidNetworkInterfaceID.NotFound, InvalidParameterCombination, InvalidParameterValue,
 * MissingParameter, UnsupportedOperation
 */
export async function attachNetworkInterface(
  ec2: Ec2Context,
  input: AttachNetworkInterfaceCommandInput,
  call: Call,
): Promise<AttachNetworkInterfaceResult> {
  const { NetworkInterfaceId, InstanceId, DeviceIndex, NetworkCardIndex = onlyCard } = input;
  if (InstanceId === undefined) throw missingParameter('InstanceId');
  if (DeviceIndex === undefined) throw missingParameter('DeviceIndex');
  refuseMembers(input, 'queues of interfaces are', ['EnaQueueCount', 'EnaSrdSpecification']);
  if (NetworkCardIndex !== onlyCard)
    throw invalidValue(
      String(NetworkCardIndex),
      'networkCardIndex',
      'There is one network card, of index 0.',
    );
  const id = newId(ec2.random, 'eni-attach');
  await ec2.state.transact((tx) => {
    const found = requireOwnInterface(tx, call, NetworkInterfaceId);
    if (found.attachment !== undefined)
      throw ec2Refusal('InvalidNetworkInterface.InUse', `Interface: [${found.id}] in use.`);
    const instance = requireRecord(tx, call, kinds.instance, InstanceId, 'InstanceId');
    checkPlace(tx, ec2, found, instance, DeviceIndex);
    const { node, machineId } = instance;
    putInterface(tx, call, {
      ...found,
      attachment: {
        ...{ id, instanceId: instance.id, instanceOwnerId: call.accountId, deviceIndex: DeviceIndex },
        ...{ attachedAt: call.now, deleteOnTermination: false },
        // A node takes it into its own network by itself, for its pods.
        ...(node === undefined
          ? { status: 'attaching' }
          : { status: 'attached', isOfNode: true, ...(machineId !== undefined && { machineId }) }),
      },
    });
  });
  return { AttachmentId: id, NetworkCardIndex };
}

function checkPlace(
  tx: Transaction,
  { whyNoMachineInterfaces = () => undefined }: Ec2Context,
  { availabilityZone, privateIpv4Addresses }: NetworkInterfaceRecord,
  { id, machineId, ...instance }: InstanceRecord,
  deviceIndex: number,
): void {
  if (instance.terminatedAt !== undefined)
    throw ec2Refusal('IncorrectState', `Instance '${id}' is not 'running' or 'stopped'.`);
  if (availabilityZone !== instance.availabilityZone) {
    throw invalidParameterCombination(
      'You may not attach a network interface to an instance if they are not in the same availability zone',
    );
  }
  if (!Number.isInteger(deviceIndex) || deviceIndex < 0)
    throw invalidValue(String(deviceIndex), 'deviceIndex', 'It must be a whole number from 0 on.');
  const present = tx
    .byIndex(networkInterfaces, 'instance', id)
    .map(({ value }) => value.attachment?.deviceIndex);
  // The first one is the machine's own, and in no VPC; or the node's.
  if (deviceIndex === 0 || present.includes(deviceIndex)) {
    throw invalidParameterValue(
      `Instance '${id}' already has an interface attached at device index '${deviceIndex}'.`,
    );
  }
  const { node } = instance;
  const count = present.length + (node === undefined ? 2 : 1);
  const most = node === undefined ? maxInterfaces : (instanceType(node.instanceType)?.maxInterfaces ?? 1);
  if (count > most)
    throw ec2Refusal(
      'AttachmentLimitExceeded',
      `Interface count ${count} exceeds the limit for ${node?.instanceType ?? id}`,
    );
  if (node !== undefined) return;
  if (machineId !== undefined)
    throw unsupported('Interfaces of instances on machines that have joined the installation are');
  const why = whyNoMachineInterfaces();
  if (why !== undefined) throw unsupported(`Interfaces of instances where ${why}: they are`);
  // Addresses say by which interface a packet leaves the machine, and VPCs may have the same ones.
  const there = tx
    .byIndex(networkInterfaces, 'ofMachine', 'home')
    .flatMap(({ value }) => value.privateIpv4Addresses);
  const twice = privateIpv4Addresses.find((address) => there.includes(address));
  if (twice !== undefined)
    throw invalidParameterCombination(
      `An interface with the address ${twice} is attached on the same machine`,
    );
}

/**
 * Detaches an interface from its instance: it is `detaching` until the machine has it no more.
 * @throws {Refusal} InvalidAttachmentID.NotFound, AuthFailure (it is a service's, which alone detaches it)
 */
export async function detachNetworkInterface(
  { state }: Ec2Context,
  { AttachmentId }: DetachNetworkInterfaceCommandInput,
  call: Call,
): Promise<object> {
  if (AttachmentId === undefined) throw missingParameter('AttachmentId');
  await state.transact((tx) => {
    const named = attachedInterface(tx, call, AttachmentId);
    const found = named && tx.get(networkInterfaces, ec2Key(networkInterfaces, call, named.id));
    if (found?.attachment?.id !== AttachmentId) throw attachmentNotFound(AttachmentId);
    if (found.attachment.instanceId === undefined) throw notYours();
    if (found.attachment.isOfNode && found.attachment.deviceIndex > 0)
      throw unsupported('Taking interfaces from nodes, whose pods have their addresses, is');
    if (found.attachment.deviceIndex === 0) {
      throw ec2Refusal(
        'OperationNotPermitted',
        'The network interface at device index 0 cannot be detached.',
      );
    }
    putInterface(tx, call, detaching(found));
  });
  return {};
}

/** It has to be attached. */
function detaching(record: NetworkInterfaceRecord): NetworkInterfaceRecord {
  const { attachment } = record;
  return attachment === undefined
    ? record
    : { ...record, attachment: { ...attachment, status: 'detaching' } };
}

/** The instance is no more: what was to be deleted with it is, the rest is `detaching`. */
export function leaveInstance(tx: Transaction, scope: Scope, instanceId: string): void {
  for (const { key, value } of tx.byIndex(networkInterfaces, 'instance', instanceId)) {
    if (key !== ec2Key(networkInterfaces, scope, value.id)) continue;
    if (value.attachment?.deleteOnTermination) removeInterface(tx, scope, value);
    else putInterface(tx, scope, detaching(value));
  }
}
