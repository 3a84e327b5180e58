import type { Credentials } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entityKey, users } from '../iam/records.ts';
import {
  accountId,
  allow,
  assume,
  type IamServer,
  makeRole,
  makeUser,
  policy,
  roleArn,
  startIamServer,
  trust,
  userArn,
} from './testing/crew.ts';

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
});
afterEach(() => server[Symbol.asyncDispose]());

function as({ AccessKeyId = '', SecretAccessKey = '', SessionToken = '' }: Partial<Credentials> = {}) {
  return server.as({
    ...{ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
  });
}
const secondsLeft = ({ Expiration }: Partial<Credentials> = {}): number =>
  ((Expiration?.getTime() ?? 0) - Math.floor(server.clock.now() / 1000) * 1000) / 1000;

describe('GetSessionToken', () => {
  it("gives a user's own session without asking any policy", async () => {
    const { sts } = await makeUser(server, 'ada', [
      { ...allow('sts:GetSessionToken'), Effect: 'Deny' },
      allow('sts:AssumeRole'),
    ]);
    const { Credentials } = await sts.getSessionToken({});
    expect(secondsLeft(Credentials)).toBe(43_200);
    const session = as(Credentials);
    await expect(session.sts.getCallerIdentity({})).resolves.toMatchObject({ Arn: userArn('ada') });
    await makeRole(server, 'Pilot', [trust(accountId)]);
    await assume(server, session.sts, roleArn('Pilot'));
    const { Credentials: long } = await sts.getSessionToken({ DurationSeconds: 129_600 });
    expect(secondsLeft(long)).toBe(129_600);
    await expect(sts.getSessionToken({ DurationSeconds: 129_601 })).rejects.toThrow('equal to 129600');
  });

  it('gives the root user an hour at most', async () => {
    const { Credentials } = await server.sts.getSessionToken({ DurationSeconds: 7200 });
    expect(secondsLeft(Credentials)).toBe(3600);
    await expect(as(Credentials).sts.getCallerIdentity({})).resolves.toMatchObject({
      Arn: `arn:aws:iam::${accountId}:root`,
    });
    await expect(
      as(Credentials).sts.assumeRole({ RoleArn: roleArn('Pilot'), RoleSessionName: 'watch' }),
    ).rejects.toThrow('Roles may not be assumed by root accounts.');
  });

  it('ends with its user', async () => {
    const { sts } = await makeUser(server, 'ada');
    const { Credentials } = await sts.getSessionToken({});
    await as(Credentials).sts.getCallerIdentity({});
    await server.state.transact((tx) => tx.delete(users, entityKey(users, accountId, 'ada')));
    await expect(as(Credentials).sts.getCallerIdentity({})).rejects.toMatchObject({
      name: 'InvalidClientTokenId',
    });
  });

  it('is not for temporary credentials, and has no MFA devices to ask', async () => {
    const { sts } = await makeUser(server, 'ada');
    const { Credentials } = await sts.getSessionToken({});
    await expect(as(Credentials).sts.getSessionToken({})).rejects.toMatchObject({
      name: 'AccessDenied',
      message: 'Cannot call GetSessionToken with session credentials',
    });
    await expect(sts.getSessionToken({ SerialNumber: 'GAHT12345678', TokenCode: '123456' })).rejects.toThrow(
      'GetSessionToken with SerialNumber and TokenCode is not supported by this version of Catamaran yet',
    );
  });
});

describe('GetFederationToken', () => {
  const may = allow(['sts:*', 'iam:*']);
  const info = { AccessKeyId: 'AKIAIOSFODNN7EXAMPLE' };

  it('gives what both the user and the policy that it passes allow', async () => {
    const { sts } = await makeUser(server, 'ada', [may]);
    const { Credentials, FederatedUser, PackedPolicySize } = await sts.getFederationToken({
      ...{ Name: 'guest', Policy: policy(allow(['sts:GetAccessKeyInfo', 'ecs:ListClusters'])) },
    });
    expect(FederatedUser).toEqual({
      FederatedUserId: `${accountId}:guest`,
      Arn: `arn:aws:sts::${accountId}:federated-user/guest`,
    });
    expect(secondsLeft(Credentials)).toBe(43_200);
    expect(PackedPolicySize).toBeGreaterThan(0);
    const guest = as(Credentials);
    await expect(guest.sts.getCallerIdentity({})).resolves.toMatchObject({
      ...{ Arn: FederatedUser?.Arn, UserId: FederatedUser?.FederatedUserId },
    });
    await guest.sts.getAccessKeyInfo(info);
    await expect(guest.sts.decodeAuthorizationMessage({ EncodedMessage: 'any' })).rejects.toThrow(
      'because no session policy allows the sts:DecodeAuthorizationMessage action',
    );
  });

  it('gives nothing of IAM, so that nobody makes lasting keys of it', async () => {
    const asked = { Name: 'guest', Policy: policy(allow('*')) };
    const { sts } = await makeUser(server, 'ada', [may]);
    for (const issuer of [sts, server.sts]) {
      const { iam } = as((await issuer.getFederationToken(asked)).Credentials);
      await expect(iam.createAccessKey({ UserName: 'ada' })).rejects.toMatchObject({
        name: 'AccessDenied',
        message:
          `User: arn:aws:sts::${accountId}:federated-user/guest is not authorized to perform: ` +
          `iam:CreateAccessKey on resource: ${userArn('ada')} because federated users cannot call IAM`,
      });
    }
  });

  it('gives nothing without a policy', async () => {
    const { sts } = await makeUser(server, 'ada', [may]);
    const { Credentials } = await sts.getFederationToken({ Name: 'guest' });
    await as(Credentials).sts.getCallerIdentity({});
    await expect(as(Credentials).sts.getAccessKeyInfo(info)).rejects.toThrow(
      'because no session policy allows',
    );
    await makeRole(server, 'Pilot', [trust(accountId)]);
    await expect(
      as(Credentials).sts.assumeRole({ RoleArn: roleArn('Pilot'), RoleSessionName: 'watch' }),
    ).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('has tags, which need sts:TagSession', async () => {
    const { sts } = await makeUser(server, 'ada', [may]);
    const { sts: poor } = await makeUser(server, 'bob', [allow('sts:GetFederationToken')]);
    const tagged = {
      ...{ Name: 'guest', Tags: [{ Key: 'team', Value: 'sea' }] },
      Policy: policy(
        allow('sts:GetAccessKeyInfo', { Condition: { StringEquals: { 'aws:PrincipalTag/team': 'sea' } } }),
      ),
    };
    await as((await sts.getFederationToken(tagged)).Credentials).sts.getAccessKeyInfo(info);
    await expect(poor.getFederationToken(tagged)).rejects.toThrow(
      `not authorized to perform: sts:TagSession on resource: arn:aws:sts::${accountId}:federated-user/guest`,
    );
  });

  it('is for those who may, with long-term credentials', async () => {
    const { sts } = await makeUser(server, 'ada');
    await expect(sts.getFederationToken({ Name: 'guest' })).rejects.toThrow(
      `User: ${userArn('ada')} is not authorized to perform: sts:GetFederationToken on resource: ` +
        `arn:aws:sts::${accountId}:federated-user/guest because no identity-based policy`,
    );
    const { Credentials } = await server.sts.getFederationToken({
      ...{ Name: 'guest', Policy: policy(allow('*')), DurationSeconds: 40_000 },
    });
    expect(secondsLeft(Credentials)).toBe(3600);
    await as(Credentials).sts.getAccessKeyInfo(info);
    await expect(as(Credentials).sts.getFederationToken({ Name: 'guest' })).rejects.toThrow(
      'Cannot call GetFederationToken with session credentials',
    );
  });
});
