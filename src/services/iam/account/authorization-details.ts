import type {
  GetAccountAuthorizationDetailsCommandInput,
  GetAccountAuthorizationDetailsResponse,
  GroupDetail,
  ManagedPolicyDetail,
  PolicyDetail,
  RoleDetail,
  UserDetail,
} from '@aws-sdk/client-iam';
import type { Collection, Reader } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import { parseEntityArn } from '../arn.ts';
import { groupsOf } from '../authorization/policies-of.ts';
import type { IamContext } from '../context.ts';
import { groupView } from '../groups/group-view.ts';
import { Constraints } from '../input/constraints.ts';
import { encodedDocument } from '../input/documents.ts';
import { checkPage, pageOf } from '../input/pages.ts';
import { instanceProfileView } from '../instance-profiles/profile-view.ts';
import { awsManagedPolicies } from '../managed-policies/aws/aws-managed-policies.ts';
import { policyArn } from '../managed-policies/policy-lookup.ts';
import { policyUses } from '../managed-policies/policy-uses.ts';
import { policyView, versionView } from '../managed-policies/policy-view.ts';
import {
  type GroupRecord,
  groups,
  instanceProfiles,
  type PolicyHolder,
  type PolicyRecord,
  policies,
  prefixOf,
  type RoleRecord,
  roles,
  type UserRecord,
  users,
} from '../records.ts';
import { roleView } from '../roles/role-view.ts';
import { userView } from '../users/user-view.ts';

const filters = ['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'] as const;

type Detail =
  | { readonly type: 'User'; readonly name: string; readonly user: UserRecord }
  | { readonly type: 'Group'; readonly name: string; readonly group: GroupRecord }
  | { readonly type: 'Role'; readonly name: string; readonly role: RoleRecord }
  | {
      readonly type: 'LocalManagedPolicy' | 'AWSManagedPolicy';
      readonly name: string;
      readonly policy: PolicyRecord;
    };

/**
 * Everybody and everything that decides in an account, in one list of pages: users, groups, roles, and managed policies;
 * of AWS's own those that are in use.
 * @throws {Refusal} InvalidInput (the marker), ValidationError.
 */
export function getAccountAuthorizationDetails(
  { state }: IamContext,
  input: GetAccountAuthorizationDetailsCommandInput,
  { accountId }: Call,
): GetAccountAuthorizationDetailsResponse {
  const constraints = checkPage(new Constraints(), input);
  input.Filter?.forEach((filter, index) => {
    constraints.text(`filter.${index + 1}.member`, filter, { oneOf: filters });
  });
  constraints.throwIfViolated();
  const wanted = new Set<string>(input.Filter?.length ? input.Filter : filters);
  const { items, ...place } = pageOf(
    detailsOf(state, accountId).filter(({ type }) => wanted.has(type)),
    ({ type, name }) => `${order[type]} ${name}`,
    input,
  );
  return {
    UserDetailList: items.flatMap((it) =>
      it.type === 'User' ? [userDetail(state, accountId, it.user)] : [],
    ),
    GroupDetailList: items.flatMap((it) => (it.type === 'Group' ? [groupDetail(accountId, it.group)] : [])),
    RoleDetailList: items.flatMap((it) =>
      it.type === 'Role' ? [roleDetail(state, accountId, it.role)] : [],
    ),
    Policies: items.flatMap((it) => ('policy' in it ? [policyDetail(state, accountId, it)] : [])),
    ...place,
  };
}

/** Of the one list. */
const order: Readonly<Record<Detail['type'], number>> = {
  User: 0,
  Group: 1,
  Role: 2,
  LocalManagedPolicy: 3,
  AWSManagedPolicy: 4,
};

function detailsOf(reader: Reader, accountId: string): readonly Detail[] {
  const all = <T extends object>(collection: Collection<T, string>): readonly T[] =>
    [...reader.list(collection, prefixOf(collection, accountId))].map(({ value }) => value);
  const inUse = [...awsManagedPolicies()].filter((policy) => {
    const { attachmentCount, boundaryCount } = policyUses(reader, accountId, { owner: 'aws', policy });
    return attachmentCount + boundaryCount > 0;
  });
  return [
    ...all(users).map((user) => ({ type: 'User' as const, name: user.userName, user })),
    ...all(groups).map((group) => ({ type: 'Group' as const, name: group.groupName, group })),
    ...all(roles).map((role) => ({ type: 'Role' as const, name: role.roleName, role })),
    ...all(policies).map((policy) => ({
      ...{ type: 'LocalManagedPolicy' as const, name: policy.policyName, policy },
    })),
    ...inUse.map((policy) => ({ type: 'AWSManagedPolicy' as const, name: policy.policyName, policy })),
  ];
}

function userDetail(reader: Reader, accountId: string, user: UserRecord): UserDetail {
  return {
    ...userView(accountId, user),
    UserPolicyList: inlinePolicies(user),
    GroupList: groupsOf(reader, user).map(({ groupName }) => groupName),
    ...attachedPolicies(user),
  };
}

function groupDetail(accountId: string, group: GroupRecord): GroupDetail {
  return {
    ...groupView(accountId, group),
    GroupPolicyList: inlinePolicies(group),
    ...attachedPolicies(group),
  };
}

function roleDetail(reader: Reader, accountId: string, role: RoleRecord): RoleDetail {
  const { MaxSessionDuration: _, Description: __, ...view } = roleView(reader, accountId, role);
  const profiles = reader.byIndex(instanceProfiles, 'role', `${accountId}/${role.roleName.toLowerCase()}`);
  return {
    ...view,
    InstanceProfileList: profiles.map(({ value }) => instanceProfileView(reader, accountId, value)),
    RolePolicyList: inlinePolicies(role),
    ...attachedPolicies(role),
  };
}

function policyDetail(
  reader: Reader,
  accountId: string,
  { type, policy }: Extract<Detail, { readonly policy: PolicyRecord }>,
): ManagedPolicyDetail {
  const arn = policyArn(type === 'AWSManagedPolicy' ? 'aws' : accountId, policy);
  const { Tags: _, ...view } = policyView(reader, accountId, arn, policy);
  return {
    ...view,
    PolicyVersionList: policy.versions.toReversed().map((version) => versionView(policy, version)),
  };
}

function inlinePolicies({ inlinePolicies }: PolicyHolder): PolicyDetail[] {
  return Object.entries(inlinePolicies).map(([PolicyName, document]) => ({
    PolicyName,
    PolicyDocument: encodedDocument(document),
  }));
}

function attachedPolicies({ attachedPolicies: arns }: PolicyHolder) {
  return {
    AttachedManagedPolicies: arns.map((arn) => ({
      PolicyName: parseEntityArn(arn)?.name ?? arn,
      PolicyArn: arn,
    })),
  };
}
