import type { GetAccountSummaryResponse } from '@aws-sdk/client-iam';
import type { Collection } from '../../../reconcile/index.ts';
import type { Call } from '../../service.ts';
import type { IamContext } from '../context.ts';
import { groups, instanceProfiles, oidcProviders, policies, prefixOf, roles, users } from '../records.ts';
import { rootKeysOf } from './root-keys.ts';

/** IAM user guide, "IAM and AWS STS quotas". */
const quotas = {
  UsersQuota: 5000,
  GroupsQuota: 300,
  RolesQuota: 1000,
  PoliciesQuota: 1500,
  InstanceProfilesQuota: 1000,
  ServerCertificatesQuota: 20,
  PolicySizeQuota: 6144,
  PolicyVersionsInUseQuota: 10_000,
  VersionsPerPolicyQuota: 5,
  UserPolicySizeQuota: 2048,
  GroupPolicySizeQuota: 5120,
  RolePolicySizeQuota: 10_240,
  AssumeRolePolicySizeQuota: 2048,
  GroupsPerUserQuota: 10,
  AccessKeysPerUserQuota: 2,
  SigningCertificatesPerUserQuota: 2,
  AttachedPoliciesPerUserQuota: 10,
  AttachedPoliciesPerGroupQuota: 10,
  AttachedPoliciesPerRoleQuota: 10,
};

/** What nobody can have here. */
const absent = {
  ServerCertificates: 0,
  MFADevices: 0,
  MFADevicesInUse: 0,
  AccountMFAEnabled: 0,
  AccountPasswordPresent: 0,
  AccountSigningCertificatesPresent: 0,
};

/** How much of everything an account has, and may have. */
export function getAccountSummary(
  { state, firstAccountId }: IamContext,
  _input: object,
  { accountId }: Call,
): GetAccountSummaryResponse {
  const all = <T extends object>(collection: Collection<T, string>): readonly T[] =>
    [...state.list(collection, prefixOf(collection, accountId))].map(({ value }) => value);
  const kept = all(policies);
  const hasRootKey = accountId === firstAccountId || rootKeysOf(state, accountId).length > 0;
  return {
    SummaryMap: {
      ...quotas,
      ...absent,
      Users: all(users).length,
      Groups: all(groups).length,
      // Service-linked roles count here, though not against the quota.
      Roles: all(roles).length,
      Policies: kept.length,
      PolicyVersionsInUse: kept.reduce((sum, { versions }) => sum + versions.length, 0),
      InstanceProfiles: all(instanceProfiles).length,
      Providers: all(oidcProviders).length,
      AccountAccessKeysPresent: hasRootKey ? 1 : 0,
      GlobalEndpointTokenVersion: 1,
    },
  };
}
