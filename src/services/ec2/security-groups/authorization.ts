import type { Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { type Creating, ec2Authorization, type Named } from '../authorization/rows.ts';
import { type Scope, securityGroupNames } from '../records.ts';
import { defaultVpcOf } from '../vpcs/vpc-lookup.ts';
import { groupNameKey, type NamedGroup } from './group-lookup.ts';

interface Modifying extends NamedGroup {
  readonly SecurityGroupRules?:
    | readonly {
        readonly SecurityGroupRuleId?: string | undefined;
        readonly SecurityGroupRule?: { readonly PrefixListId?: string | undefined } | undefined;
      }[]
    | undefined;
}

/** What the operations on groups are authorised on and with. */
export function securityGroupRows(reader: Reader) {
  const may = ec2Authorization(reader);
  const group = (input: NamedGroup, call: Call): readonly Named[] => [
    ['security-group', idOf(reader, call, input)],
  ];
  const onGroup = may.on<NamedGroup>(group);
  return {
    made: may.creating<Creating & { readonly VpcId?: string | undefined }>(
      'CreateSecurityGroup',
      'security-group',
      ({ VpcId }) => (VpcId === undefined ? [] : [['vpc', VpcId]]),
    ),
    group: onGroup,
    rules: may.on<Modifying>((input, call) => {
      const updates = input.SecurityGroupRules ?? [];
      const lists = updates.flatMap(({ SecurityGroupRule }) => SecurityGroupRule?.PrefixListId ?? []);
      return [
        ...[...new Set(lists)].map((id): Named => ['prefix-list', id]),
        ...group(input, call),
        ...updates.map(({ SecurityGroupRuleId }): Named => ['security-group-rule', SecurityGroupRuleId]),
      ];
    }),
    /** Rules are asked about when they are made with tags alone. */
    authorizing: (operation: string) => {
      const tagging = may.creating<Creating & NamedGroup>(operation, 'security-group-rule', group);
      const rowOf = ({ TagSpecifications = [] }: Creating) =>
        TagSpecifications.length > 0 ? tagging : onGroup;
      return {
        resources: (input: Creating & NamedGroup, call: Call) => rowOf(input).resources(input, call),
        conditions: (input: Creating & NamedGroup, call: Call, resource: string) =>
          rowOf(input).conditions?.(input, call, resource) ?? {},
        alsoAsks: (input: Creating & NamedGroup, call: Call) => rowOf(input).alsoAsks?.(input, call) ?? [],
      };
    },
  };
}

/** The id of a group that is named in the default VPC; undefined: there is none. */
function idOf(reader: Reader, scope: Scope, { GroupId, GroupName }: NamedGroup): string | undefined {
  if (GroupId !== undefined || GroupName === undefined) return GroupId;
  const vpc = defaultVpcOf(reader, scope);
  if (vpc === undefined || GroupName === '') return undefined;
  return reader.get(securityGroupNames, groupNameKey(scope, vpc.id, GroupName))?.groupId;
}
