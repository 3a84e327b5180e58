import { afterEach, beforeEach, expect, it } from 'vitest';
import { accountId, type IamServer, startIamServer } from './testing/iam-server.ts';
import { userWith } from './testing/users.ts';

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

const anything = { Effect: 'Allow', Action: 'iam:*', Resource: '*' };
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ecs-tasks.amazonaws.com' } },
});
const arn = (resource: string) => `arn:aws:iam::${accountId}:${resource}`;

it('is asked on the name as it was given when the entity was made, in whatever case the request has it', async () => {
  await server.iam.createUser({ UserName: 'Admin', Path: '/crew/' });
  await server.iam.createGroup({ GroupName: 'Officers' });
  await server.iam.createRole({ RoleName: 'Pilot', AssumeRolePolicyDocument: trust });
  const Resource = [arn('user/crew/Admin'), arn('group/Officers'), arn('role/Pilot')];
  const ada = server.as(
    await userWith(server, 'ada', anything, { Effect: 'Deny', Action: 'iam:*', Resource }),
  );
  for (const ask of [
    () => ada.iam.createAccessKey({ UserName: 'ADMIN' }),
    () => ada.iam.updateUser({ UserName: 'aDMIN', NewUserName: 'bea' }),
    () => ada.iam.addUserToGroup({ GroupName: 'OFFICERS', UserName: 'ada' }),
    () => ada.iam.updateAssumeRolePolicy({ RoleName: 'piLot', PolicyDocument: trust }),
    () => ada.iam.getRole({ RoleName: 'pilot' }),
  ]) {
    await expect(ask()).rejects.toThrow('with an explicit deny in an identity-based policy');
  }
});

it('is asked on the name in its own case where a policy allows that name alone', async () => {
  const own = { Effect: 'Allow', Action: 'iam:GetUser', Resource: arn('user/${aws:username}') };
  const ada = server.as(await userWith(server, 'Ada', own));
  await expect(ada.iam.getUser({ UserName: 'ada' })).resolves.toMatchObject({ User: { UserName: 'Ada' } });
});
