import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { evaluate, RequestContext } from '../policy/index.ts';
import { entityKey, roles } from '../records.ts';
import { accountId, type IamServer, otherAccountId, startIamServer } from '../testing/iam-server.ts';
import { trustPolicyOf } from './trust-policy.ts';

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const trusting = (Principal: object | string, more: object = {}) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole', ...more }],
  });
const ofTasks = trusting({ Service: 'ecs-tasks.amazonaws.com' });

const createRole = (bent: object = {}) =>
  server.iam.createRole({ RoleName: 'Crew', AssumeRolePolicyDocument: ofTasks, ...bent });

describe('CreateRole', () => {
  it('makes a role, which GetRole shows in any case of its name', async () => {
    const made = await createRole({
      ...{ Path: '/harbor/', Description: 'Mans the boats', MaxSessionDuration: 7200 },
      Tags: [{ Key: 'team', Value: 'sea' }],
    });
    expect(made.Role).toEqual({
      Path: '/harbor/',
      RoleName: 'Crew',
      RoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}$/),
      Arn: `arn:aws:iam::${accountId}:role/harbor/Crew`,
      CreateDate: expect.any(Date),
      AssumeRolePolicyDocument: encodeURIComponent(ofTasks),
      Description: 'Mans the boats',
      Tags: [{ Key: 'team', Value: 'sea' }],
    });
    const { Role } = await server.iam.getRole({ RoleName: 'crew' });
    expect(Role).toEqual({ ...made.Role, MaxSessionDuration: 7200, RoleLastUsed: {} });
  });

  it.each<[string, object, object]>([
    [
      'a name that is taken in another case',
      { RoleName: 'PILOT' },
      { name: 'EntityAlreadyExistsException', message: 'Role with name PILOT already exists.' },
    ],
    [
      'what is no JSON',
      { AssumeRolePolicyDocument: 'x' },
      { name: 'MalformedPolicyDocumentException', message: 'This policy contains invalid Json' },
    ],
    [
      'a policy with resources',
      { AssumeRolePolicyDocument: trusting({ AWS: '*' }, { Resource: '*' }) },
      { name: 'MalformedPolicyDocumentException', message: 'Has prohibited field Resource.' },
    ],
    [
      'a user that is not there',
      { AssumeRolePolicyDocument: trusting({ AWS: `arn:aws:iam::${accountId}:user/ada` }) },
      {
        name: 'MalformedPolicyDocumentException',
        message: `Invalid principal in policy: "AWS":"arn:aws:iam::${accountId}:user/ada"`,
      },
    ],
    [
      'a role under another path',
      { AssumeRolePolicyDocument: trusting({ AWS: `arn:aws:iam::${accountId}:role/sea/Pilot` }) },
      { message: `Invalid principal in policy: "AWS":"arn:aws:iam::${accountId}:role/sea/Pilot"` },
    ],
    [
      'a session of a role that is not there',
      { AssumeRolePolicyDocument: trusting({ AWS: `arn:aws:sts::${accountId}:assumed-role/mate/x` }) },
      { message: `Invalid principal in policy: "AWS":"arn:aws:sts::${accountId}:assumed-role/mate/x"` },
    ],
    [
      'an id that nobody has',
      { AssumeRolePolicyDocument: trusting({ AWS: 'AIDACKCEVSQ6C2EXAMPLE' }) },
      { message: 'Invalid principal in policy: "AWS":"AIDACKCEVSQ6C2EXAMPLE"' },
    ],
    [
      'a document that is too long',
      {
        AssumeRolePolicyDocument: trusting(
          { AWS: '*' },
          { Condition: { StringEquals: { 'sts:ExternalId': 'x'.repeat(2048) } } },
        ),
      },
      { name: 'LimitExceededException', message: 'Cannot exceed quota for ACLSizePerRole: 2048' },
    ],
    [
      'a session that is too long',
      { MaxSessionDuration: 43_201 },
      { name: 'ValidationError', message: expect.stringContaining("at 'maxSessionDuration'") },
    ],
    [
      'a boundary that is not there',
      { PermissionsBoundary: `arn:aws:iam::${accountId}:policy/fence` },
      { name: 'NoSuchEntityException' },
    ],
  ])('refuses %s', async (_, bent, error) => {
    await createRole({ RoleName: 'Pilot' });
    await expect(createRole(bent)).rejects.toMatchObject(error);
    await expect(server.iam.getRole({ RoleName: 'Crew' })).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: 'The role with name Crew cannot be found.',
    });
  });
});

describe('a trust policy', () => {
  const shown = async () => {
    const { Role } = await server.iam.getRole({ RoleName: 'Crew' });
    return JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''));
  };
  const ada = `arn:aws:iam::${accountId}:user/ada`;
  const pilot = `arn:aws:iam::${accountId}:role/Pilot`;

  it('names users and roles by ARN while they exist, then by id, and not those made anew', async () => {
    const { User } = await server.iam.createUser({ UserName: 'ada' });
    const { Role } = await createRole({ RoleName: 'Pilot' });
    await createRole({ AssumeRolePolicyDocument: trusting({ AWS: [ada, pilot] }) });
    expect((await shown()).Statement[0].Principal).toEqual({ AWS: [ada, pilot] });
    await server.iam.deleteUser({ UserName: 'ada' });
    await server.iam.deleteRole({ RoleName: 'Pilot' });
    await server.iam.createUser({ UserName: 'ada' });
    expect((await shown()).Statement[0].Principal).toEqual({ AWS: [User?.UserId, Role?.RoleId] });
  });

  it('keeps what it says besides as it was written, and an account as its root', async () => {
    const text = `{ "Statement" :\t[ {"Effect":"Allow", "Principal": {"AWS": "${otherAccountId}"},
      "Action": "sts:AssumeRole", "Condition": {"NumericLessThan": {"sts:DurationSeconds": 1.50}} } ] }`;
    await createRole({ AssumeRolePolicyDocument: text });
    const { Role } = await server.iam.getRole({ RoleName: 'Crew' });
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(
      text.replace(otherAccountId, `arn:aws:iam::${otherAccountId}:root`),
    );
  });

  it('may name whom it likes of an account that is not of this installation, and no other', async () => {
    const stranger = 'arn:aws:iam::999999999999:role/stranger';
    await createRole({ AssumeRolePolicyDocument: trusting({ AWS: stranger }) });
    expect((await shown()).Statement[0].Principal).toEqual({ AWS: stranger });
    const { createAccount } = await server.room.loadOperator();
    const harbor = await createAccount('harbor');
    const eve = `arn:aws:iam::${harbor.accountId}:user/eve`;
    await expect(
      createRole({ RoleName: 'x', AssumeRolePolicyDocument: trusting({ AWS: eve }) }),
    ).rejects.toMatchObject({ message: `Invalid principal in policy: "AWS":"${eve}"` });
  });

  it('decides by id: for whom it names, not for the one made anew', async () => {
    const { User } = await server.iam.createUser({ UserName: 'ada' });
    await createRole({ AssumeRolePolicyDocument: trusting({ AWS: ada }) });
    const role = server.state.get(roles, entityKey(roles, accountId, 'Crew'));
    if (role === undefined) throw new Error('The role is gone');
    const policy = trustPolicyOf(role);
    expect(trustPolicyOf(role)).toBe(policy);
    const decide = (id: string | undefined) =>
      evaluate(
        { identity: [], resource: policy },
        {
          action: 'sts:AssumeRole',
          resource: `arn:aws:iam::${accountId}:role/Crew`,
          resourceAccountId: accountId,
          principal: { kind: 'user', accountId, arn: ada, ...(id !== undefined && { id }) },
          context: new RequestContext(),
        },
      ).decision;
    expect(decide(User?.UserId)).toBe('allowed');
    expect(decide('AIDAANOTHEREXAMPLE234')).toBe('implicitDeny');
    expect(decide(undefined)).toBe('implicitDeny');
  });
});

describe('DeleteRole', () => {
  const change = (bent: object) =>
    server.state.transact((tx) => {
      const key = entityKey(roles, accountId, 'Crew');
      const role = tx.get(roles, key);
      if (role) tx.put(roles, key, { ...role, ...bent });
    });

  it('refuses a role that holds policies, and one that is linked to a service', async () => {
    await createRole();
    await change({ attachedPolicies: ['arn:aws:iam::aws:policy/AdministratorAccess'] });
    await expect(server.iam.deleteRole({ RoleName: 'Crew' })).rejects.toMatchObject({
      name: 'DeleteConflictException',
      message: 'Cannot delete entity, must detach all policies first.',
    });
    await change({ attachedPolicies: [], inlinePolicies: { p: '{}' } });
    await expect(server.iam.deleteRole({ RoleName: 'Crew' })).rejects.toThrow('must delete policies first');
    await change({ inlinePolicies: {}, linkedService: 'ecs.amazonaws.com' });
    await expect(server.iam.deleteRole({ RoleName: 'Crew' })).rejects.toMatchObject({
      name: 'UnmodifiableEntityException',
      message:
        "Cannot perform the operation on the protected role 'Crew' - this role is only modifiable by AWS",
    });
  });
});
