import type { IAM } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId, type IamServer, startIamServer } from '../testing/iam-server.ts';
import { policyOf, userWith } from '../testing/users.ts';

let server: IamServer;
let iam: IAM;
beforeEach(async () => {
  server = await startIamServer();
  iam = server.iam;
});
afterEach(() => server[Symbol.asyncDispose]());

const GroupName = 'Crew';
const groupArn = (rest: string) => `arn:aws:iam::${accountId}:group${rest}`;

describe('a group', () => {
  it('is made, shown, found by path and name, and is one in any case of its name', async () => {
    const { Group } = await iam.createGroup({ GroupName, Path: '/deck/' });
    expect(Group).toMatchObject({
      ...{ GroupName, Path: '/deck/', Arn: groupArn('/deck/Crew') },
      GroupId: expect.stringMatching(/^AGPA[A-Z2-7]{17}$/),
    });
    await iam.createGroup({ GroupName: 'able' });
    await expect(iam.createGroup({ GroupName: 'CREW' })).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
      message: 'Group with name CREW already exists.',
    });
    expect((await iam.getGroup({ GroupName: 'crew' })).Group).toEqual(Group);
    const names = async (input: object) => (await iam.listGroups(input)).Groups?.map((it) => it.GroupName);
    expect(await names({})).toEqual(['able', 'Crew']);
    expect(await names({ PathPrefix: '/de' })).toEqual(['Crew']);
    expect(await names({ MaxItems: 1 })).toEqual(['able']);
  });

  it('shows its members in pages', async () => {
    await iam.createGroup({ GroupName });
    for (const UserName of ['eve', 'Dan', 'ada']) {
      await iam.createUser({ UserName });
      await iam.addUserToGroup({ GroupName, UserName });
      await iam.addUserToGroup({ GroupName, UserName });
    }
    const first = await iam.getGroup({ GroupName, MaxItems: 2 });
    expect(first.Users?.map(({ UserName }) => UserName)).toEqual(['ada', 'Dan']);
    const rest = await iam.getGroup({ GroupName, Marker: first.Marker });
    expect(rest).toMatchObject({ Users: [{ UserName: 'eve' }], IsTruncated: false });
  });

  it('keeps its members and its policies under another name', async () => {
    const key = await userWith(server, 'ada');
    await iam.createGroup({ GroupName });
    await iam.addUserToGroup({ GroupName, UserName: 'ada' });
    const { iam: own } = server.as(key);
    await expect(own.listUsers({})).rejects.toThrow('not authorized to perform: iam:ListUsers');
    await iam.putGroupPolicy({
      ...{ GroupName, PolicyName: 'list' },
      PolicyDocument: policyOf({ Effect: 'Allow', Action: 'iam:ListUsers', Resource: '*' }),
    });
    await own.listUsers({});
    await iam.updateGroup({ GroupName, NewGroupName: 'officers', NewPath: '/deck/' });
    await own.listUsers({});
    expect((await iam.listGroupsForUser({ UserName: 'ada' })).Groups).toMatchObject([
      { GroupName: 'officers', Arn: groupArn('/deck/officers') },
    ]);
    await iam.createGroup({ GroupName });
    expect((await iam.getGroup({ GroupName })).Users).toEqual([]);
    await expect(iam.updateGroup({ GroupName, NewGroupName: 'Officers' })).rejects.toThrow(
      'Group with name Officers already exists.',
    );
    await iam.removeUserFromGroup({ GroupName: 'officers', UserName: 'ada' });
    await expect(own.listUsers({})).rejects.toThrow('not authorized');
  });

  it('is deleted only without members and policies, even when a member comes at the same moment', async () => {
    await iam.createUser({ UserName: 'ada' });
    await iam.createGroup({ GroupName });
    await iam.addUserToGroup({ GroupName, UserName: 'ada' });
    await expect(iam.deleteGroup({ GroupName })).rejects.toMatchObject({
      name: 'DeleteConflictException',
      message: 'Cannot delete entity, must remove users from group first.',
    });
    await iam.removeUserFromGroup({ GroupName, UserName: 'ada' });
    await iam.removeUserFromGroup({ GroupName, UserName: 'ada' });
    const results = await Promise.allSettled([
      iam.addUserToGroup({ GroupName, UserName: 'ada' }),
      iam.deleteGroup({ GroupName }),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const groups = (await iam.listGroupsForUser({ UserName: 'ada' })).Groups ?? [];
    expect(groups).toHaveLength((await iam.listGroups({})).Groups?.length ?? 0);
  });

  it('is one of ten at most that a user is in', async () => {
    await iam.createUser({ UserName: 'ada' });
    for (let at = 0; at <= 10; at++) await iam.createGroup({ GroupName: `g${at}` });
    for (let at = 0; at < 10; at++) await iam.addUserToGroup({ GroupName: `g${at}`, UserName: 'ada' });
    await expect(iam.addUserToGroup({ GroupName: 'g10', UserName: 'ada' })).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: 'Cannot exceed quota for GroupsPerUser: 10',
    });
    await expect(iam.addUserToGroup({ GroupName: 'none', UserName: 'ada' })).rejects.toThrow(
      'The group with name none cannot be found.',
    );
  });
});
