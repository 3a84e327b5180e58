import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId, type IamServer, startIamServer } from '../testing/iam-server.ts';
import { userWith } from '../testing/users.ts';

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
  await server.iam.createUser({ UserName: 'ada', Path: '/sea/' });
});
afterEach(() => server[Symbol.asyncDispose]());

const UserName = 'ada';
const withoutMetadata = ({ $metadata: _, ...answer }: { readonly $metadata: unknown }) => answer;

describe('what nobody has here', () => {
  it('is listed as nothing', async () => {
    const { iam } = server;
    const none = { IsTruncated: false };
    const listed = await Promise.all([
      iam.listMFADevices({ UserName }),
      iam.listMFADevices({}),
      iam.listVirtualMFADevices({}),
      iam.listSSHPublicKeys({ UserName }),
      iam.listSigningCertificates({ UserName }),
      iam.listServiceSpecificCredentials({ UserName }),
      iam.listServerCertificates({}),
      iam.listSAMLProviders({}),
    ]);
    expect(listed.map(withoutMetadata)).toEqual([
      { MFADevices: [], ...none },
      { MFADevices: [], ...none },
      { VirtualMFADevices: [], ...none },
      { SSHPublicKeys: [], ...none },
      { Certificates: [], ...none },
      { ServiceSpecificCredentials: [] },
      { ServerCertificateMetadataList: [], ...none },
      { SAMLProviderList: [] },
    ]);
  });

  it('of a user who is not there is not listed', async () => {
    await expect(server.iam.listMFADevices({ UserName: 'eve' })).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: 'The user with name eve cannot be found.',
    });
    await expect(server.iam.listSSHPublicKeys({ UserName, MaxItems: 0 })).rejects.toMatchObject({
      name: 'ValidationError',
    });
  });

  const SAMLProviderArn = `arn:aws:iam::${accountId}:saml-provider/idp`;
  it.each([
    ['a login profile', () => server.iam.getLoginProfile({ UserName }), 'Login Profile for User ada'],
    ['a login profile', () => server.iam.deleteLoginProfile({ UserName }), 'Login Profile for User ada'],
    ['a password policy', () => server.iam.getAccountPasswordPolicy({}), `domain name ${accountId}`],
    ['a password policy', () => server.iam.deleteAccountPasswordPolicy({}), `domain name ${accountId}`],
    [
      'an SSH key',
      () => server.iam.deleteSSHPublicKey({ UserName, SSHPublicKeyId: 'APKAEXAMPLEEXAMPLE23' }),
      'APKAEXAMPLEEXAMPLE23',
    ],
    [
      'a signing certificate',
      () => server.iam.deleteSigningCertificate({ UserName, CertificateId: 'ASCAEXAMPLEEXAMPLE234567' }),
      'ASCAEXAMPLEEXAMPLE234567',
    ],
    ['a server certificate', () => server.iam.getServerCertificate({ ServerCertificateName: 'tls' }), 'tls'],
    ['a SAML provider', () => server.iam.deleteSAMLProvider({ SAMLProviderArn }), SAMLProviderArn],
  ])('%s is not found', async (_, ask, named) => {
    await expect(ask()).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: expect.stringContaining(named),
    });
  });

  it('can not be made', async () => {
    await expect(server.iam.createLoginProfile({ UserName, Password: 'secret' })).rejects.toThrow(
      'CreateLoginProfile is not supported by this version of Catamaran yet',
    );
  });
});

it('who asks for it is allowed to by policies, on the user with its path', async () => {
  const Resource = `arn:aws:iam::${accountId}:user/sea/*`;
  const key = await userWith(server, 'eve', { Effect: 'Allow', Action: 'iam:ListMFADevices', Resource });
  const { iam } = server.as(key);
  await iam.listMFADevices({ UserName });
  await expect(iam.listMFADevices({})).rejects.toThrow(`on resource: arn:aws:iam::${accountId}:user/eve`);
  await expect(iam.listVirtualMFADevices({})).rejects.toThrow('iam:ListVirtualMFADevices on resource: *');
});
