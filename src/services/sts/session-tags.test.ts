import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  accountId,
  allow,
  assume,
  type IamServer,
  makeRole,
  makeUser,
  roleArn,
  startIamServer,
  trust,
  userArn,
} from './testing/crew.ts';

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const pilot = roleArn('Pilot');
const both = ['sts:AssumeRole', 'sts:TagSession'];
const team = { Tags: [{ Key: 'team', Value: 'sea' }] };
const request = { RoleArn: pilot, RoleSessionName: 'watch' };
const tagged = (value: string) =>
  allow('iam:ListUsers', { Condition: { StringEquals: { 'aws:PrincipalTag/Team': value } } });
const notAllowed = (who: string, reason: string) => ({
  name: 'AccessDenied',
  message: `User: ${who} is not authorized to perform: sts:TagSession on resource: ${pilot} ${reason}`,
});

describe('session tags', () => {
  it("are the session's, before the role's of the same name", async () => {
    const { sts } = await makeUser(server, 'ada');
    await makeRole(server, 'Pilot', [trust(userArn('ada'), { Action: both })], {
      ...{ may: [tagged('sea')], tags: { TEAM: 'air' } },
    });
    await (await assume(server, sts, pilot, team)).iam.listUsers({});
    await expect((await assume(server, sts, pilot)).iam.listUsers({})).rejects.toThrow('not authorized');
  });

  it('may be called as what objects have of their own', async () => {
    const { sts } = await makeUser(server, 'ada');
    const Condition = { StringEquals: { 'aws:RequestTag/__proto__': 'sea' } };
    await makeRole(server, 'Pilot', [trust(userArn('ada'), { Action: both, Condition })]);
    const ask = (Value: string) => sts.assumeRole({ ...request, Tags: [{ Key: '__proto__', Value }] });
    await ask('sea');
    await expect(ask('air')).rejects.toThrow('not authorized');
  });

  it('need sts:TagSession in the trust policy, and in the identity policy where that counts', async () => {
    const { sts } = await makeUser(server, 'ada', [allow(both)]);
    const { sts: poor } = await makeUser(server, 'bob', [allow('sts:AssumeRole')]);
    await makeRole(server, 'Pilot', [trust(accountId)]);
    await expect(sts.assumeRole({ ...request, ...team })).rejects.toMatchObject(
      notAllowed(userArn('ada'), 'because no role trust policy allows the sts:TagSession action'),
    );
    const other = { ...request, RoleArn: roleArn('Mate') };
    await makeRole(server, 'Mate', [trust(accountId, { Action: both })]);
    await sts.assumeRole({ ...other, ...team });
    await poor.assumeRole(other);
    await expect(poor.assumeRole({ ...other, ...team })).rejects.toThrow(
      'because no identity-based policy allows the sts:TagSession action',
    );
  });

  it('are what a trust policy can be about', async () => {
    const { sts } = await makeUser(server, 'ada', [allow(both)]);
    const Condition = {
      StringEquals: { 'aws:RequestTag/team': ['sea', 'air'] },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['team', 'rank'], 'sts:TransitiveTagKeys': ['team'] },
    };
    await makeRole(server, 'Pilot', [trust(accountId, { Action: both, Condition })]);
    await sts.assumeRole({ ...request, ...team, TransitiveTagKeys: ['team'] });
    const rank = { Key: 'rank', Value: 'mate' };
    const bad: Partial<AssumeRoleCommandInput>[] = [
      {},
      { Tags: [{ Key: 'team', Value: 'space' }] },
      { Tags: [...team.Tags, { Key: 'deck', Value: '1' }] },
      { Tags: [...team.Tags, rank], TransitiveTagKeys: ['rank'] },
    ];
    for (const more of bad) {
      await expect(sts.assumeRole({ ...request, ...more })).rejects.toMatchObject({ name: 'AccessDenied' });
    }
  });

  it.each<[string, Partial<AssumeRoleCommandInput>, string]>([
    [
      'a key twice, in another case',
      { Tags: [...team.Tags, { Key: 'TEAM', Value: 'air' }] },
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    ],
    [
      'a transitive key without its tag',
      { ...team, TransitiveTagKeys: ['rank'] },
      'The specified transitive tag key must be included in the requested tags.',
    ],
    [
      "a key of AWS's own",
      { Tags: [{ Key: 'aws:team', Value: 'sea' }] },
      "Tag keys starting with 'aws:' are reserved for system use.",
    ],
  ])('are refused with %s', async (_what, more, message) => {
    const { sts } = await makeUser(server, 'ada');
    await makeRole(server, 'Pilot', [trust(userArn('ada'), { Action: both })]);
    await expect(sts.assumeRole({ ...request, ...more })).rejects.toMatchObject({
      ...{ name: 'InvalidParameterValue', message },
    });
  });

  it('are fifty at most', async () => {
    const { sts } = await makeUser(server, 'ada');
    await makeRole(server, 'Pilot', [trust(userArn('ada'), { Action: both })]);
    const Tags = Array.from({ length: 51 }, (_, n) => ({ Key: `k${n}`, Value: '' }));
    await expect(sts.assumeRole({ ...request, Tags })).rejects.toThrow("at 'tags' failed");
    await sts.assumeRole({ ...request, Tags: Tags.slice(1) });
  });
});
