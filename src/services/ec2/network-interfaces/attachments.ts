import type {
  AttachNetworkInterfaceCommandInput,
  DetachNetworkInterfaceCommandInput,
} from '@aws-sdk/client-ec2';
import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import { ec2Refusal, missingParameter, shown, unsupported } from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { kinds } from '../kinds.ts';
import { ec2Key, type NetworkInterfaceRecord, networkInterfaces, type Scope } from '../records.ts';
import { notYours, requireOwnInterface } from './own-interface.ts';

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

/** @throws {Refusal} always, in AWS's words: InvalidNetworkInterface.InUse, or that there is no such instance. */
export async function attachNetworkInterface(
  { state }: Ec2Context,
  { NetworkInterfaceId, InstanceId, DeviceIndex }: AttachNetworkInterfaceCommandInput,
  call: Call,
): Promise<never> {
  if (InstanceId === undefined) throw missingParameter('InstanceId');
  if (DeviceIndex === undefined) throw missingParameter('DeviceIndex');
  return state.transact((tx) => {
    const { id, attachment } = requireOwnInterface(tx, call, NetworkInterfaceId);
    if (attachment !== undefined)
      throw ec2Refusal('InvalidNetworkInterface.InUse', `Interface: [${id}] in use.`);
    requireRecord(tx, call, kinds.instance, InstanceId, 'InstanceId');
    throw unsupported('Interfaces of VPCs on the machines themselves are');
  });
}

/** @throws {Refusal} always: InvalidAttachmentID.NotFound, or that it is a service's, which alone attaches anything. */
export function detachNetworkInterface(
  { state }: Ec2Context,
  { AttachmentId }: DetachNetworkInterfaceCommandInput,
  call: Call,
): never {
  if (AttachmentId === undefined) throw missingParameter('AttachmentId');
  if (attachedInterface(state, call, AttachmentId) === undefined) throw attachmentNotFound(AttachmentId);
  throw notYours();
}
