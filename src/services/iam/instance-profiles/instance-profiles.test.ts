import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId, type IamServer, startIamServer } from '../testing/iam-server.ts';
import { policyOf, userWith } from '../testing/users.ts';

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const AssumeRolePolicyDocument = policyOf({
  ...{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
});
const createRole = (RoleName: string) => server.iam.createRole({ RoleName, AssumeRolePolicyDocument });
const create = (InstanceProfileName: string, bent: object = {}) =>
  server.iam.createInstanceProfile({ InstanceProfileName, ...bent });
const inHull = { InstanceProfileName: 'hull', RoleName: 'Crew' };

describe('an instance profile', () => {
  it('is made, shown in any case of its name, and deleted', async () => {
    const made = await create('Hull', { Path: '/sea/', Tags: [{ Key: 'team', Value: 'sea' }] });
    expect(made.InstanceProfile).toEqual({
      Path: '/sea/',
      InstanceProfileName: 'Hull',
      InstanceProfileId: expect.stringMatching(/^AIPA[A-Z2-7]{17}$/),
      Arn: `arn:aws:iam::${accountId}:instance-profile/sea/Hull`,
      CreateDate: expect.any(Date),
      Roles: [],
      Tags: [{ Key: 'team', Value: 'sea' }],
    });
    const { InstanceProfile } = await server.iam.getInstanceProfile({ InstanceProfileName: 'hull' });
    expect(InstanceProfile).toEqual(made.InstanceProfile);
    await expect(create('hULL')).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
      message: 'Instance Profile hULL already exists.',
    });
    await server.iam.deleteInstanceProfile({ InstanceProfileName: 'hull' });
    await expect(server.iam.getInstanceProfile({ InstanceProfileName: 'hull' })).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: 'Instance Profile hull cannot be found.',
    });
  });

  it('has one role at most, and neither is deleted while it has it', async () => {
    const { Role } = await createRole('Crew');
    await createRole('Guest');
    await create('hull');
    await server.iam.addRoleToInstanceProfile(inHull);
    const { InstanceProfile } = await server.iam.getInstanceProfile({ InstanceProfileName: 'hull' });
    expect(InstanceProfile?.Roles).toEqual([Role]);
    await expect(server.iam.addRoleToInstanceProfile({ ...inHull, RoleName: 'Guest' })).rejects.toMatchObject(
      {
        name: 'LimitExceededException',
        message: 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1',
      },
    );
    const conflict = {
      name: 'DeleteConflictException',
      message: 'Cannot delete entity, must remove roles from instance profile first.',
    };
    await expect(server.iam.deleteRole({ RoleName: 'Crew' })).rejects.toMatchObject(conflict);
    await expect(server.iam.deleteInstanceProfile({ InstanceProfileName: 'hull' })).rejects.toMatchObject(
      conflict,
    );
    await expect(
      server.iam.removeRoleFromInstanceProfile({ ...inHull, RoleName: 'Guest' }),
    ).rejects.toMatchObject({ name: 'NoSuchEntityException' });
    await server.iam.removeRoleFromInstanceProfile({ ...inHull, RoleName: 'CREW' });
    await server.iam.deleteRole({ RoleName: 'Crew' });
    await server.iam.deleteInstanceProfile({ InstanceProfileName: 'hull' });
  });

  it('is listed by path and by role, in pages', async () => {
    await createRole('Crew');
    for (const name of ['c', 'a', 'b']) {
      await create(name, { Path: name === 'c' ? '/' : '/sea/' });
      await server.iam.addRoleToInstanceProfile({ InstanceProfileName: name, RoleName: 'Crew' });
    }
    await create('empty', { Tags: [{ Key: 'k', Value: 'v' }] });
    const names = (list?: readonly { readonly InstanceProfileName: string | undefined }[]) =>
      list?.map((it) => it.InstanceProfileName);
    const all = await server.iam.listInstanceProfiles({});
    expect(names(all.InstanceProfiles)).toEqual(['a', 'b', 'c', 'empty']);
    expect(all.InstanceProfiles?.[3]).not.toHaveProperty('Tags');
    const inSea = await server.iam.listInstanceProfiles({ PathPrefix: '/sea/' });
    expect(names(inSea.InstanceProfiles)).toEqual(['a', 'b']);
    const first = await server.iam.listInstanceProfilesForRole({ RoleName: 'crew', MaxItems: 2 });
    expect(names(first.InstanceProfiles)).toEqual(['a', 'b']);
    const second = await server.iam.listInstanceProfilesForRole({ RoleName: 'crew', Marker: first.Marker });
    expect(names(second.InstanceProfiles)).toEqual(['c']);
    await expect(server.iam.listInstanceProfilesForRole({ RoleName: 'x' })).rejects.toThrow(
      'The role with name x cannot be found.',
    );
  });

  it('is tagged', async () => {
    await create('hull', { Tags: [{ Key: 'team', Value: 'sea' }] });
    const InstanceProfileName = 'hull';
    await server.iam.tagInstanceProfile({ InstanceProfileName, Tags: [{ Key: 'rank', Value: '1' }] });
    await server.iam.untagInstanceProfile({ InstanceProfileName, TagKeys: ['team'] });
    const { Tags } = await server.iam.listInstanceProfileTags({ InstanceProfileName });
    expect(Tags).toEqual([{ Key: 'rank', Value: '1' }]);
  });
});

it('a role is put into a profile only by who may pass it to EC2', async () => {
  await createRole('Crew');
  await create('hull', { Tags: [{ Key: 'team', Value: 'sea' }] });
  const ada = server.as(
    await userWith(server, 'ada', {
      ...{ Effect: 'Allow', Action: 'iam:AddRoleToInstanceProfile', Resource: '*' },
      Condition: { StringEquals: { 'aws:ResourceTag/team': 'sea' } },
    }),
  );
  await expect(ada.iam.addRoleToInstanceProfile(inHull)).rejects.toThrow(
    `not authorized to perform: iam:PassRole on resource: arn:aws:iam::${accountId}:role/Crew`,
  );
  const passing = (service: string) =>
    server.iam.putUserPolicy({
      ...{ UserName: 'ada', PolicyName: 'q' },
      PolicyDocument: policyOf({
        ...{ Effect: 'Allow', Action: 'iam:PassRole', Resource: '*' },
        Condition: { StringEquals: { 'iam:PassedToService': service } },
      }),
    });
  await passing('ecs-tasks.amazonaws.com');
  await expect(ada.iam.addRoleToInstanceProfile(inHull)).rejects.toThrow('iam:PassRole');
  await passing('ec2.amazonaws.com');
  await ada.iam.addRoleToInstanceProfile(inHull);
});
