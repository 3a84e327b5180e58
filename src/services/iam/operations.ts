import type { IAM } from '@aws-sdk/client-iam';
import type { OperationsOf, RefusedOperation } from '../service.ts';
import { accessKeyOperations } from './access-keys/operations.ts';
import { attachmentOperations } from './attachments/operations.ts';
import type { IamContext } from './context.ts';
import { groupOperations } from './groups/operations.ts';
import { inlinePolicyOperations } from './inline-policies/operations.ts';
import { instanceProfileOperations } from './instance-profiles/operations.ts';
import { managedPolicyOperations } from './managed-policies/operations.ts';
import { getContextKeysForCustomPolicy } from './operations/get-context-keys-for-custom-policy.ts';
import { simulateCustomPolicy } from './operations/simulate-custom-policy.ts';
import { roleOperations } from './roles/operations.ts';
import { serviceLinkedRoleOperations } from './service-linked-roles/operations.ts';
import { simulationOperations } from './simulation/operations.ts';
import { userOperations } from './users/operations.ts';

/** Every operation of IAM. */
export const iamOperations = (iam: IamContext): OperationsOf<IAM> => ({
  ...userOperations(iam),
  ...groupOperations(iam),
  ...accessKeyOperations(iam),
  ...inlinePolicyOperations(iam),
  ...managedPolicyOperations(iam),
  ...attachmentOperations(iam),
  ...roleOperations(iam),
  ...instanceProfileOperations(iam),
  ...serviceLinkedRoleOperations(iam),
  ...simulationOperations(iam),
  AcceptDelegationRequest: refused('AcceptDelegationRequest', 'there are no delegation requests'),
  AcquireRole: refused('AcquireRole', 'there are no delegation requests'),
  AddClientIDToOpenIDConnectProvider: needsEntities('AddClientIDToOpenIDConnectProvider'),
  AssociateDelegationRequest: refused('AssociateDelegationRequest', 'there are no delegation requests'),
  ChangePassword: refused('ChangePassword', 'nobody signs in with a password'),
  CreateAccountAlias: needsEntities('CreateAccountAlias'),
  CreateDelegationRequest: refused('CreateDelegationRequest', 'there are no delegation requests'),
  CreateLoginProfile: refused('CreateLoginProfile', 'nobody signs in with a password'),
  CreateOpenIDConnectProvider: needsEntities('CreateOpenIDConnectProvider'),
  CreateSAMLProvider: refused('CreateSAMLProvider', 'there are no SAML providers'),
  CreateServiceSpecificCredential: refused(
    'CreateServiceSpecificCredential',
    'there are no service-specific credentials',
  ),
  CreateVirtualMFADevice: refused('CreateVirtualMFADevice', 'there are no MFA devices'),
  DeactivateMFADevice: refused('DeactivateMFADevice', 'there are no MFA devices'),
  DeleteAccountAlias: needsEntities('DeleteAccountAlias'),
  DeleteAccountPasswordPolicy: refused('DeleteAccountPasswordPolicy', 'nobody signs in with a password'),
  DeleteLoginProfile: refused('DeleteLoginProfile', 'nobody signs in with a password'),
  DeleteOpenIDConnectProvider: needsEntities('DeleteOpenIDConnectProvider'),
  DeleteSAMLProvider: refused('DeleteSAMLProvider', 'there are no SAML providers'),
  DeleteSSHPublicKey: refused('DeleteSSHPublicKey', 'there are no SSH keys'),
  DeleteServerCertificate: refused('DeleteServerCertificate', 'there are no server certificates'),
  DeleteServiceSpecificCredential: refused(
    'DeleteServiceSpecificCredential',
    'there are no service-specific credentials',
  ),
  DeleteSigningCertificate: refused('DeleteSigningCertificate', 'there are no signing certificates'),
  DeleteVirtualMFADevice: refused('DeleteVirtualMFADevice', 'there are no MFA devices'),
  DisableOrganizationsRootCredentialsManagement: refused(
    'DisableOrganizationsRootCredentialsManagement',
    'there are no organizations',
  ),
  DisableOrganizationsRootSessions: refused('DisableOrganizationsRootSessions', 'there are no organizations'),
  DisableOutboundWebIdentityFederation: refused(
    'DisableOutboundWebIdentityFederation',
    'tokens for other providers are not issued',
  ),
  EnableMFADevice: refused('EnableMFADevice', 'there are no MFA devices'),
  EnableOrganizationsRootCredentialsManagement: refused(
    'EnableOrganizationsRootCredentialsManagement',
    'there are no organizations',
  ),
  EnableOrganizationsRootSessions: refused('EnableOrganizationsRootSessions', 'there are no organizations'),
  EnableOutboundWebIdentityFederation: refused(
    'EnableOutboundWebIdentityFederation',
    'tokens for other providers are not issued',
  ),
  GenerateCredentialReport: needsEntities('GenerateCredentialReport'),
  GenerateOrganizationsAccessReport: refused(
    'GenerateOrganizationsAccessReport',
    'there are no organizations',
  ),
  GenerateServiceLastAccessedDetails: needsEntities('GenerateServiceLastAccessedDetails'),
  GetAccountAuthorizationDetails: needsEntities('GetAccountAuthorizationDetails'),
  GetAccountPasswordPolicy: refused('GetAccountPasswordPolicy', 'nobody signs in with a password'),
  GetAccountProperties: refused('GetAccountProperties', 'the account has no such settings'),
  GetAccountSummary: needsEntities('GetAccountSummary'),
  GetCredentialReport: needsEntities('GetCredentialReport'),
  GetDelegationRequest: refused('GetDelegationRequest', 'there are no delegation requests'),
  GetHumanReadableSummary: refused('GetHumanReadableSummary', 'there are no delegation requests'),
  GetLoginProfile: refused('GetLoginProfile', 'nobody signs in with a password'),
  GetMFADevice: refused('GetMFADevice', 'there are no MFA devices'),
  GetOpenIDConnectProvider: needsEntities('GetOpenIDConnectProvider'),
  GetOrganizationsAccessReport: refused('GetOrganizationsAccessReport', 'there are no organizations'),
  GetOutboundWebIdentityFederationInfo: refused(
    'GetOutboundWebIdentityFederationInfo',
    'tokens for other providers are not issued',
  ),
  GetRoleTemplateVersion: refused('GetRoleTemplateVersion', 'there are no delegation requests'),
  GetSAMLProvider: refused('GetSAMLProvider', 'there are no SAML providers'),
  GetSSHPublicKey: refused('GetSSHPublicKey', 'there are no SSH keys'),
  GetServerCertificate: refused('GetServerCertificate', 'there are no server certificates'),
  GetServiceLastAccessedDetails: needsEntities('GetServiceLastAccessedDetails'),
  GetServiceLastAccessedDetailsWithEntities: needsEntities('GetServiceLastAccessedDetailsWithEntities'),
  ListAccountAliases: needsEntities('ListAccountAliases'),
  ListDelegationRequests: refused('ListDelegationRequests', 'there are no delegation requests'),
  ListMFADeviceTags: refused('ListMFADeviceTags', 'there are no MFA devices'),
  ListMFADevices: refused('ListMFADevices', 'there are no MFA devices'),
  ListOpenIDConnectProviderTags: needsEntities('ListOpenIDConnectProviderTags'),
  ListOpenIDConnectProviders: needsEntities('ListOpenIDConnectProviders'),
  ListOrganizationsFeatures: refused('ListOrganizationsFeatures', 'there are no organizations'),
  ListSAMLProviderTags: refused('ListSAMLProviderTags', 'there are no SAML providers'),
  ListSAMLProviders: refused('ListSAMLProviders', 'there are no SAML providers'),
  ListSSHPublicKeys: refused('ListSSHPublicKeys', 'there are no SSH keys'),
  ListServerCertificateTags: refused('ListServerCertificateTags', 'there are no server certificates'),
  ListServerCertificates: refused('ListServerCertificates', 'there are no server certificates'),
  ListServiceSpecificCredentials: refused(
    'ListServiceSpecificCredentials',
    'there are no service-specific credentials',
  ),
  ListSigningCertificates: refused('ListSigningCertificates', 'there are no signing certificates'),
  ListVirtualMFADevices: refused('ListVirtualMFADevices', 'there are no MFA devices'),
  PutAccountProperties: refused('PutAccountProperties', 'the account has no such settings'),
  RejectDelegationRequest: refused('RejectDelegationRequest', 'there are no delegation requests'),
  RemoveClientIDFromOpenIDConnectProvider: needsEntities('RemoveClientIDFromOpenIDConnectProvider'),
  ResetServiceSpecificCredential: refused(
    'ResetServiceSpecificCredential',
    'there are no service-specific credentials',
  ),
  ResyncMFADevice: refused('ResyncMFADevice', 'there are no MFA devices'),
  SendDelegationToken: refused('SendDelegationToken', 'there are no delegation requests'),
  SetSecurityTokenServicePreferences: refused(
    'SetSecurityTokenServicePreferences',
    'the account has no such settings',
  ),
  TagMFADevice: refused('TagMFADevice', 'there are no MFA devices'),
  TagOpenIDConnectProvider: needsEntities('TagOpenIDConnectProvider'),
  TagSAMLProvider: refused('TagSAMLProvider', 'there are no SAML providers'),
  TagServerCertificate: refused('TagServerCertificate', 'there are no server certificates'),
  UntagMFADevice: refused('UntagMFADevice', 'there are no MFA devices'),
  UntagOpenIDConnectProvider: needsEntities('UntagOpenIDConnectProvider'),
  UntagSAMLProvider: refused('UntagSAMLProvider', 'there are no SAML providers'),
  UntagServerCertificate: refused('UntagServerCertificate', 'there are no server certificates'),
  UpdateAccountPasswordPolicy: refused('UpdateAccountPasswordPolicy', 'nobody signs in with a password'),
  UpdateDelegationRequest: refused('UpdateDelegationRequest', 'there are no delegation requests'),
  UpdateLoginProfile: refused('UpdateLoginProfile', 'nobody signs in with a password'),
  UpdateOpenIDConnectProviderThumbprint: needsEntities('UpdateOpenIDConnectProviderThumbprint'),
  UpdateSAMLProvider: refused('UpdateSAMLProvider', 'there are no SAML providers'),
  UpdateSSHPublicKey: refused('UpdateSSHPublicKey', 'there are no SSH keys'),
  UpdateServerCertificate: refused('UpdateServerCertificate', 'there are no server certificates'),
  UpdateServiceSpecificCredential: refused(
    'UpdateServiceSpecificCredential',
    'there are no service-specific credentials',
  ),
  UpdateSigningCertificate: refused('UpdateSigningCertificate', 'there are no signing certificates'),
  UploadSSHPublicKey: refused('UploadSSHPublicKey', 'there are no SSH keys'),
  UploadServerCertificate: refused('UploadServerCertificate', 'there are no server certificates'),
  UploadSigningCertificate: refused('UploadSigningCertificate', 'there are no signing certificates'),
});

function needsEntities(operation: string): RefusedOperation {
  return refused(operation, 'there are no users, groups, roles and kept policies');
}

function refused(operation: string, reason: string): RefusedOperation {
  return { refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.` };
}
