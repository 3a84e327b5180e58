import type {
  DescribeNetworkInterfaceAttributeCommandInput,
  DescribeNetworkInterfaceAttributeResult,
  ModifyNetworkInterfaceAttributeCommandInput,
  NetworkInterfaceAttachmentChanges,
  ResetNetworkInterfaceAttributeCommandInput,
} from '@aws-sdk/client-ec2';
import type { Reader, Transaction } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { Ec2Context } from '../context.ts';
import {
  invalidParameterCombination,
  invalidParameterValue,
  invalidValue,
  missingParameter,
  unsupported,
} from '../errors.ts';
import { requireRecord } from '../ids.ts';
import { refuseMembers } from '../input/absent.ts';
import { kinds } from '../kinds.ts';
import type { NetworkInterfaceRecord, Scope } from '../records.ts';
import { attachmentNotFound } from './attachments.ts';
import { attachmentView, groupIdentifiers } from './interface-view.ts';
import { checkDescription, putInterface, requireGroups, requireOwnInterface } from './own-interface.ts';

/** By its name in requests, how an attribute is shown. */
const attributes: Readonly<
  Record<
    string,
    (reader: Reader, scope: Scope, record: NetworkInterfaceRecord) => DescribeNetworkInterfaceAttributeResult
  >
> = {
  attachment: (_reader, _scope, { attachment }) =>
    attachment === undefined ? {} : { Attachment: attachmentView(attachment) },
  description: (_reader, _scope, { description }) => ({ Description: { Value: description } }),
  groupSet: (reader, scope, record) => ({ Groups: groupIdentifiers(reader, scope, record) }),
  sourceDestCheck: (_reader, _scope, { sourceDestCheck }) => ({
    SourceDestCheck: { Value: sourceDestCheck },
  }),
};

export function describeNetworkInterfaceAttribute(
  { state }: Ec2Context,
  { NetworkInterfaceId, Attribute }: DescribeNetworkInterfaceAttributeCommandInput,
  call: Call,
): DescribeNetworkInterfaceAttributeResult {
  if (Attribute === undefined) throw invalidParameterCombination('No attributes specified.');
  if (Attribute === 'associatePublicIpAddress')
    throw unsupported('A public address on launch, which there are no instances for, is');
  const show = Object.hasOwn(attributes, Attribute) ? attributes[Attribute] : undefined;
  if (show === undefined) throw invalidValue(Attribute, 'attribute', 'Unknown attribute.');
  const record = requireRecord(state, call, kinds.networkInterface, NetworkInterfaceId, 'NetworkInterfaceId');
  return { NetworkInterfaceId: record.id, ...show(state, call, record) };
}

/** By the name that policies know it by (`ec2:Attribute`), what a request sets an attribute to. */
export function attributesIn({
  Attachment,
  Description,
  Groups = [],
  SourceDestCheck,
}: ModifyNetworkInterfaceAttributeCommandInput): ReadonlyMap<string, string | readonly string[]> {
  const set = new Map<string, string | readonly string[]>();
  if (Attachment !== undefined) set.set('Attachment', String(Attachment.DeleteOnTermination));
  if (Description !== undefined) set.set('Description', Description.Value ?? '');
  if (Groups.length > 0) set.set('Groups', Groups);
  if (SourceDestCheck !== undefined) set.set('SourceDestCheck', String(SourceDestCheck.Value));
  return set;
}

/**
 * Changes one attribute.
 * @throws {Refusal} AuthFailure (it is a service's), InvalidParameterCombination, InvalidAttachmentID.NotFound,
 * InvalidGroup.NotFound, InvalidParameterValue, SecurityGroupsPerInterfaceLimitExceeded
 */
export async function modifyNetworkInterfaceAttribute(
  { state }: Ec2Context,
  input: ModifyNetworkInterfaceAttributeCommandInput,
  call: Call,
): Promise<object> {
  refuseMembers(input, 'to change this attribute is', [
    'AssociatePublicIpAddress',
    'AssociatedSubnetIds',
    'ConnectionTrackingSpecification',
    'EnablePrimaryIpv6',
    'EnaSrdSpecification',
  ]);
  const [attribute, ...others] = attributesIn(input).keys();
  if (attribute === undefined) throw invalidParameterCombination('No attributes specified.');
  if (others.length > 0) {
    throw invalidParameterCombination(
      `Fields for multiple attribute types specified: ${[attribute, ...others].join(', ')}`,
    );
  }
  await state.transact((tx) => {
    const before = requireOwnInterface(tx, call, input.NetworkInterfaceId);
    putInterface(tx, call, { ...before, ...changeOf(tx, call, before, input) });
  });
  return {};
}

function changeOf(
  tx: Transaction,
  scope: Scope,
  before: NetworkInterfaceRecord,
  { Attachment, Description, Groups = [], SourceDestCheck }: ModifyNetworkInterfaceAttributeCommandInput,
): Partial<NetworkInterfaceRecord> {
  if (Description !== undefined) return { description: checkDescription(Description.Value) };
  if (SourceDestCheck !== undefined) {
    if (SourceDestCheck.Value === undefined) throw missingParameter('SourceDestCheck.Value');
    return { sourceDestCheck: SourceDestCheck.Value };
  }
  if (Attachment !== undefined) return { attachment: changedAttachment(before, Attachment) };
  return {
    securityGroupIds: requireGroups(tx, scope, before.vpcId, Groups, () =>
      invalidParameterValue('You have specified two resources that belong to different networks.'),
    ),
  };
}

function changedAttachment(
  { attachment }: NetworkInterfaceRecord,
  { AttachmentId, DeleteOnTermination }: NetworkInterfaceAttachmentChanges,
): NonNullable<NetworkInterfaceRecord['attachment']> {
  if (AttachmentId === undefined) throw missingParameter('Attachment.AttachmentId');
  if (attachment?.id !== AttachmentId) throw attachmentNotFound(AttachmentId);
  if (DeleteOnTermination === undefined) throw missingParameter('Attachment.DeleteOnTermination');
  return { ...attachment, deleteOnTermination: DeleteOnTermination };
}

/** Turns the source/destination check on again. @throws {Refusal} AuthFailure (it is a service's) */
export async function resetNetworkInterfaceAttribute(
  { state }: Ec2Context,
  { NetworkInterfaceId, SourceDestCheck }: ResetNetworkInterfaceAttributeCommandInput,
  call: Call,
): Promise<object> {
  if (SourceDestCheck === undefined) throw invalidParameterCombination('No attributes specified.');
  await state.transact((tx) => {
    const before = requireOwnInterface(tx, call, NetworkInterfaceId);
    putInterface(tx, call, { ...before, sourceDestCheck: true });
  });
  return {};
}
