import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entityKey, roles } from '../records.ts';
import { accountId, type IamServer, startIamServer } from '../testing/iam-server.ts';
import { policyOf, userWith } from '../testing/users.ts';

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const AssumeRolePolicyDocument = policyOf({
  ...{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
});
const createRole = (RoleName: string, bent: object = {}) =>
  server.iam.createRole({ RoleName, AssumeRolePolicyDocument, ...bent });
const getRole = async () => (await server.iam.getRole({ RoleName: 'Crew' })).Role;
/** Makes it a service's. */
const linkToService = () =>
  server.state.transact((tx) => {
    const key = entityKey(roles, accountId, 'Crew');
    const role = tx.get(roles, key);
    if (role) tx.put(roles, key, { ...role, linkedService: 'ecs.amazonaws.com' });
  });
const unmodifiable = { name: 'UnmodifiableEntityException' };

describe('UpdateRole', () => {
  it('changes what the request says, and leaves what it does not', async () => {
    await createRole('Crew', { Description: 'Old', MaxSessionDuration: 7200 });
    await server.iam.updateRole({ RoleName: 'crew', Description: 'New' });
    expect(await getRole()).toMatchObject({ Description: 'New', MaxSessionDuration: 7200 });
    await server.iam.updateRole({ RoleName: 'crew', MaxSessionDuration: 3600 });
    expect(await getRole()).toMatchObject({ Description: 'New', MaxSessionDuration: 3600 });
    await server.iam.updateRole({ RoleName: 'crew', Description: '' });
    expect(await getRole()).not.toHaveProperty('Description');
    await expect(server.iam.updateRole({ RoleName: 'x' })).rejects.toThrow('name x cannot be found');
  });

  it("leaves to a service's role nothing but its description", async () => {
    await createRole('Crew');
    await linkToService();
    const { Role } = await server.iam.updateRoleDescription({ RoleName: 'Crew', Description: 'Mine' });
    expect(Role).toMatchObject({ RoleName: 'Crew', Description: 'Mine' });
    await server.iam.updateRole({ RoleName: 'Crew', Description: 'Ours' });
    const RoleName = 'Crew';
    await expect(server.iam.updateRole({ RoleName, MaxSessionDuration: 7200 })).rejects.toMatchObject(
      unmodifiable,
    );
    await expect(
      server.iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: AssumeRolePolicyDocument }),
    ).rejects.toMatchObject(unmodifiable);
    expect(await getRole()).toMatchObject({ Description: 'Ours', MaxSessionDuration: 3600 });
  });
});

it('UpdateAssumeRolePolicy puts another trust policy, checked as the first one was', async () => {
  await createRole('Crew');
  const PolicyDocument = policyOf({
    ...{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
  });
  await server.iam.updateAssumeRolePolicy({ RoleName: 'Crew', PolicyDocument });
  const shown = async () => decodeURIComponent((await getRole())?.AssumeRolePolicyDocument ?? '');
  expect(await shown()).toBe(PolicyDocument);
  await expect(
    server.iam.updateAssumeRolePolicy({
      ...{ RoleName: 'Crew', PolicyDocument: PolicyDocument.replace('sts:AssumeRole', 's3:GetObject') },
    }),
  ).rejects.toThrow('AssumeRole policy may only specify STS AssumeRole actions.');
  expect(await shown()).toBe(PolicyDocument);
});

it('ListRoles shows an account its own, by path, in pages, without tags', async () => {
  await createRole('b', { Path: '/sea/', Tags: [{ Key: 'k', Value: 'v' }] });
  await createRole('A', { Path: '/sea/deep/' });
  await createRole('c');
  const first = await server.iam.listRoles({ MaxItems: 2 });
  expect(first).toMatchObject({ IsTruncated: true, Roles: [{ RoleName: 'A' }, { RoleName: 'b' }] });
  expect(first.Roles?.[1]).not.toHaveProperty('Tags');
  const { Roles, IsTruncated } = await server.iam.listRoles({ Marker: first.Marker });
  expect({ Roles, IsTruncated }).toMatchObject({ IsTruncated: false, Roles: [{ RoleName: 'c' }] });
  const names = async (PathPrefix: string) =>
    (await server.iam.listRoles({ PathPrefix })).Roles?.map(({ RoleName }) => RoleName);
  expect(await names('/sea/d')).toEqual(['A']);
  expect((await server.as(server.otherRootKey).iam.listRoles({})).Roles).toEqual([]);
  await expect(server.iam.listRoles({ Marker: 'mine' })).rejects.toMatchObject({
    name: 'InvalidInputException',
  });
});

describe('tags of a role', () => {
  it('are put on, taken off and listed, one for each key in any case', async () => {
    await createRole('Crew', { Tags: [{ Key: 'team', Value: 'sea' }] });
    await server.iam.tagRole({
      RoleName: 'Crew',
      Tags: [
        { Key: 'Team', Value: 'air' },
        { Key: 'rank', Value: '' },
      ],
    });
    const first = await server.iam.listRoleTags({ RoleName: 'crew', MaxItems: 1 });
    expect(first).toMatchObject({ IsTruncated: true, Tags: [{ Key: 'rank', Value: '' }] });
    expect((await server.iam.listRoleTags({ RoleName: 'crew', Marker: first.Marker })).Tags).toEqual([
      { Key: 'Team', Value: 'air' },
    ]);
    await server.iam.untagRole({ RoleName: 'Crew', TagKeys: ['RANK', 'nothing'] });
    expect(await getRole()).toMatchObject({ Tags: [{ Key: 'Team', Value: 'air' }] });
  });

  it.each<[string, object, object]>([
    [
      'a key twice',
      {
        Tags: [
          { Key: 'a', Value: '' },
          { Key: 'A', Value: '' },
        ],
      },
      { name: 'InvalidInputException' },
    ],
    ["AWS's own", { Tags: [{ Key: 'aws:x', Value: '' }] }, { name: 'InvalidInputException' }],
    [
      'more than fifty',
      { Tags: Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: '' })) },
      { name: 'LimitExceededException', message: 'The number of tags has reached the maximum limit.' },
    ],
    [
      'a value that is too long',
      { Tags: [{ Key: 'a', Value: 'x'.repeat(257) }] },
      { name: 'ValidationError' },
    ],
  ])('are not %s', async (_, bent, error) => {
    await createRole('Crew', { Tags: [{ Key: 'team', Value: 'sea' }] });
    await expect(server.iam.tagRole({ RoleName: 'Crew', Tags: [], ...bent })).rejects.toMatchObject(error);
    expect((await getRole())?.Tags).toEqual([{ Key: 'team', Value: 'sea' }]);
  });
});

describe('who may act on a role is decided', () => {
  it('by its ARN with its path, and by its tags', async () => {
    await createRole('Crew', { Path: '/sea/', Tags: [{ Key: 'team', Value: 'sea' }] });
    await createRole('Guest', { Path: '/sea/' });
    const ada = server.as(
      await userWith(server, 'ada', {
        ...{ Effect: 'Allow', Action: 'iam:*', Resource: `arn:aws:iam::${accountId}:role/sea/*` },
        Condition: { StringEquals: { 'iam:ResourceTag/team': 'sea' } },
      }),
    );
    await ada.iam.getRole({ RoleName: 'crew' });
    await ada.iam.updateRole({ RoleName: 'Crew', Description: 'x' });
    await expect(ada.iam.getRole({ RoleName: 'Guest' })).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(
        `iam:GetRole on resource: arn:aws:iam::${accountId}:role/sea/Guest because`,
      ),
    });
  });

  it('by the tags that a request brings, which also need to be allowed themselves', async () => {
    const RequestTag = { StringEquals: { 'aws:RequestTag/team': 'sea' } };
    const ada = server.as(
      await userWith(server, 'ada', {
        ...{ Effect: 'Allow', Action: 'iam:CreateRole', Resource: '*', Condition: RequestTag },
      }),
    );
    const make = (...Tags: { Key: string; Value: string }[]) =>
      ada.iam.createRole({ RoleName: 'Crew', AssumeRolePolicyDocument, Tags });
    await expect(make()).rejects.toThrow('not authorized to perform: iam:CreateRole');
    await expect(make({ Key: 'team', Value: 'sea' })).rejects.toThrow(
      `not authorized to perform: iam:TagRole on resource: arn:aws:iam::${accountId}:role/Crew`,
    );
    const PolicyDocument = policyOf({ Effect: 'Allow', Action: 'iam:TagRole', Resource: '*' });
    await server.iam.putUserPolicy({ UserName: 'ada', PolicyName: 'q', PolicyDocument });
    await make({ Key: 'team', Value: 'sea' });
  });
});
