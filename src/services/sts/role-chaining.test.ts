import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  accountId,
  allow,
  assume,
  type IamServer,
  makeRole,
  makeUser,
  policy,
  roleArn,
  startIamServer,
  trust,
  userArn,
} from './testing/crew.ts';

let server: IamServer;
let sts: IamServer['sts'];
beforeEach(async () => {
  server = await startIamServer();
  ({ sts } = await makeUser(server, 'ada'));
});
afterEach(() => server[Symbol.asyncDispose]());

const all = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'];
const pilot = roleArn('Pilot');
const mate = roleArn('Mate');
const session = `arn:aws:sts::${accountId}:assumed-role/Pilot/watch`;
const next = { RoleArn: mate, RoleSessionName: 'second' };
const makePilot = () => makeRole(server, 'Pilot', [trust(userArn('ada'), { Action: all })]);
const makeMate = (Action: readonly string[] = all, may: readonly object[] = []) =>
  makeRole(server, 'Mate', [trust(pilot, { Action })], { may, maxSessionSeconds: 7200 });
const team = { Key: 'team', Value: 'sea' };
const transitive = { Tags: [team, { Key: 'rank', Value: 'mate' }], TransitiveTagKeys: ['Team'] };

describe("a role's session that assumes another role", () => {
  it('may where the trust policy names its role, or the session itself', async () => {
    await makePilot();
    await makeMate(['sts:AssumeRole']);
    const first = await assume(server, sts, pilot);
    const second = await assume(server, first.sts, mate, { RoleSessionName: 'second' });
    await expect(second.sts.getCallerIdentity({})).resolves.toMatchObject({
      Arn: `arn:aws:sts::${accountId}:assumed-role/Mate/second`,
    });
    await makeRole(server, 'Cook', [trust(session)]);
    await first.sts.assumeRole({ ...next, RoleArn: roleArn('Cook') });
    const other = await assume(server, sts, pilot, { RoleSessionName: 'other' });
    await expect(other.sts.assumeRole({ ...next, RoleArn: roleArn('Cook') })).rejects.toThrow(
      'because no identity-based policy allows the sts:AssumeRole action',
    );
  });

  it('gets an hour at most, whatever the role lets others have', async () => {
    await makePilot();
    await makeMate();
    const first = await assume(server, sts, pilot);
    await first.sts.assumeRole({ ...next, DurationSeconds: 3600 });
    await expect(first.sts.assumeRole({ ...next, DurationSeconds: 3601 })).rejects.toMatchObject({
      name: 'ValidationError',
      message:
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    });
  });

  it('hands on its transitive tags, and only those', async () => {
    await makePilot();
    const whenTagged = (key: string, action: string) =>
      allow(action, { Condition: { Null: { [`aws:PrincipalTag/${key}`]: 'false' } } });
    await makeMate(all, [whenTagged('team', 'iam:ListUsers'), whenTagged('rank', 'iam:GetUser')]);
    const first = await assume(server, sts, pilot, transitive);
    const second = await assume(server, first.sts, mate);
    await second.iam.listUsers({});
    await expect(second.iam.getUser({ UserName: 'ada' })).rejects.toThrow('not authorized');
    await makeRole(server, 'Third', [trust(mate, { Action: all })], {
      may: [whenTagged('team', 'iam:ListUsers')],
    });
    await (await assume(server, second.sts, roleArn('Third'))).iam.listUsers({});
  });

  it('needs sts:TagSession for tags that it hands on, and cannot change them', async () => {
    await makePilot();
    await makeMate(['sts:AssumeRole']);
    const first = await assume(server, sts, pilot, transitive);
    await expect(first.sts.assumeRole(next)).rejects.toThrow(
      `User: ${session} is not authorized to perform: sts:TagSession on resource: ${mate}`,
    );
    await makeRole(server, 'Cook', [
      trust(pilot, { Action: all, Condition: { StringEquals: { 'aws:RequestTag/team': 'sea' } } }),
    ]);
    const cook = { ...next, RoleArn: roleArn('Cook') };
    await first.sts.assumeRole({ ...cook, Tags: [{ Key: 'deck', Value: '2' }] });
    await expect(
      first.sts.assumeRole({ ...cook, Tags: [{ Key: 'TEAM', Value: 'air' }] }),
    ).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringContaining('conflicts with a transitive tag key from the calling session.'),
    });
  });

  it('keeps the source identity that was set first', async () => {
    await makePilot();
    await makeMate(all, [
      allow('iam:ListUsers', { Condition: { StringEquals: { 'aws:SourceIdentity': 'ada' } } }),
    ]);
    const set = await sts.assumeRole({ RoleArn: pilot, RoleSessionName: 'watch', SourceIdentity: 'ada' });
    expect(set.SourceIdentity).toBe('ada');
    const first = await assume(server, sts, pilot, { SourceIdentity: 'ada' });
    const { SourceIdentity } = await first.sts.assumeRole(next);
    expect(SourceIdentity).toBe('ada');
    await (await assume(server, first.sts, mate)).iam.listUsers({});
    await first.sts.assumeRole({ ...next, SourceIdentity: 'ada' });
    await expect(first.sts.assumeRole({ ...next, SourceIdentity: 'bob' })).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('sts:SetSourceIdentity'),
    });
  });

  it('needs sts:SetSourceIdentity, which a trust policy can limit to some', async () => {
    const Condition = { StringLike: { 'sts:SourceIdentity': 'a*' } };
    await makeRole(server, 'Pilot', [
      trust(userArn('ada')),
      trust(userArn('ada'), { Action: 'sts:SetSourceIdentity', Condition }),
    ]);
    await sts.assumeRole({ RoleArn: pilot, RoleSessionName: 'watch', SourceIdentity: 'ada' });
    await expect(
      sts.assumeRole({ RoleArn: pilot, RoleSessionName: 'watch', SourceIdentity: 'bob' }),
    ).rejects.toThrow(
      `User: ${userArn('ada')} is not authorized to perform: sts:SetSourceIdentity on resource: ${pilot} ` +
        'because no identity-based policy allows the sts:SetSourceIdentity action',
    );
    await makeMate(['sts:AssumeRole']);
    const first = await assume(server, sts, pilot, { SourceIdentity: 'ada' });
    await expect(first.sts.assumeRole(next)).rejects.toThrow('sts:SetSourceIdentity');
  });

  it('ends when the sessions of its role are revoked; those made from it do not', async () => {
    await makePilot();
    await makeMate();
    const first = await assume(server, sts, pilot);
    const second = await assume(server, first.sts, mate);
    await server.clock.advance(1);
    const older = { DateLessThan: { 'aws:TokenIssueTime': new Date(server.clock.now()).toISOString() } };
    await server.iam.putRolePolicy({
      RoleName: 'Pilot',
      PolicyName: 'AWSRevokeOlderSessions',
      PolicyDocument: policy({ Effect: 'Deny', Action: '*', Resource: '*', Condition: older }),
    });
    await expect(first.sts.assumeRole(next)).rejects.toThrow(
      'with an explicit deny in an identity-based policy',
    );
    await second.sts.getCallerIdentity({});
  });
});
