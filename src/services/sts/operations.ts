import type { STS } from '@aws-sdk/client-sts';
import { alsoTags, federatedUserArn, requestTagKeys, type Sessions } from '../iam/index.ts';
import type { Call, OperationsOf, RefusedOperation } from '../service.ts';
import { assumeRole } from './operations/assume-role.ts';
import { assumeRoleWithWebIdentity } from './operations/assume-role-with-web-identity.ts';
import { decodeAuthorizationMessage } from './operations/decode-authorization-message.ts';
import { getAccessKeyInfo } from './operations/get-access-key-info.ts';
import { getCallerIdentity } from './operations/get-caller-identity.ts';
import { getFederationToken } from './operations/get-federation-token.ts';
import { getSessionToken } from './operations/get-session-token.ts';

/** Every operation of STS (Service Authorization Reference, "AWS Security Token Service"). */
export const stsOperations = (sessions: Sessions): OperationsOf<STS> => ({
  AssumeRole: {
    action: 'sts:AssumeRole',
    resources: (input) => [input.RoleArn ?? '*'],
    permission: 'own',
    run: (input, call) => assumeRole(sessions, input, call),
  },
  AssumeRoleWithSAML: {
    ...refused('AssumeRoleWithSAML', 'there are no SAML providers'),
    isUnsigned: true,
  },
  AssumeRoleWithWebIdentity: {
    action: 'sts:AssumeRoleWithWebIdentity',
    resources: (input) => [input.RoleArn ?? '*'],
    permission: 'own',
    isUnsigned: true,
    run: (input, call) => assumeRoleWithWebIdentity(sessions, input, call),
  },
  AssumeRoot: refused('AssumeRoot', 'there are no organizations'),
  DecodeAuthorizationMessage: {
    action: 'sts:DecodeAuthorizationMessage',
    resources: () => ['*'],
    run: (input, call) => decodeAuthorizationMessage(sessions, input, call),
  },
  GetAccessKeyInfo: {
    action: 'sts:GetAccessKeyInfo',
    resources: () => ['*'],
    run: (input) => getAccessKeyInfo(sessions, input),
  },
  GetCallerIdentity: {
    action: 'sts:GetCallerIdentity',
    resources: () => ['*'],
    permission: 'none',
    run: getCallerIdentity,
  },
  GetDelegatedAccessToken: refused('GetDelegatedAccessToken', 'there are no delegation requests'),
  GetFederationToken: {
    action: 'sts:GetFederationToken',
    resources: federatedUser,
    conditions: (input) => requestTagKeys(input.Tags),
    alsoAsks: (input, call) => alsoTags('sts:TagSession', federatedUser(input, call), input.Tags),
    run: (input, call) => getFederationToken(sessions, input, call),
  },
  GetScopedCredentials: refused('GetScopedCredentials', 'there are no scoped sessions'),
  GetSessionToken: {
    action: 'sts:GetSessionToken',
    resources: () => ['*'],
    permission: 'none',
    run: (input, call) => getSessionToken(sessions, input, call),
  },
  GetWebIdentityToken: refused('GetWebIdentityToken', 'tokens for other providers are not issued'),
});

const federatedUser = ({ Name = '' }: { readonly Name?: string | undefined }, call: Call) => [
  federatedUserArn(call.accountId, Name),
];

function refused(operation: string, reason: string): RefusedOperation {
  return { refused: `${operation} is not supported by this version of Catamaran yet: ${reason}.` };
}
