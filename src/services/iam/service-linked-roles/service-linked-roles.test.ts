import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prefixOf, roleDeletions } from '../records.ts';
import { accountId, type IamServer, startIamServer } from '../testing/iam-server.ts';
import { policyOf, userWith } from '../testing/users.ts';
import { ensureServiceLinkedRole } from './create-service-linked-role.ts';

/** ARNs of clusters that ECS still has. */
let inUse: string[];
let server: IamServer;
beforeEach(async () => {
  inUse = [];
  server = await startIamServer({
    linkedResources: (_reader, account, service) =>
      account === accountId && service === ecs && inUse.length > 0
        ? [{ region: 'eu-west-1', resources: inUse }]
        : [],
  });
});
afterEach(() => server[Symbol.asyncDispose]());

const ecs = 'ecs.amazonaws.com';
const allowAll = policyOf({ Effect: 'Allow', Action: '*', Resource: '*' });
const RoleName = 'AWSServiceRoleForECS';
const create = (bent: object = {}) => server.iam.createServiceLinkedRole({ AWSServiceName: ecs, ...bent });
const exists = async () => {
  const { Roles = [] } = await server.iam.listRoles({});
  return Roles.some((role) => role.RoleName === RoleName);
};

describe('a service-linked role', () => {
  it('has a name, a path and a trust policy of its own, and the policy that its service needs', async () => {
    const { Role } = await create({ Description: 'Mine' });
    expect(Role).toMatchObject({
      ...{ RoleName, Path: '/aws-service-role/ecs.amazonaws.com/', Description: 'Mine' },
      Arn: `arn:aws:iam::${accountId}:role/aws-service-role/ecs.amazonaws.com/${RoleName}`,
    });
    expect(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).Statement).toEqual([
      { Effect: 'Allow', Principal: { Service: ecs }, Action: 'sts:AssumeRole' },
    ]);
    await expect(create()).rejects.toMatchObject({
      name: 'InvalidInputException',
      message: `Service role name ${RoleName} has been taken in this account, please try a different suffix.`,
    });
  });

  it('may have a suffix where its service allows one', async () => {
    await expect(create({ CustomSuffix: 'x' })).rejects.toMatchObject({
      name: 'InvalidInputException',
      message: 'Custom suffix is not allowed for ecs.amazonaws.com',
    });
    const AWSServiceName = 'autoscaling.amazonaws.com';
    const { Role } = await create({ AWSServiceName, CustomSuffix: 'x' });
    expect(Role?.RoleName).toBe('AWSServiceRoleForAutoScaling_x');
    await expect(create({ AWSServiceName: 'boats.amazonaws.com' })).rejects.toThrow('boats.amazonaws.com');
  });

  it('is changed by its service alone, but for description and tags', async () => {
    await create();
    const protectedRole = {
      name: 'UnmodifiableEntityException',
      message: `Cannot perform the operation on the protected role '${RoleName}' - this role is only modifiable by AWS`,
    };
    await expect(server.iam.deleteRole({ RoleName })).rejects.toMatchObject(protectedRole);
    await expect(
      server.iam.putRolePolicy({ RoleName, PolicyName: 'p', PolicyDocument: allowAll }),
    ).rejects.toMatchObject(protectedRole);
    await server.iam.createInstanceProfile({ InstanceProfileName: 'hull' });
    await expect(
      server.iam.addRoleToInstanceProfile({ RoleName, InstanceProfileName: 'hull' }),
    ).rejects.toMatchObject(protectedRole);
    await server.iam.tagRole({ RoleName, Tags: [{ Key: 'team', Value: 'sea' }] });
  });

  it('is made by its service once, and stays as it is', async () => {
    await ensureServiceLinkedRole(server.context, accountId, ecs);
    const { Role } = await server.iam.getRole({ RoleName });
    expect(Role).toMatchObject({ Description: 'Role to enable Amazon ECS to manage your cluster.' });
    await server.room.ensureServiceLinkedRole(accountId, ecs);
    expect((await server.iam.getRole({ RoleName })).Role).toEqual(Role);
    await expect(server.room.ensureServiceLinkedRole(accountId, 'x')).rejects.toThrow(TypeError);
  });
});

it.each([
  ...['ecs', 'ecs.application-autoscaling', 'eks', 'eks-nodegroup', 'eks-fargate'],
  ...['elasticloadbalancing', 'autoscaling', 'spot'],
])('the role of %s holds a policy that is known', async (service) => {
  const { Role } = await create({ AWSServiceName: `${service}.amazonaws.com` });
  const { AttachedPolicies = [] } = await server.iam.listAttachedRolePolicies({ RoleName: Role?.RoleName });
  expect(AttachedPolicies).toHaveLength(1);
  const { Policy } = await server.iam.getPolicy({ PolicyArn: AttachedPolicies[0]?.PolicyArn });
  expect(Policy).toMatchObject({ Path: '/aws-service-role/', AttachmentCount: 1 });
});

describe('DeleteServiceLinkedRole', () => {
  it('deletes the role, which can be asked for', async () => {
    await create();
    const { DeletionTaskId } = await server.iam.deleteServiceLinkedRole({ RoleName });
    expect(DeletionTaskId).toMatch(
      /^task\/aws-service-role\/ecs\.amazonaws\.com\/AWSServiceRoleForECS\/[0-9a-f-]{36}$/,
    );
    expect(await exists()).toBe(false);
    const { $metadata: _, ...status } = await server.iam.getServiceLinkedRoleDeletionStatus({
      DeletionTaskId,
    });
    expect(status).toEqual({ Status: 'SUCCEEDED' });
  });

  it('fails while the service has something in the account, and says what', async () => {
    await create();
    inUse = [`arn:aws:ecs:eu-west-1:${accountId}:cluster/harbor`];
    const { DeletionTaskId } = await server.iam.deleteServiceLinkedRole({ RoleName });
    expect(await server.iam.getServiceLinkedRoleDeletionStatus({ DeletionTaskId })).toMatchObject({
      Status: 'FAILED',
      Reason: {
        Reason: expect.stringContaining(ecs),
        RoleUsageList: [{ Region: 'eu-west-1', Resources: inUse }],
      },
    });
    expect(await exists()).toBe(true);
    await expect(server.iam.deleteServiceLinkedRole({ RoleName: 'x' })).rejects.toThrow('cannot be found');
    const unknown = { DeletionTaskId: `${DeletionTaskId}0` };
    await expect(server.iam.getServiceLinkedRoleDeletionStatus(unknown)).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
  });

  it('is remembered a hundred times, and the oldest forgotten', async () => {
    inUse = ['arn:x'];
    await create();
    const { DeletionTaskId: first } = await server.iam.deleteServiceLinkedRole({ RoleName });
    for (let more = 0; more < 100; more++) {
      await server.clock.advance(1);
      await server.iam.deleteServiceLinkedRole({ RoleName });
    }
    expect([...server.state.list(roleDeletions, prefixOf(roleDeletions, accountId))]).toHaveLength(100);
    await expect(server.iam.getServiceLinkedRoleDeletionStatus({ DeletionTaskId: first })).rejects.toThrow(
      'cannot be found',
    );
  });
});

it('who may make a service-linked role is decided by its ARN and its service', async () => {
  const key = await userWith(server, 'ada', {
    ...{ Effect: 'Allow', Action: 'iam:CreateServiceLinkedRole' },
    Resource: 'arn:aws:iam::*:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS*',
    Condition: { StringLike: { 'iam:AWSServiceName': ecs } },
  });
  const { iam } = server.as(key);
  await expect(iam.createServiceLinkedRole({ AWSServiceName: 'spot.amazonaws.com' })).rejects.toThrow(
    'role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot because',
  );
  await iam.createServiceLinkedRole({ AWSServiceName: ecs });
});
