import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entityKey, type PolicyRecord, policies } from './records.ts';
import { accountId, type IamServer, startIamServer } from './testing/iam-server.ts';
import { policyOf } from './testing/users.ts';

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
  await server.state.transact((tx) => {
    for (const name of ['fence', 'wall']) tx.put(policies, entityKey(policies, accountId, name), kept(name));
  });
});
afterEach(() => server[Symbol.asyncDispose]());

const kept = (policyName: string): PolicyRecord => ({
  ...{ policyName, path: '/', id: `ANPA${policyName}`, createdAt: 0, updatedAt: 0, tags: {} },
  ...{ attachmentCount: 0, boundaryCount: 0, defaultVersionId: 'v1', nextVersion: 2 },
  versions: [{ id: 'v1', createdAt: 0, document: policyOf({ Effect: 'Allow', Action: '*', Resource: '*' }) }],
});
const fence = `arn:aws:iam::${accountId}:policy/fence`;
const wall = `arn:aws:iam::${accountId}:policy/wall`;
const uses = (name: string) =>
  server.state.get(policies, entityKey(policies, accountId, name))?.boundaryCount;
const boundaryIs = (PermissionsBoundaryArn: string) => ({
  PermissionsBoundary: { PermissionsBoundaryType: 'PermissionsBoundaryPolicy', PermissionsBoundaryArn },
});
const AssumeRolePolicyDocument = policyOf({
  ...{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
});

describe.each([
  {
    type: 'role',
    create: async () => {
      await server.iam.createRole({ RoleName: 'crew', AssumeRolePolicyDocument, PermissionsBoundary: fence });
    },
    get: async () => (await server.iam.getRole({ RoleName: 'crew' })).Role,
    put: (PermissionsBoundary: string) =>
      server.iam.putRolePermissionsBoundary({ RoleName: 'crew', PermissionsBoundary }),
    remove: () => server.iam.deleteRolePermissionsBoundary({ RoleName: 'crew' }),
    delete: () => server.iam.deleteRole({ RoleName: 'crew' }),
  },
  {
    type: 'user',
    create: async () => {
      await server.iam.createUser({ UserName: 'crew', PermissionsBoundary: fence });
    },
    get: async () => (await server.iam.getUser({ UserName: 'crew' })).User,
    put: (PermissionsBoundary: string) =>
      server.iam.putUserPermissionsBoundary({ UserName: 'crew', PermissionsBoundary }),
    remove: () => server.iam.deleteUserPermissionsBoundary({ UserName: 'crew' }),
    delete: () => server.iam.deleteUser({ UserName: 'crew' }),
  },
])('the permissions boundary of a $type', ({ type, create, get, put, remove, delete: gone }) => {
  it('is set, changed and taken off, and its policy counts it', async () => {
    await create();
    expect(await get()).toMatchObject(boundaryIs(fence));
    await put(wall);
    await put(wall);
    expect(await get()).toMatchObject(boundaryIs(wall));
    expect([uses('fence'), uses('wall')]).toEqual([0, 1]);
    await remove();
    expect(await get()).not.toHaveProperty('PermissionsBoundary');
    expect(uses('wall')).toBe(0);
    await remove();
    await put(fence);
    await gone();
    expect(uses('fence')).toBe(0);
  });

  it('is a policy that there is, of one that there is', async () => {
    await create();
    const gate = `arn:aws:iam::${accountId}:policy/gate`;
    await expect(put(gate)).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: `Scope ARN: ${gate} does not exist or is not attachable.`,
    });
    await expect(put('fence')).rejects.toMatchObject({ name: 'ValidationError' });
    await gone();
    await expect(put(wall)).rejects.toThrow(`The ${type} with name crew cannot be found.`);
    expect(uses('wall')).toBe(0);
  });
});
