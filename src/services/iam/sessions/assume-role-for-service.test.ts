import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entityKey, type RoleRecord, roles } from '../records.ts';
import { accountId, type IamServer, startIamServer } from '../testing/iam-server.ts';
import type { ServiceAssumption } from './assume-role-for-service.ts';

const roleArn = `arn:aws:iam::${accountId}:role/crew/Pilot`;
const taskArn = `arn:aws:ecs:eu-west-1:${accountId}:task/harbor/0f1e`;
const service = 'ecs-tasks.amazonaws.com';
const trust = (bent: object = {}) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      ...{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' },
      ...bent,
    },
  });
const asked: ServiceAssumption = {
  ...{ roleArn, service, sessionName: '0f1e', sourceArn: taskArn, sourceAccount: accountId },
  durationSeconds: 6 * 3600,
};

let server: IamServer;
const alive = new Set([taskArn]);
beforeEach(async () => {
  server = await startIamServer({ isHolderAlive: (arn) => alive.has(arn) });
});
afterEach(() => server[Symbol.asyncDispose]());

const putRole = (trustPolicy: string) =>
  server.state.transact((tx) => {
    const role: RoleRecord = {
      ...{ roleName: 'Pilot', path: '/crew/', id: 'AROAEXAMPLEEXAMPLE234', createdAt: 0, trustPolicy },
      ...{ maxSessionSeconds: 3600, tags: { team: 'sea' }, inlinePolicies: {}, attachedPolicies: [] },
    };
    tx.put(roles, entityKey(roles, accountId, 'Pilot'), role);
  });

function assume(bent: Partial<ServiceAssumption> = {}) {
  const session = server.room.assumeRoleForService({ ...asked, ...bent });
  return session.isAssumed ? session.credentials : session.reason;
}

function credentials(bent: Partial<ServiceAssumption> = {}) {
  const session = assume(bent);
  if (typeof session === 'string') throw new Error(session);
  return session;
}

describe("a service's session of a role", () => {
  it('is of the role, under the name that the service gave, and longer than the role lets others be', async () => {
    await putRole(trust());
    const session = credentials();
    expect(session.expiresAt).toBe(Math.floor(server.clock.now() / 1000) * 1000 + 6 * 3_600_000);
    await expect(server.as(session).sts.getCallerIdentity({})).resolves.toMatchObject({
      Arn: `arn:aws:sts::${accountId}:assumed-role/Pilot/0f1e`,
      UserId: 'AROAEXAMPLEEXAMPLE234:0f1e',
    });
  });

  it('ends with what it was made for', async () => {
    await putRole(trust());
    const session = credentials({ holder: taskArn });
    await server.as(session).sts.getCallerIdentity({});
    alive.delete(taskArn);
    await expect(server.as(session).sts.getCallerIdentity({})).rejects.toMatchObject({
      name: 'ExpiredToken',
    });
  });

  it('needs a role that trusts just this service', async () => {
    expect(assume()).toBe('role-does-not-exist');
    await putRole(trust());
    expect(assume({ service: 'ecs.amazonaws.com' })).toBe('service-not-trusted');
    expect(assume({ roleArn: `arn:aws:iam::${accountId}:role/Pilot` })).toBe('role-does-not-exist');
    await putRole(trust({ Principal: { AWS: accountId } }));
    expect(assume()).toBe('service-not-trusted');
    expect(server.room.assumeRoleForService(asked)).toMatchObject({
      message: `The trust policy of the role ${roleArn} does not allow ${service} the action sts:AssumeRole.`,
    });
  });

  it('is made under the conditions of the trust policy', async () => {
    const onlyHarbor = {
      ArnLike: { 'aws:SourceArn': `arn:aws:ecs:eu-west-1:${accountId}:task/harbor/*` },
      StringEquals: { 'aws:SourceAccount': accountId, 'aws:ResourceTag/team': 'sea' },
      Bool: { 'aws:PrincipalIsAWSService': 'true' },
    };
    await putRole(trust({ Condition: onlyHarbor }));
    credentials();
    expect(assume({ sourceAccount: '444455556666' })).toBe('service-not-trusted');
    expect(assume({ sourceArn: taskArn.replace('harbor', 'open-sea') })).toBe('service-not-trusted');
  });

  it('has tags where the trust policy allows them', async () => {
    await putRole(trust());
    expect(assume({ tags: { pod: 'web' } })).toBe('service-not-trusted');
    const Condition = { StringEquals: { 'aws:RequestTag/pod': 'web' } };
    await putRole(trust({ Action: ['sts:AssumeRole', 'sts:TagSession'], Condition }));
    credentials({ tags: { pod: 'web' } });
    expect(assume({ tags: { pod: 'db' } })).toBe('service-not-trusted');
  });
});
