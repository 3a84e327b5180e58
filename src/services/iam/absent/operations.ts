import type { IAM } from '@aws-sdk/client-iam';
import type { Call, OperationsOf, SupportedOperation } from '../../service.ts';
import { entityTagKeys } from '../conditions.ts';
import type { IamContext } from '../context.ts';
import { noSuchEntity } from '../errors.ts';
import { Constraints } from '../input/constraints.ts';
import { checkName } from '../input/names.ts';
import { checkPage, type PageInput } from '../input/pages.ts';
import { namedResource } from '../resources.ts';
import { findUser } from '../users/user-lookup.ts';

type AbsentOperation =
  | 'DeleteAccountPasswordPolicy'
  | 'DeleteLoginProfile'
  | 'DeleteSAMLProvider'
  | 'DeleteSSHPublicKey'
  | 'DeleteServerCertificate'
  | 'DeleteServiceSpecificCredential'
  | 'DeleteSigningCertificate'
  | 'GetAccountPasswordPolicy'
  | 'GetLoginProfile'
  | 'GetSAMLProvider'
  | 'GetSSHPublicKey'
  | 'GetServerCertificate'
  | 'ListMFADevices'
  | 'ListSAMLProviders'
  | 'ListSSHPublicKeys'
  | 'ListServerCertificates'
  | 'ListServiceSpecificCredentials'
  | 'ListSigningCertificates'
  | 'ListVirtualMFADevices';

interface OfUser {
  readonly UserName?: string | undefined;
}

const anything = () => ['*'];
const noPage = { IsTruncated: false };

/**
 * What nobody has here: passwords, MFA devices, SSH keys, certificates, SAML providers. To make one is refused by name; to
 * list, read or delete it has a true answer, and programs ask for that before they delete a user.
 */
export function absentOperations(iam: IamContext): Pick<OperationsOf<IAM>, AbsentOperation> {
  const { state } = iam;
  const user = namedResource(state, 'user').callerOr((input: OfUser) => input.UserName);

  /** About something of a user: it must be there, and the caller is meant where none is named. */
  const ofUser = <Input extends OfUser, Output>(
    action: string,
    answer: (userName: string, input: Input) => Output,
  ): SupportedOperation<Input, Output> => ({
    action,
    resources: user,
    conditions: (_input, _call, resource) => entityTagKeys(state, resource),
    run: (input, call) => answer(existing(input, call), input),
  });
  const existing = ({ UserName }: OfUser, { accountId, principal: { identity } }: Call): string => {
    if (UserName === undefined) return identity.kind === 'user' ? identity.userName : 'root';
    checkName(new Constraints(), 'userName', 'user', UserName).throwIfViolated();
    return findUser(state, accountId, UserName).userName;
  };
  const listOfUser = <Output>(action: string, empty: Output) =>
    ofUser(action, (_userName, input: OfUser & PageInput) => emptyList(input, empty));
  const list = <Output>(action: string, empty: Output): SupportedOperation<PageInput, Output> => ({
    action,
    resources: anything,
    run: (input) => emptyList(input, empty),
  });

  const loginProfile = (action: string) =>
    ofUser(action, (userName: string) => missing(`Login Profile for User ${userName} cannot be found.`));
  const passwordPolicy = (action: string): SupportedOperation<object, never> => ({
    action,
    resources: anything,
    run: (_input, { accountId }) =>
      missing(`The Password Policy with domain name ${accountId} cannot be found.`),
  });
  const publicKey = (action: string) =>
    ofUser(action, (_userName, input: OfUser & { readonly SSHPublicKeyId: string | undefined }) =>
      missing(`The Public Key with id ${input.SSHPublicKeyId} cannot be found.`),
    );
  const samlProvider = (
    action: string,
  ): SupportedOperation<{ readonly SAMLProviderArn: string | undefined }, never> => ({
    action,
    resources: ({ SAMLProviderArn = '*' }) => [SAMLProviderArn],
    run: ({ SAMLProviderArn }) => missing(`Manifest not found for arn ${SAMLProviderArn}`),
  });
  const serverCertificate = (
    action: string,
  ): SupportedOperation<{ readonly ServerCertificateName: string | undefined }, never> => ({
    action,
    resources: ({ ServerCertificateName = '*' }, { accountId }) => [
      `arn:aws:iam::${accountId}:server-certificate/${ServerCertificateName}`,
    ],
    run: ({ ServerCertificateName }) =>
      missing(`The Server Certificate with name ${ServerCertificateName} cannot be found.`),
  });

  return {
    ListMFADevices: listOfUser('iam:ListMFADevices', { MFADevices: [], ...noPage }),
    ListVirtualMFADevices: list('iam:ListVirtualMFADevices', { VirtualMFADevices: [], ...noPage }),
    ListSSHPublicKeys: listOfUser('iam:ListSSHPublicKeys', { SSHPublicKeys: [], ...noPage }),
    ListSigningCertificates: listOfUser('iam:ListSigningCertificates', { Certificates: [], ...noPage }),
    ListServiceSpecificCredentials: listOfUser('iam:ListServiceSpecificCredentials', {
      ServiceSpecificCredentials: [],
    }),
    ListServerCertificates: list('iam:ListServerCertificates', {
      ServerCertificateMetadataList: [],
      ...noPage,
    }),
    ListSAMLProviders: list('iam:ListSAMLProviders', { SAMLProviderList: [] }),
    GetLoginProfile: loginProfile('iam:GetLoginProfile'),
    DeleteLoginProfile: loginProfile('iam:DeleteLoginProfile'),
    GetAccountPasswordPolicy: passwordPolicy('iam:GetAccountPasswordPolicy'),
    DeleteAccountPasswordPolicy: passwordPolicy('iam:DeleteAccountPasswordPolicy'),
    GetSSHPublicKey: publicKey('iam:GetSSHPublicKey'),
    DeleteSSHPublicKey: publicKey('iam:DeleteSSHPublicKey'),
    DeleteSigningCertificate: ofUser(
      'iam:DeleteSigningCertificate',
      (_userName, input: OfUser & { readonly CertificateId: string | undefined }) =>
        missing(`The Certificate with id ${input.CertificateId} cannot be found.`),
    ),
    DeleteServiceSpecificCredential: ofUser(
      'iam:DeleteServiceSpecificCredential',
      (_userName, input: OfUser & { readonly ServiceSpecificCredentialId: string | undefined }) =>
        missing(`The credential with id ${input.ServiceSpecificCredentialId} cannot be found.`),
    ),
    GetSAMLProvider: samlProvider('iam:GetSAMLProvider'),
    DeleteSAMLProvider: samlProvider('iam:DeleteSAMLProvider'),
    GetServerCertificate: serverCertificate('iam:GetServerCertificate'),
    DeleteServerCertificate: serverCertificate('iam:DeleteServerCertificate'),
  };
}

/** @throws {Refusal} ValidationError. */
function emptyList<Output>(input: PageInput, empty: Output): Output {
  checkPage(new Constraints(), input).throwIfViolated();
  return empty;
}

function missing(message: string): never {
  throw noSuchEntity(message);
}
