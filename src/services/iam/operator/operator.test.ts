import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IamOperator } from '../index.ts';
import { entityKey, roles } from '../records.ts';
import { accountId, type IamServer, startIamServer } from '../testing/iam-server.ts';

let server: IamServer;
let operator: IamOperator;
beforeEach(async () => {
  server = await startIamServer();
  operator = await server.room.loadOperator();
});
afterEach(() => server[Symbol.asyncDispose]());

const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

const makeRole = (roleName: string) =>
  server.state.transact((tx) =>
    tx.put(roles, entityKey(roles, accountId, roleName), {
      ...{ roleName, path: '/', id: 'AROAEXAMPLEEXAMPLE23', createdAt: 0, trustPolicy: '{}', tags: {} },
      ...{ maxSessionSeconds: 3600, inlinePolicies: {}, attachedPolicies: [] },
    }),
  );

describe('accounts', () => {
  it('are made with a root of their own, apart from the others', async () => {
    const account = await operator.createAccount('harbor');
    expect(account).toMatchObject({
      accountId: expect.stringMatching(/^[1-9]\d{11}$/),
      accountName: 'harbor',
    });
    const { iam, sts } = server.as(account);
    expect(await sts.getCallerIdentity({})).toMatchObject({
      Account: account.accountId,
      Arn: `arn:aws:iam::${account.accountId}:root`,
    });
    const createdAt = Math.floor(server.clock.now() / 1000) * 1000;
    expect((await iam.getUser({})).User?.CreateDate).toEqual(new Date(createdAt));
    expect((await iam.listAccessKeys({})).AccessKeyMetadata).toMatchObject([
      { CreateDate: new Date(createdAt) },
    ]);
    await iam.createUser({ UserName: 'ada' });
    expect((await server.iam.listUsers({})).Users).toEqual([]);
    expect(operator.listAccounts()).toEqual([
      { accountId },
      { accountId: account.accountId, accountName: 'harbor' },
    ]);
  });

  it('have names of their own', async () => {
    await operator.createAccount('harbor');
    await expect(operator.createAccount('harbor')).rejects.toThrow('There is an account harbor already');
    for (const name of ['', '1st', 'a/b', 'a'.repeat(51)]) {
      await expect(operator.createAccount(name)).rejects.toThrow('Invalid account name');
    }
  });
});

describe('signing in', () => {
  it('gives a session of a user, of a role and of a root, as long as each can be', async () => {
    await server.iam.createUser({ UserName: 'ada', Path: '/crew/' });
    await makeRole('Pilot');
    const { accountId: other } = await operator.createAccount('harbor');
    const names: [string, object, string, number][] = [
      ['ada', {}, `arn:aws:iam::${accountId}:user/crew/ada`, 12 * 3600],
      ['user/ADA', {}, `arn:aws:iam::${accountId}:user/crew/ada`, 12 * 3600],
      [
        `arn:aws:iam::${accountId}:user/crew/ada`,
        { durationSeconds: 900 },
        `arn:aws:iam::${accountId}:user/crew/ada`,
        900,
      ],
      ['role/Pilot', {}, `arn:aws:sts::${accountId}:assumed-role/Pilot/catamaran-login`, 3600],
      ['root', { account: 'harbor' }, `arn:aws:iam::${other}:root`, 3600],
      [`arn:aws:iam::${other}:root`, {}, `arn:aws:iam::${other}:root`, 3600],
    ];
    for (const [name, options, arn, seconds] of names) {
      const session = operator.signIn(name, options);
      expect((await server.as(session).sts.getCallerIdentity({})).Arn).toBe(arn);
      expect(session.expiresAt - server.clock.now()).toBeLessThanOrEqual(seconds * 1000);
      expect(session.expiresAt - server.clock.now()).toBeGreaterThan(seconds * 1000 - 1000);
    }
  });

  it('says whom it does not find, and what is ambiguous or too long', async () => {
    await server.iam.createUser({ UserName: 'pilot' });
    await makeRole('Pilot');
    expect(() => operator.signIn('eve', {})).toThrow(`There is no user or role eve in account ${accountId}`);
    expect(() => operator.signIn('user/eve', {})).toThrow('There is no user eve');
    expect(() => operator.signIn('pilot', {})).toThrow('say user/pilot or role/pilot');
    expect(() => operator.signIn('root', { account: 'atlantis' })).toThrow('There is no account atlantis');
    expect(() => operator.signIn('role/pilot', { durationSeconds: 3601 })).toThrow(
      'lasts 900 to 3600 seconds',
    );
    expect(() => operator.signIn('', {})).toThrow('There is no user or role');
    for (const group of [`arn:aws:iam::${accountId}:group/x`, 'group/x']) {
      expect(() => operator.signIn(group, {})).toThrow('is nobody who could act');
    }
    const elsewhere = `arn:aws:iam::${accountId}:user/crew/pilot`;
    expect(() => operator.signIn(elsewhere, {})).toThrow(`There is no user ${elsewhere}`);
    const session = `arn:aws:sts::${accountId}:assumed-role/Pilot/watch`;
    expect(() => operator.signIn(session, {})).toThrow("is a role's session: name the role, role/Pilot");
  });
});

describe('explaining', () => {
  const blue = `arn:aws:ecs:eu-west-1:${accountId}:service/harbor/blue`;
  const ask = (more: Partial<Parameters<IamOperator['explain']>[0]> = {}) =>
    operator.explain({ principal: 'ada', action: 'ecs:UpdateService', resource: blue, context: {}, ...more });

  beforeEach(async () => {
    await server.iam.createUser({ UserName: 'ada' });
    const PolicyDocument = policy(
      { Sid: 'Other', Effect: 'Allow', Action: 'ecs:*', Resource: `${blue}-green` },
      {
        Effect: 'Allow',
        Action: 'ecs:Update*',
        Resource: '*',
        Condition: { Bool: { 'ecs:privileged': 'false' } },
      },
      { Effect: 'Allow', Action: 's3:*', Resource: '*' },
    );
    await server.iam.putUserPolicy({ UserName: 'ada', PolicyName: 'deploy', PolicyDocument });
  });

  it('names each statement about the action, and why it does not apply', () => {
    expect(ask()).toEqual({
      principal: `arn:aws:iam::${accountId}:user/ada`,
      decision: 'implicitDeny',
      reason: 'because no identity-based policy allows the ecs:UpdateService action',
      statements: [
        {
          ...{ policyType: 'identity', policy: 'deploy', number: 1, effect: 'Allow', sid: 'Other' },
          verdict: 'another resource',
        },
        {
          ...{ policyType: 'identity', policy: 'deploy', number: 2, effect: 'Allow' },
          verdict: 'its conditions do not hold',
        },
      ],
      missingKeys: ['ecs:privileged'],
    });
  });

  it('asks the trust policy of a role, too', async () => {
    await makeRole('Pilot');
    const pilot = { action: 'sts:AssumeRole', resource: `arn:aws:iam::${accountId}:role/Pilot` };
    const trust = (Principal: object) =>
      server.iam.updateAssumeRolePolicy({
        RoleName: 'Pilot',
        PolicyDocument: policy({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }),
      });
    await trust({ Service: 'ecs-tasks.amazonaws.com' });
    expect(ask(pilot)).toMatchObject({ decision: 'implicitDeny', statements: [] });
    // What her own policies allow is not enough: a role has to name whom it trusts.
    const PolicyDocument = policy({ Effect: 'Allow', Action: 'sts:*', Resource: '*' });
    await server.iam.putUserPolicy({ UserName: 'ada', PolicyName: 'sts', PolicyDocument });
    const reason = 'because no role trust policy allows the sts:AssumeRole action';
    expect(ask(pilot)).toMatchObject({ decision: 'implicitDeny', reason });
    expect(ask({ ...pilot, resource: `${pilot.resource}2` })).toMatchObject({
      decision: 'implicitDeny',
      reason,
    });
    await trust({ AWS: accountId });
    expect(ask(pilot).decision).toBe('allowed');
    expect(ask({ ...pilot, principal: 'root' })).toMatchObject({
      decision: 'implicitDeny',
      reason: 'because roles may not be assumed by root accounts',
    });
    await server.iam.deleteUserPolicy({ UserName: 'ada', PolicyName: 'sts' });
    await trust({ AWS: `arn:aws:iam::${accountId}:user/ada` });
    expect(ask(pilot)).toMatchObject({
      decision: 'allowed',
      statements: [{ policyType: 'resource', policy: 'trust', number: 1, verdict: 'applies' }],
    });
  });

  it("tells a group's inline policy from the user's own of that name", async () => {
    await server.iam.createGroup({ GroupName: 'crew' });
    await server.iam.addUserToGroup({ GroupName: 'crew', UserName: 'ada' });
    const PolicyDocument = policy({ Effect: 'Deny', Action: 'ecs:UpdateService', Resource: '*' });
    await server.iam.putGroupPolicy({ GroupName: 'crew', PolicyName: 'deploy', PolicyDocument });
    const { decision, statements } = ask();
    expect(decision).toBe('explicitDeny');
    expect(statements.map(({ policy, group }) => [policy, group])).toEqual([
      ['deploy', undefined],
      ['deploy', undefined],
      ['deploy', 'crew'],
    ]);
  });

  it('says what no policy decides, as STS does', async () => {
    await makeRole('Pilot');
    const PolicyDocument = policy({ Effect: 'Deny', Action: 'sts:*', Resource: '*' });
    await server.iam.putUserPolicy({ UserName: 'ada', PolicyName: 'sts', PolicyDocument });
    const said = (principal: string, name: string) => {
      const { decision, reason } = ask({ principal, action: `sts:${name}`, resource: '*' });
      return `${decision} ${reason}`;
    };
    const session = operator.signIn('ada', {});
    expect((await server.as(session).sts.getCallerIdentity({})).Account).toBe(accountId);
    for (const name of ['GetCallerIdentity', 'GetSessionToken']) {
      expect(said('ada', name)).toBe('allowed because it asks for no permission');
    }
    expect(said('ada', 'GetFederationToken')).toContain('explicitDeny');
    const pilot = server.as(operator.signIn('Pilot', {})).sts;
    expect((await pilot.getCallerIdentity({})).Account).toBe(accountId);
    expect(said('Pilot', 'GetCallerIdentity')).toContain('allowed');
    await expect(pilot.getSessionToken({})).rejects.toThrow('with session credentials');
    for (const name of ['GetSessionToken', 'GetFederationToken']) {
      expect(said('Pilot', name)).toBe('implicitDeny because it cannot be called with session credentials');
    }
    expect(said('root', 'AssumeRole')).toContain('may not be assumed by root accounts');
  });

  it('takes no name for an action or a resource that can be none', () => {
    for (const action of ['UpdateService', 'ecs:*', 'ecs:', '*', '']) {
      expect(() => ask({ action })).toThrow(`Invalid action ${action}: service:Name is expected`);
    }
    for (const resource of ['blue', 'arn:aws:ecs', '', 'arn:aws:ecs:eu-west-1:111122223333:']) {
      expect(() => ask({ resource })).toThrow(`Invalid resource ${resource}: an ARN or * is expected`);
    }
  });

  it('decides by the keys that are given', () => {
    const answer = ask({ context: { 'ecs:Privileged': ['false'] } });
    expect(answer).toMatchObject({ decision: 'allowed', missingKeys: [] });
    expect(answer.statements.map(({ verdict }) => verdict)).toEqual(['another resource', 'applies']);
    expect(ask({ principal: 'root', action: 'iam:DeleteUser' }).decision).toBe('allowed');
  });
});
