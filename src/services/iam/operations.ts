import type { IAM } from '@aws-sdk/client-iam';
import type { OperationsOf, RefusedOperation } from '../service.ts';
import { absentOperations } from './absent/operations.ts';
import { accessKeyOperations } from './access-keys/operations.ts';
import { accountOperations } from './account/operations.ts';
import { attachmentOperations } from './attachments/operations.ts';
import type { IamContext } from './context.ts';
import { groupOperations } from './groups/operations.ts';
import { inlinePolicyOperations } from './inline-policies/operations.ts';
import { instanceProfileOperations } from './instance-profiles/operations.ts';
import { managedPolicyOperations } from './managed-policies/operations.ts';
import { oidcProviderOperations } from './oidc-providers/operations.ts';
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
  ...oidcProviderOperations(iam),
  ...serviceLinkedRoleOperations(iam),
  ...simulationOperations(iam),
  ...accountOperations(iam),
  ...absentOperations(iam),
  AcceptDelegationRequest: refused('AcceptDelegationRequest', 'there are no delegation requests'),
  AcquireRole: refused('AcquireRole', 'there are no delegation requests'),
  AssociateDelegationRequest: refused('AssociateDelegationRequest', 'there are no delegation requests'),
  ChangePassword: refused('ChangePassword', 'nobody signs in with a password'),
  CreateDelegationRequest: refused('CreateDelegationRequest', 'there are no delegation requests'),
  CreateLoginProfile: refused('CreateLoginProfile', 'nobody signs in with a password'),
  CreateSAMLProvider: refused('CreateSAMLProvider', 'there are no SAML providers'),
  CreateServiceSpecificCredential: refused(
    'CreateServiceSpecificCredential',
    'there are no service-specific credentials',
  ),
  CreateVirtualMFADevice: refused('CreateVirtualMFADevice', 'there are no MFA devices'),
  DeactivateMFADevice: refused('DeactivateMFADevice', 'there are no MFA devices'),
  DeleteServiceSpecificCredential: refused(
    'DeleteServiceSpecificCredential',
    'there are no service-specific credentials',
  ),
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
  GenerateOrganizationsAccessReport: refused(
    'GenerateOrganizationsAccessReport',
    'there are no organizations',
  ),
  GenerateServiceLastAccessedDetails: refused(
    'GenerateServiceLastAccessedDetails',
    'which services somebody used is not kept',
  ),
  GetAccountProperties: refused('GetAccountProperties', 'the account has no such settings'),
  GetDelegationRequest: refused('GetDelegationRequest', 'there are no delegation requests'),
  GetHumanReadableSummary: refused('GetHumanReadableSummary', 'there are no delegation requests'),
  GetMFADevice: refused('GetMFADevice', 'there are no MFA devices'),
  GetOrganizationsAccessReport: refused('GetOrganizationsAccessReport', 'there are no organizations'),
  GetOutboundWebIdentityFederationInfo: refused(
    'GetOutboundWebIdentityFederationInfo',
    'tokens for other providers are not issued',
  ),
  GetRoleTemplateVersion: refused('GetRoleTemplateVersion', 'there are no delegation requests'),
  GetServiceLastAccessedDetails: refused(
    'GetServiceLastAccessedDetails',
    'which services somebody used is not kept',
  ),
  GetServiceLastAccessedDetailsWithEntities: refused(
    'GetServiceLastAccessedDetailsWithEntities',
    'which services somebody used is not kept',
  ),
  ListDelegationRequests: refused('ListDelegationRequests', 'there are no delegation requests'),
  ListMFADeviceTags: refused('ListMFADeviceTags', 'there are no MFA devices'),
  ListOrganizationsFeatures: refused('ListOrganizationsFeatures', 'there are no organizations'),
  ListSAMLProviderTags: refused('ListSAMLProviderTags', 'there are no SAML providers'),
  ListServerCertificateTags: refused('ListServerCertificateTags', 'there are no server certificates'),
  PutAccountProperties: refused('PutAccountProperties', 'the account has no such settings'),
  RejectDelegationRequest: refused('RejectDelegationRequest', 'there are no delegation requests'),
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
  TagSAMLProvider: refused('TagSAMLProvider', 'there are no SAML providers'),
  TagServerCertificate: refused('TagServerCertificate', 'there are no server certificates'),
  UntagMFADevice: refused('UntagMFADevice', 'there are no MFA devices'),
  UntagSAMLProvider: refused('UntagSAMLProvider', 'there are no SAML providers'),
  UntagServerCertificate: refused('UntagServerCertificate', 'there are no server certificates'),
  UpdateAccountPasswordPolicy: refused('UpdateAccountPasswordPolicy', 'nobody signs in with a password'),
  UpdateDelegationRequest: refused('UpdateDelegationRequest', 'there are no delegation requests'),
  UpdateLoginProfile: refused('UpdateLoginProfile', 'nobody signs in with a password'),
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

function refused(operation: string, reason: string): RefusedOperation {
  return { refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.` };
}
