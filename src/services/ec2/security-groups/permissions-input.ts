import type { IpPermission } from '@aws-sdk/client-ec2';
import { ec2Refusal, invalidParameterCombination } from '../errors.ts';
import type { NamedGroup } from './group-lookup.ts';

/** Both of the ways in which a request tells rules: sets of permissions, or one rule's parts at its top. */
export interface PermissionsInput extends NamedGroup, FlatPermission {
  readonly IpPermissions?: readonly IpPermission[] | undefined;
}

interface FlatPermission {
  readonly CidrIp?: string | undefined;
  readonly IpProtocol?: string | undefined;
  readonly FromPort?: number | undefined;
  readonly ToPort?: number | undefined;
  readonly SourceSecurityGroupName?: string | undefined;
  readonly SourceSecurityGroupOwnerId?: string | undefined;
}

const flatMembers = [
  'CidrIp',
  'IpProtocol',
  'FromPort',
  'ToPort',
  'SourceSecurityGroupName',
  'SourceSecurityGroupOwnerId',
] as const;

/**
 * The permissions that a request is about, in sets. Undefined: it has none.
 * @throws {Refusal} InvalidParameterCombination; UnknownParameter: outbound rules are told in sets alone.
 */
export function permissionsIn(
  input: PermissionsInput,
  isEgress: boolean,
): readonly IpPermission[] | undefined {
  const { IpPermissions } = input;
  const flat = flatMembers.find((member) => input[member] !== undefined);
  if (flat === undefined) return IpPermissions?.length === 0 ? undefined : IpPermissions;
  const parameter = lowerFirst(flat);
  if (isEgress) {
    throw ec2Refusal(
      'UnknownParameter',
      `The parameter ${parameter} is not recognized. Use ipPermissions to specify outbound rules.`,
    );
  }
  if (IpPermissions !== undefined && IpPermissions.length > 0) throw together('ipPermissions', parameter);
  return flatPermissions(input);
}

function flatPermissions(input: FlatPermission): readonly IpPermission[] {
  const { IpProtocol, FromPort, ToPort, CidrIp, SourceSecurityGroupName: GroupName } = input;
  if (GroupName === undefined) {
    return [{ IpProtocol, FromPort, ToPort, ...(CidrIp !== undefined && { IpRanges: [{ CidrIp }] }) }];
  }
  const besides = (['CidrIp', 'IpProtocol', 'FromPort', 'ToPort'] as const).find(
    (member) => input[member] !== undefined,
  );
  if (besides !== undefined) throw together('sourceSecurityGroupName', lowerFirst(besides));
  const UserIdGroupPairs = [{ GroupName, UserId: input.SourceSecurityGroupOwnerId }];
  // A group alone is let in with all that has ports or types.
  return [
    { IpProtocol: 'tcp', FromPort: 0, ToPort: 65_535, UserIdGroupPairs },
    { IpProtocol: 'udp', FromPort: 0, ToPort: 65_535, UserIdGroupPairs },
    { IpProtocol: 'icmp', FromPort: -1, ToPort: -1, UserIdGroupPairs },
  ];
}

const together = (one: string, other: string) =>
  invalidParameterCombination(`The parameter ${one} cannot be used with the parameter ${other}`);

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
