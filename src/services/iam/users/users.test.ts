import type { IAM } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issueSession } from '../credentials/session-token.ts';
import { accountId, type IamServer, startIamServer } from '../testing/iam-server.ts';
import { policyOf, userWith } from '../testing/users.ts';

let server: IamServer;
let iam: IAM;
beforeEach(async () => {
  server = await startIamServer();
  iam = server.iam;
});
afterEach(() => server[Symbol.asyncDispose]());

const UserName = 'ada';
const userArn = (rest: string) => `arn:aws:iam::${accountId}:user${rest}`;
const listAll = { Effect: 'Allow', Action: 'iam:List*', Resource: '*' };

describe('UpdateUser', () => {
  it('gives another name and path to the same user, whose keys, groups, policies and sessions stay', async () => {
    const key = await userWith(server, UserName, listAll);
    await iam.createGroup({ GroupName: 'crew' });
    await iam.addUserToGroup({ UserName, GroupName: 'crew' });
    const { User: before } = await iam.getUser({ UserName });
    const issuedAt = server.clock.now();
    const session = issueSession(server.context, {
      accountId,
      identity: { kind: 'user', userName: UserName, userId: before?.UserId ?? '' },
      session: { issuedAt, expiresAt: issuedAt + 900_000 },
    });
    await iam.updateUser({ UserName: 'ADA', NewUserName: 'Lovelace', NewPath: '/deck/' });
    await expect(iam.getUser({ UserName })).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: 'The user with name ada cannot be found.',
    });
    expect((await iam.getUser({ UserName: 'lovelace' })).User).toMatchObject({
      UserName: 'Lovelace',
      Path: '/deck/',
      Arn: userArn('/deck/Lovelace'),
      UserId: before?.UserId,
    });
    for (const credentials of [key, session]) {
      const { sts, iam: own } = server.as(credentials);
      await expect(sts.getCallerIdentity({})).resolves.toMatchObject({ Arn: userArn('/deck/Lovelace') });
      await own.listUsers({});
    }
    expect((await iam.getGroup({ GroupName: 'crew' })).Users).toMatchObject([{ UserName: 'Lovelace' }]);
    await iam.createUser({ UserName });
    expect((await iam.listGroupsForUser({ UserName })).Groups).toEqual([]);
  });

  it('may change the case of a name, and does not take the name of another', async () => {
    await iam.createUser({ UserName });
    await iam.createUser({ UserName: 'bea' });
    await iam.updateUser({ UserName, NewUserName: 'Ada' });
    expect((await iam.getUser({ UserName })).User).toMatchObject({ UserName: 'Ada', Path: '/' });
    await expect(iam.updateUser({ UserName, NewUserName: 'BEA' })).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
      message: 'User with name BEA already exists.',
    });
    await expect(iam.updateUser({ UserName, NewPath: 'deck' })).rejects.toMatchObject({
      name: 'ValidationError',
    });
  });

  it('asks for permission on what the user is and on what it will be', async () => {
    await iam.createUser({ UserName: 'bob' });
    const one = { Effect: 'Allow', Action: 'iam:UpdateUser', Resource: userArn('/bob') };
    const { iam: own } = server.as(await userWith(server, UserName, one));
    await expect(own.updateUser({ UserName: 'bob', NewUserName: 'robert' })).rejects.toThrow(
      `iam:UpdateUser on resource: ${userArn('/robert')}`,
    );
    await iam.putUserPolicy({
      ...{ UserName, PolicyName: 'own' },
      PolicyDocument: policyOf({ ...one, Resource: [userArn('/bob'), userArn('/robert')] }),
    });
    await own.updateUser({ UserName: 'bob', NewUserName: 'robert' });
  });
});

describe("a user's tags", () => {
  it('are put, shown in pages and taken off; keys are one key in any case', async () => {
    await iam.createUser({ UserName, Tags: [{ Key: 'Team', Value: 'sea' }] });
    await iam.tagUser({
      UserName,
      Tags: [
        { Key: 'team', Value: 'air' },
        { Key: 'rank', Value: '' },
      ],
    });
    const first = await iam.listUserTags({ UserName, MaxItems: 1 });
    expect(first).toMatchObject({ Tags: [{ Key: 'rank', Value: '' }], IsTruncated: true });
    expect(await iam.listUserTags({ UserName, Marker: first.Marker })).toMatchObject({
      Tags: [{ Key: 'team', Value: 'air' }],
      IsTruncated: false,
    });
    await iam.untagUser({ UserName, TagKeys: ['TEAM', 'unknown'] });
    expect((await iam.getUser({ UserName })).User?.Tags).toEqual([{ Key: 'rank', Value: '' }]);
  });

  it("are fifty at most, each once, none of them AWS's", async () => {
    await iam.createUser({ UserName });
    const many = (count: number, prefix: string) =>
      Array.from({ length: count }, (_, at) => ({ Key: `${prefix}${at}`, Value: 'x' }));
    await iam.tagUser({ UserName, Tags: many(40, 'a') });
    await expect(iam.tagUser({ UserName, Tags: many(11, 'b') })).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: 'The number of tags has reached the maximum limit.',
    });
    const twice = [...many(1, 'a'), ...many(1, 'A')];
    await expect(iam.tagUser({ UserName, Tags: twice })).rejects.toThrow('Duplicate tag keys found.');
    await expect(iam.tagUser({ UserName, Tags: [{ Key: 'aws:x', Value: '' }] })).rejects.toThrow(
      'reserved for system use',
    );
  });

  it('decide where policies ask for them, those of the user and those of the request', async () => {
    await iam.createUser({ UserName: 'bob', Tags: [{ Key: 'team', Value: 'sea' }] });
    const when = (Action: string | string[], StringEquals: object, more: object = {}) => ({
      ...{ Effect: 'Allow', Action, Resource: '*', Condition: { StringEquals, ...more } },
    });
    const { iam: own } = server.as(
      await userWith(
        server,
        UserName,
        when(['iam:GetUser'], { 'aws:ResourceTag/team': 'sea', 'iam:ResourceTag/Team': 'sea' }),
        when(['iam:CreateUser', 'iam:TagUser'], { 'aws:RequestTag/team': 'air' }),
        when('iam:UntagUser', {}, { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['rank'] } }),
      ),
    );
    await own.getUser({ UserName: 'bob' });
    await expect(own.getUser({ UserName })).rejects.toThrow('iam:GetUser');
    await own.createUser({ UserName: 'carl', Tags: [{ Key: 'team', Value: 'air' }] });
    await expect(own.createUser({ UserName: 'dora', Tags: [{ Key: 'team', Value: 'sea' }] })).rejects.toThrow(
      'iam:CreateUser',
    );
    await own.untagUser({ UserName: 'bob', TagKeys: ['rank'] });
    await expect(own.untagUser({ UserName: 'bob', TagKeys: ['rank', 'team'] })).rejects.toThrow(
      'iam:UntagUser',
    );
  });

  it('need permission to tag as well, where a user is made with them', async () => {
    const create = { Effect: 'Allow', Action: 'iam:CreateUser', Resource: '*' };
    const { iam: own } = server.as(await userWith(server, UserName, create));
    await own.createUser({ UserName: 'bob' });
    await expect(
      own.createUser({ UserName: 'carl', Path: '/x/', Tags: [{ Key: 'a', Value: 'b' }] }),
    ).rejects.toThrow(`iam:TagUser on resource: ${userArn('/x/carl')}`);
  });
});

it('a user is deleted only when it holds nothing any more', async () => {
  const { accessKeyId } = await userWith(server, UserName, listAll);
  await iam.createGroup({ GroupName: 'crew' });
  await iam.addUserToGroup({ UserName, GroupName: 'crew' });
  const refused = (what: string) =>
    expect(iam.deleteUser({ UserName })).rejects.toMatchObject({
      name: 'DeleteConflictException',
      message: `Cannot delete entity, must ${what} first.`,
    });
  await refused('delete policies');
  await iam.deleteUserPolicy({ UserName, PolicyName: 'own' });
  await refused('delete access keys');
  await iam.deleteAccessKey({ UserName, AccessKeyId: accessKeyId });
  await refused('remove users from group');
  await iam.removeUserFromGroup({ UserName, GroupName: 'crew' });
  await iam.deleteUser({ UserName });
  await expect(iam.deleteUser({ UserName })).rejects.toMatchObject({ name: 'NoSuchEntityException' });
});

it.each([
  ['a key', () => iam.createAccessKey({ UserName })],
  ['a policy', () => iam.putUserPolicy({ UserName, PolicyName: 'p', PolicyDocument: policyOf(listAll) })],
  ['another name', () => iam.updateUser({ UserName, NewUserName: 'bea' })],
])('a user that is deleted while it gets %s: one of the two is refused', async (_, change) => {
  await iam.createUser({ UserName });
  const results = await Promise.allSettled([change(), iam.deleteUser({ UserName })]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const left = (await iam.listUsers({})).Users ?? [];
  expect(left).toHaveLength(results[0]?.status === 'fulfilled' ? 1 : 0);
});
