import type { STS } from '@aws-sdk/client-sts';
import type { OperationsOf } from '../service.ts';
import { getCallerIdentity } from './operations/get-caller-identity.ts';

const needsRoles = (operation: string) => ({
  refused: `${operation} is not supported by this version of Catamaran yet: it comes with IAM roles.`,
});

/** Every operation of STS. */
export const stsOperations: OperationsOf<STS> = {
  AssumeRole: needsRoles('AssumeRole'),
  AssumeRoleWithSAML: needsRoles('AssumeRoleWithSAML'),
  AssumeRoleWithWebIdentity: needsRoles('AssumeRoleWithWebIdentity'),
  AssumeRoot: needsRoles('AssumeRoot'),
  DecodeAuthorizationMessage: needsRoles('DecodeAuthorizationMessage'),
  GetAccessKeyInfo: needsRoles('GetAccessKeyInfo'),
  GetCallerIdentity: {
    action: 'sts:GetCallerIdentity',
    resources: () => ['*'],
    permission: 'none',
    run: getCallerIdentity,
  },
  GetDelegatedAccessToken: needsRoles('GetDelegatedAccessToken'),
  GetFederationToken: needsRoles('GetFederationToken'),
  GetScopedCredentials: needsRoles('GetScopedCredentials'),
  GetSessionToken: needsRoles('GetSessionToken'),
  GetWebIdentityToken: needsRoles('GetWebIdentityToken'),
};
