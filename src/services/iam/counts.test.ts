import type { IAM } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Random, seededRandom } from '../../clock/index.ts';
import { accessKeys, type GroupRecord, groups, lastUses, policies, roles, users } from './records.ts';
import { accountId, type IamServer, startIamServer } from './testing/iam-server.ts';
import { policyOf } from './testing/users.ts';

/** What counts others in its own record must never miss one, whoever does what at the same moment. */
let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const PolicyDocument = policyOf({ Effect: 'Allow', Action: 'ecs:*', Resource: '*' });
const trust = policyOf({
  ...{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
});

/** Few names, so that requests meet. */
function randomRequest(iam: IAM, random: Random): () => Promise<unknown> {
  const pick = (kind: string) => `${kind}${random.integer(2)}`;
  const UserName = pick('user');
  const GroupName = pick('group');
  const RoleName = pick('role');
  const name = pick('policy');
  const PolicyArn = `arn:aws:iam::${accountId}:policy/${name}`;
  const requests: readonly (() => Promise<unknown>)[] = [
    () => iam.createUser({ UserName }),
    () => iam.createUser({ UserName, PermissionsBoundary: PolicyArn }),
    () => iam.createGroup({ GroupName }),
    () => iam.createRole({ RoleName, AssumeRolePolicyDocument: trust, PermissionsBoundary: PolicyArn }),
    () => iam.createPolicy({ PolicyName: name, PolicyDocument }),
    () => iam.createPolicy({ PolicyName: name, PolicyDocument }),
    () => iam.createPolicyVersion({ PolicyArn, PolicyDocument, SetAsDefault: true }),
    () => iam.attachUserPolicy({ UserName, PolicyArn }),
    () => iam.attachGroupPolicy({ GroupName, PolicyArn }),
    () => iam.attachRolePolicy({ RoleName, PolicyArn }),
    () => iam.detachUserPolicy({ UserName, PolicyArn }),
    () => iam.detachGroupPolicy({ GroupName, PolicyArn }),
    () => iam.detachRolePolicy({ RoleName, PolicyArn }),
    () => iam.putUserPermissionsBoundary({ UserName, PermissionsBoundary: PolicyArn }),
    () => iam.deleteUserPermissionsBoundary({ UserName }),
    () => iam.putRolePermissionsBoundary({ RoleName, PermissionsBoundary: PolicyArn }),
    () => iam.deleteRolePermissionsBoundary({ RoleName }),
    () => iam.addUserToGroup({ UserName, GroupName }),
    () => iam.removeUserFromGroup({ UserName, GroupName }),
    () => iam.updateUser({ UserName, NewUserName: pick('user') }),
    () => iam.updateGroup({ GroupName, NewGroupName: pick('group') }),
    () => iam.createAccessKey({ UserName }),
    () => deleteSomeKey(iam, UserName),
    () => iam.deleteUser({ UserName }),
    () => iam.deleteGroup({ GroupName }),
    () => iam.deleteRole({ RoleName }),
    () => iam.deletePolicy({ PolicyArn }),
  ];
  return requests[random.integer(requests.length)] ?? expect.fail('no request');
}

async function deleteSomeKey(iam: IAM, UserName: string): Promise<void> {
  const [key] = (await iam.listAccessKeys({ UserName })).AccessKeyMetadata ?? [];
  if (key?.AccessKeyId !== undefined) await iam.deleteAccessKey({ UserName, AccessKeyId: key.AccessKeyId });
}

function assertConsistent({ state }: IamServer): void {
  const all = {
    users: [...state.list(users)].map(({ value }) => value),
    groups: [...state.list(groups)].map(({ value }) => value),
    roles: [...state.list(roles)].map(({ value }) => value),
  };
  const holders = [...all.users, ...all.groups, ...all.roles];
  const arnOf = (name: string) => `arn:aws:iam::${accountId}:policy/${name}`;
  const kept = [...state.list(policies)].map(({ value }) => value);
  for (const { policyName, attachmentCount, boundaryCount } of kept) {
    const arn = arnOf(policyName);
    const attached = holders.filter(({ attachedPolicies }) => attachedPolicies.includes(arn));
    const bounded = [...all.users, ...all.roles].filter((it) => it.permissionsBoundary === arn);
    expect([policyName, attachmentCount, boundaryCount]).toEqual([
      policyName,
      attached.length,
      bounded.length,
    ]);
  }
  const known = new Set(kept.map(({ policyName }) => arnOf(policyName)));
  for (const { attachedPolicies } of holders)
    expect(attachedPolicies.filter((arn) => !known.has(arn))).toEqual([]);
  for (const { permissionsBoundary } of [...all.users, ...all.roles]) {
    expect(permissionsBoundary === undefined || known.has(permissionsBoundary)).toBe(true);
  }
  const membersOf = ({ id }: GroupRecord) => all.users.filter((user) => user.groups.includes(id)).length;
  for (const group of all.groups) expect(group.memberCount).toBe(membersOf(group));
  const groupIds = new Set(all.groups.map(({ id }) => id));
  expect(all.users.flatMap((user) => user.groups).filter((id) => !groupIds.has(id))).toEqual([]);
  const keys = [...state.list(accessKeys)].map(({ value }) => `${value.userName} ${value.accessKeyId}`);
  expect(keys.sort()).toEqual(
    all.users.flatMap((user) => user.accessKeys.map((id) => `${user.userName} ${id}`)).sort(),
  );
  expect([...state.list(lastUses)]).toEqual([]);
}

it.each(['anchor', 'buoy'])('counts and references hold under the requests of seed %s', async (seed) => {
  const random = seededRandom(seed);
  const outcomes = { fulfilled: 0, rejected: 0 };
  for (let round = 0; round < 20; round++) {
    const requests = Array.from({ length: 8 }, () => randomRequest(server.iam, random));
    for (const { status } of await Promise.allSettled(requests.map((request) => request())))
      outcomes[status]++;
    assertConsistent(server);
  }
  // Were all refused, nothing would have been tried.
  expect(outcomes.fulfilled).toBeGreaterThan(30);
  expect(outcomes.rejected).toBeGreaterThan(30);
});
