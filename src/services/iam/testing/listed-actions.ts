/**
 * What AWS lists for IAM's actions (Service Authorization Reference, "Actions defined by AWS Identity and Access
 * Management"): the type of resource that each is on, and the condition keys that come with a request. Tag keys stand
 * without their `/${TagKey}`; `iam:RoleTemplateARN` is of role templates, which there are none of.
 */

export type ResourceType =
  | 'user'
  | 'group'
  | 'role'
  | 'policy'
  | 'instance-profile'
  | 'server-certificate'
  | 'saml-provider'
  | 'oidc-provider'
  | 'any';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const actionsOn: Readonly<Record<ResourceType, readonly string[]>> = {
  user: words(`
    AttachUserPolicy CreateAccessKey CreateUser DeleteAccessKey DeleteLoginProfile DeleteSSHPublicKey
    DeleteServiceSpecificCredential DeleteSigningCertificate DeleteUser DeleteUserPermissionsBoundary DeleteUserPolicy
    DetachUserPolicy GetAccessKeyLastUsed GetContextKeysForPrincipalPolicy GetLoginProfile GetSSHPublicKey GetUser
    GetUserPolicy ListAccessKeys ListAttachedUserPolicies ListGroupsForUser ListMFADevices
    ListPoliciesGrantingServiceAccess ListSSHPublicKeys ListServiceSpecificCredentials ListSigningCertificates
    ListUserPolicies ListUserTags PutUserPermissionsBoundary PutUserPolicy SimulatePrincipalPolicy TagUser UntagUser
    UpdateAccessKey UpdateUser`),
  group: words(`
    AddUserToGroup AttachGroupPolicy CreateGroup DeleteGroup DeleteGroupPolicy DetachGroupPolicy GetGroup GetGroupPolicy
    ListAttachedGroupPolicies ListGroupPolicies PutGroupPolicy RemoveUserFromGroup UpdateGroup`),
  role: words(`
    AttachRolePolicy CreateRole CreateServiceLinkedRole DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy
    DeleteServiceLinkedRole DetachRolePolicy GetRole GetRolePolicy GetServiceLinkedRoleDeletionStatus
    ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies ListRoleTags PutRolePermissionsBoundary
    PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription`),
  policy: words(`
    CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion ListEntitiesForPolicy
    ListPolicyTags ListPolicyVersions SetDefaultPolicyVersion TagPolicy UntagPolicy`),
  'instance-profile': words(`
    AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile GetInstanceProfile ListInstanceProfileTags
    RemoveRoleFromInstanceProfile TagInstanceProfile UntagInstanceProfile`),
  'server-certificate': words('DeleteServerCertificate GetServerCertificate'),
  'saml-provider': words('DeleteSAMLProvider GetSAMLProvider'),
  'oidc-provider': words(`
    AddClientIDToOpenIDConnectProvider CreateOpenIDConnectProvider DeleteOpenIDConnectProvider
    GetOpenIDConnectProvider ListOpenIDConnectProviderTags RemoveClientIDFromOpenIDConnectProvider
    TagOpenIDConnectProvider UntagOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint`),
  any: words(`
    CreateAccountAlias DeleteAccountAlias DeleteAccountPasswordPolicy GenerateCredentialReport
    GetAccountAuthorizationDetails GetAccountPasswordPolicy GetAccountSummary GetContextKeysForCustomPolicy
    GetCredentialReport ListAccountAliases ListGroups ListInstanceProfiles ListOpenIDConnectProviders ListPolicies
    ListRoles ListSAMLProviders ListServerCertificates ListUsers ListVirtualMFADevices SimulateCustomPolicy`),
};

const tagging = ['aws:RequestTag', 'aws:TagKeys'];
const boundary = ['iam:PermissionsBoundary'];
const made = [...tagging, ...boundary];
const attached = [...boundary, 'iam:PolicyARN'];

/** Besides the tags of the resource. */
export const listedKeys: Readonly<Record<string, readonly string[]>> = {
  AttachGroupPolicy: ['iam:PolicyARN'],
  AttachRolePolicy: attached,
  AttachUserPolicy: attached,
  CreateInstanceProfile: tagging,
  CreateOpenIDConnectProvider: tagging,
  CreatePolicy: tagging,
  CreateRole: made,
  CreateServiceLinkedRole: ['iam:AWSServiceName'],
  CreateUser: made,
  DeleteRole: boundary,
  DeleteRolePermissionsBoundary: boundary,
  DeleteRolePolicy: boundary,
  DeleteUserPermissionsBoundary: boundary,
  DeleteUserPolicy: boundary,
  DetachGroupPolicy: ['iam:PolicyARN'],
  DetachRolePolicy: attached,
  DetachUserPolicy: attached,
  GetRole: boundary,
  PutRolePermissionsBoundary: boundary,
  PutRolePolicy: boundary,
  PutUserPermissionsBoundary: boundary,
  PutUserPolicy: boundary,
  TagInstanceProfile: tagging,
  TagOpenIDConnectProvider: tagging,
  TagPolicy: tagging,
  TagRole: tagging,
  TagUser: tagging,
  UntagInstanceProfile: ['aws:TagKeys'],
  UntagOpenIDConnectProvider: ['aws:TagKeys'],
  UntagPolicy: ['aws:TagKeys'],
  UntagRole: ['aws:TagKeys'],
  UntagUser: ['aws:TagKeys'],
  UpdateAssumeRolePolicy: boundary,
  UpdateRole: boundary,
  UpdateRoleDescription: boundary,
};
