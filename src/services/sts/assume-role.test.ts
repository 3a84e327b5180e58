import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountOfAccessKeyId } from '../iam/ids.ts';
import {
  accountId,
  allow,
  assume,
  type IamServer,
  makeRole,
  makeUser,
  otherAccountId,
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

const pilot = roleArn('Pilot');
const mayAssume = allow('sts:AssumeRole');
const request = { RoleArn: pilot, RoleSessionName: 'watch' };
const denied = (who: string, reason: string, action = 'sts:AssumeRole', on = pilot) => ({
  name: 'AccessDenied',
  message: `User: ${who} is not authorized to perform: ${action} on resource: ${on} ${reason}`,
});
const noIdentity = 'because no identity-based policy allows the sts:AssumeRole action';
const noTrust = 'because no role trust policy allows the sts:AssumeRole action';

describe('AssumeRole gives a session', () => {
  it('whose credentials say what they are, and work', async () => {
    const { sts } = await makeUser(server, 'ada');
    await makeRole(server, 'Pilot', [trust(userArn('ada'))]);
    const { Credentials, AssumedRoleUser, ...rest } = await sts.assumeRole(request);
    expect(AssumedRoleUser).toEqual({
      AssumedRoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}:watch$/),
      Arn: `arn:aws:sts::${accountId}:assumed-role/Pilot/watch`,
    });
    expect(Credentials?.AccessKeyId).toMatch(/^ASIA/);
    expect(accountOfAccessKeyId(Credentials?.AccessKeyId ?? '')).toBe(accountId);
    expect(Credentials?.Expiration?.getTime()).toBe(Math.floor(server.clock.now() / 1000) * 1000 + 3_600_000);
    const bytes = Credentials?.SessionToken?.length ?? 0;
    expect(rest).toMatchObject({
      SessionTokenSize: bytes,
      SessionTokenUtilization: Math.ceil(bytes / 40.96),
    });
    expect(rest).not.toHaveProperty('PackedPolicySize');
    const identity = await (await assume(server, sts, pilot)).sts.getCallerIdentity({});
    expect(identity).toMatchObject({
      Account: accountId,
      Arn: AssumedRoleUser?.Arn,
      UserId: AssumedRoleUser?.AssumedRoleId,
    });
  });

  it('for the time that is asked for, up to what the role lets', async () => {
    const { sts } = await makeUser(server, 'ada');
    await makeRole(server, 'Pilot', [trust(userArn('ada'))], { maxSessionSeconds: 7200 });
    const { Credentials } = await sts.assumeRole({ ...request, DurationSeconds: 7200 });
    expect(Credentials?.Expiration?.getTime()).toBeGreaterThan(server.clock.now() + 7_199_000);
    await expect(sts.assumeRole({ ...request, DurationSeconds: 7201 })).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    });
    const session = await assume(server, sts, pilot, { DurationSeconds: 900 });
    await server.clock.advance(899_000);
    const skewed = { systemClockOffset: 899_000 };
    Object.assign(session.sts.config, skewed);
    await session.sts.getCallerIdentity({});
    await server.clock.advance(1000);
    await expect(session.sts.getCallerIdentity({})).rejects.toMatchObject({ name: 'ExpiredToken' });
  });

  it('whose token is as long as it is asked to be', async () => {
    const { sts } = await makeUser(server, 'ada');
    await makeRole(server, 'Pilot', [trust(userArn('ada'))]);
    const more = { MinimumSessionTokenSize: 3000 };
    const { SessionTokenSize = 0 } = await sts.assumeRole({ ...request, ...more });
    expect(SessionTokenSize).toBeGreaterThanOrEqual(3000);
    expect(SessionTokenSize).toBeLessThan(3010);
    await (await assume(server, sts, pilot, more)).sts.getCallerIdentity({});
  });
});

describe('whether a role may be assumed', () => {
  it('is the trust policy alone where it names the user of its account', async () => {
    const { sts } = await makeUser(server, 'ada');
    await makeRole(server, 'Pilot', [trust(userArn('ada'))]);
    await sts.assumeRole(request);
    const { sts: others } = await makeUser(server, 'bob', [mayAssume]);
    await expect(others.assumeRole(request)).rejects.toMatchObject(denied(userArn('bob'), noTrust));
  });

  it('needs an identity policy as well where the trust policy names the account', async () => {
    const { sts } = await makeUser(server, 'ada');
    await makeRole(server, 'Pilot', [trust(accountId)]);
    await expect(sts.assumeRole(request)).rejects.toMatchObject(denied(userArn('ada'), noIdentity));
    const { sts: others } = await makeUser(server, 'bob', [mayAssume]);
    await others.assumeRole(request);
  });

  it('needs both sides across accounts', async () => {
    const { sts } = await makeUser(server, 'ada', [], otherAccountId);
    const { sts: able } = await makeUser(server, 'bob', [mayAssume], otherAccountId);
    await makeRole(server, 'Pilot', [trust(userArn('ada', otherAccountId))]);
    await expect(sts.assumeRole(request)).rejects.toMatchObject(
      denied(userArn('ada', otherAccountId), noIdentity),
    );
    await expect(able.assumeRole(request)).rejects.toMatchObject(
      denied(userArn('bob', otherAccountId), noTrust),
    );
    await makeRole(server, 'Mate', [trust(otherAccountId)]);
    const session = await assume(server, able, roleArn('Mate'));
    await expect(session.sts.getCallerIdentity({})).resolves.toMatchObject({ Account: accountId });
  });

  it('is denied by a Deny of either side', async () => {
    const deny = { Effect: 'Deny' };
    const { sts } = await makeUser(server, 'ada', [mayAssume]);
    const { sts: barred } = await makeUser(server, 'bob', [mayAssume, { ...mayAssume, ...deny }]);
    await makeRole(server, 'Pilot', [trust(accountId), trust(userArn('ada'), deny)]);
    await expect(sts.assumeRole(request)).rejects.toMatchObject(
      denied(userArn('ada'), 'with an explicit deny in the role trust policy'),
    );
    await expect(barred.assumeRole(request)).rejects.toMatchObject(
      denied(userArn('bob'), 'with an explicit deny in an identity-based policy'),
    );
  });

  it('does not tell whether there is such a role', async () => {
    const { sts } = await makeUser(server, 'ada', [mayAssume]);
    const { sts: poor } = await makeUser(server, 'bob');
    await makeRole(server, 'Pilot', [trust('111111111111')]);
    for (const on of [pilot, roleArn('Ghost'), roleArn('sea/Pilot'), roleArn('pilot')]) {
      const asked = { ...request, RoleArn: on };
      await expect(sts.assumeRole(asked)).rejects.toMatchObject(
        denied(userArn('ada'), noTrust, 'sts:AssumeRole', on),
      );
      await expect(poor.assumeRole(asked)).rejects.toMatchObject(
        denied(userArn('bob'), noIdentity, 'sts:AssumeRole', on),
      );
    }
  });

  it('is never so for a root user', async () => {
    await makeRole(server, 'Pilot', [trust(accountId)]);
    await expect(server.sts.assumeRole(request)).rejects.toMatchObject({
      name: 'AccessDenied',
      message: 'Roles may not be assumed by root accounts.',
    });
  });

  it("is no more so for a user that was made anew under a trusted one's name", async () => {
    await server.iam.createUser({ UserName: 'ada' });
    await makeRole(server, 'Pilot', [trust(userArn('ada'))]);
    await server.iam.deleteUser({ UserName: 'ada' });
    const { sts } = await makeUser(server, 'ada', [mayAssume]);
    await expect(sts.assumeRole(request)).rejects.toMatchObject(denied(userArn('ada'), noTrust));
  });
});

describe('conditions of a trust policy', () => {
  it.each<[string, object, object, object]>([
    ['the external id', { StringEquals: { 'sts:ExternalId': 'x7' } }, { ExternalId: 'x7' }, {}],
    [
      "the session's name",
      { StringLike: { 'sts:RoleSessionName': 'ada-*' } },
      { RoleSessionName: 'ada-1' },
      { RoleSessionName: 'bob-1' },
    ],
    [
      'its duration',
      { NumericLessThanEquals: { 'sts:DurationSeconds': '900' } },
      { DurationSeconds: 900 },
      { DurationSeconds: 901 },
    ],
    [
      "the user's name",
      { StringEquals: { 'aws:username': 'ada' }, ArnEquals: { 'aws:PrincipalArn': userArn('ada') } },
      {},
      { RoleArn: roleArn('Other') },
    ],
    [
      "the role's tags",
      { StringEquals: { 'aws:ResourceTag/team': 'sea' } },
      {},
      { RoleArn: roleArn('Other') },
    ],
  ])('are asked about %s', async (_what, Condition, good, bad) => {
    const { sts } = await makeUser(server, 'ada', [mayAssume]);
    await makeRole(server, 'Pilot', [trust(accountId, { Condition })], { tags: { team: 'sea' } });
    await sts.assumeRole({ ...request, ...good });
    await expect(sts.assumeRole({ ...request, ...bad })).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

describe('a request that AssumeRole refuses', () => {
  it.each<[string, object, string]>([
    [
      'no ARN of a role',
      { RoleArn: `${userArn('ada')}-of-the-sea` },
      `${userArn('ada')}-of-the-sea is invalid`,
    ],
    ['a short name', { RoleSessionName: 'a' }, "Value 'a' at 'roleSessionName' failed to satisfy constraint"],
    ['a time too short', { DurationSeconds: 899 }, 'Member must have value greater than or equal to 900'],
    ['a time too long', { DurationSeconds: 43_201 }, 'Member must have value less than or equal to 43200'],
    ["a source identity of AWS's", { SourceIdentity: 'aws:ada' }, "at 'sourceIdentity' failed"],
    [
      'an MFA code',
      { SerialNumber: 'arn:aws:iam::111122223333:mfa/ada', TokenCode: '123456' },
      'AssumeRole with SerialNumber and TokenCode is not supported by this version of Catamaran yet',
    ],
    [
      'a context',
      { ProvidedContexts: [{ ProviderArn: 'arn:aws:iam::aws:contextProvider/IdentityCenter' }] },
      'AssumeRole with ProvidedContexts is not supported',
    ],
    ['a policy that is none', { Policy: '{}' }, 'Syntax errors in policy.'],
  ])('has %s', async (_what, bent, message) => {
    const { sts } = await makeUser(server, 'ada');
    await makeRole(server, 'Pilot', [trust(userArn('ada'))]);
    await expect(sts.assumeRole({ ...request, ...bent })).rejects.toThrow(message);
  });
});
