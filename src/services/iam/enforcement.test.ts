import { ECS } from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OperationTable, Service } from '../service.ts';
import { issueSession } from './credentials/session-token.ts';
import { entityKey, type RoleRecord, roles } from './records.ts';
import { accountId, type IamServer, startIamServer } from './testing/iam-server.ts';

const blue = `arn:aws:ecs:eu-west-1:${accountId}:service/harbor/blue`;
const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** Two operations under ECS's schemas that do nothing, to be allowed or not. */
const operations: OperationTable = {
  UpdateService: {
    action: 'ecs:UpdateService',
    resources: (input: { service: string }) => [
      `arn:aws:ecs:eu-west-1:${accountId}:service/harbor/${input.service}`,
    ],
    conditions: () => ({ 'ecs:cluster': 'harbor', 'aws:TagKeys': [] }),
    alsoAsks: (input: { propagateTags?: string }) =>
      input.propagateTags === undefined ? [] : [{ action: 'ecs:TagResource', resource: blue }],
    run: () => ({}),
  },
  ListClusters: { action: 'ecs:ListClusters', resources: () => ['*'], run: () => ({ clusterArns: [] }) },
};
const harbor: Service = {
  signingName: 'ecs',
  loadSdk: () => import('@aws-sdk/client-ecs'),
  loadOperations: async () => operations,
};

let server: IamServer;
let aliveHolders: Set<string>;
const clients: ECS[] = [];
beforeEach(async () => {
  aliveHolders = new Set();
  server = await startIamServer({ services: () => [harbor], isHolderAlive: (arn) => aliveHolders.has(arn) });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await server[Symbol.asyncDispose]();
});

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

function ecs(credentials: Key): ECS {
  const client = new ECS({ endpoint: server.endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 });
  clients.push(client);
  return client;
}

/** A user's key. */
async function makeUser(name: string): Promise<{ readonly key: Key }> {
  await server.iam.createUser({ UserName: name });
  const { AccessKey } = await server.iam.createAccessKey({ UserName: name });
  const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {};
  return { key: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } };
}

describe('a user', () => {
  it('may do nothing, and is told what, on what and why not', async () => {
    const { key } = await makeUser('ada');
    await expect(ecs(key).updateService({ service: 'blue' })).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message:
        `User: arn:aws:iam::${accountId}:user/ada is not authorized to perform: ecs:UpdateService on resource: ` +
        `${blue} because no identity-based policy allows the ecs:UpdateService action`,
    });
    await expect(server.as(key).sts.getCallerIdentity({})).resolves.toMatchObject({
      Account: accountId,
      Arn: `arn:aws:iam::${accountId}:user/ada`,
      UserId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
    });
  });

  it('may do what its policy says, on what it says, under its conditions', async () => {
    const { key } = await makeUser('ada');
    const allow = { Effect: 'Allow', Action: 'ecs:UpdateService', Resource: blue };
    const put = (...statements: object[]) =>
      server.iam.putUserPolicy({ UserName: 'ada', PolicyName: 'p', PolicyDocument: policy(...statements) });
    await put({ ...allow, Condition: { StringEquals: { 'ecs:cluster': 'harbor', 'aws:username': 'ada' } } });
    await ecs(key).updateService({ service: 'blue' });
    await expect(ecs(key).updateService({ service: 'red' })).rejects.toThrow(/service\/harbor\/red because/);
    await expect(ecs(key).listClusters({})).rejects.toThrow(
      'on resource: * because no identity-based policy',
    );
    await put({ ...allow, Condition: { StringEquals: { 'ecs:cluster': 'other' } } });
    await expect(ecs(key).updateService({ service: 'blue' })).rejects.toThrow('not authorized');
    await put(allow, { Effect: 'Deny', Action: 'ecs:*', Resource: '*' });
    await expect(ecs(key).updateService({ service: 'blue' })).rejects.toThrow(
      'with an explicit deny in an identity-based policy',
    );
  });

  it('needs to be allowed everything that a request asks for besides', async () => {
    const { key } = await makeUser('ada');
    const Action = 'ecs:UpdateService';
    const document = policy({ Effect: 'Allow', Action, Resource: '*' });
    await server.iam.putUserPolicy({ UserName: 'ada', PolicyName: 'p', PolicyDocument: document });
    await ecs(key).updateService({ service: 'blue' });
    await expect(ecs(key).updateService({ service: 'blue', propagateTags: 'SERVICE' })).rejects.toThrow(
      `not authorized to perform: ecs:TagResource on resource: ${blue}`,
    );
  });

  it('has at most two keys, whose secrets are sealed in the store', async () => {
    const { key } = await makeUser('ada');
    await server.iam.createAccessKey({ UserName: 'ADA' });
    await expect(server.iam.createAccessKey({ UserName: 'ada' })).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: 'Cannot exceed quota for AccessKeysPerUser: 2',
    });
    expect(
      JSON.stringify([...server.state.list({ service: 'iam', noun: 'access-key', indexes: {} })]),
    ).not.toContain(key.secretAccessKey);
  });
});

describe("a role's session", () => {
  const role: RoleRecord = {
    roleName: 'Pilot',
    path: '/crew/',
    id: 'AROAEXAMPLEEXAMPLE23',
    createdAt: 0,
    trustPolicy: '{}',
    maxSessionSeconds: 3600,
    tags: { team: 'sea', Rank: 'mate' },
    inlinePolicies: {
      p: policy({
        Effect: 'Allow',
        Action: 'ecs:*',
        Resource: '*',
        Condition: {
          StringEquals: { 'aws:PrincipalTag/Team': 'air', 'aws:PrincipalTag/rank': 'mate' },
          ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${accountId}:role/crew/Pilot` },
        },
      }),
    },
    attachedPolicies: [],
  };
  const putRole = (after: RoleRecord | undefined) =>
    server.state.transact((tx) => {
      const key = entityKey(roles, accountId, 'Pilot');
      if (after) tx.put(roles, key, after);
      else tx.delete(roles, key);
    });

  function session(more: object = {}): Key {
    const issuedAt = server.clock.now();
    return issueSession(server.context, {
      accountId,
      identity: { kind: 'role', roleId: role.id },
      session: { issuedAt, expiresAt: issuedAt + 900_000, name: 'watch', tags: { TEAM: 'air' }, ...more },
    });
  }

  it("acts by the role's policies, with session tags before the role's", async () => {
    await putRole(role);
    await ecs(session()).listClusters({});
    await expect(ecs(session({ tags: {} })).listClusters({})).rejects.toThrow(
      `User: arn:aws:sts::${accountId}:assumed-role/Pilot/watch is not authorized to perform: ecs:ListClusters`,
    );
    await expect(server.as(session()).sts.getCallerIdentity({})).resolves.toMatchObject({
      Arn: `arn:aws:sts::${accountId}:assumed-role/Pilot/watch`,
      UserId: 'AROAEXAMPLEEXAMPLE23:watch',
    });
  });

  it('is limited by its session policy', async () => {
    await putRole(role);
    const inline = policy({ Effect: 'Allow', Action: 'ecs:UpdateService', Resource: '*' });
    const limited = ecs(session({ policies: { inline } }));
    await limited.updateService({ service: 'blue' });
    await expect(limited.listClusters({})).rejects.toThrow(
      'because no session policy allows the ecs:ListClusters',
    );
  });

  it('ends with its time, with the role, with a revocation, and with what it was made for', async () => {
    await putRole(role);
    const tired = session({ expiresAt: server.clock.now() + 1000 });
    const held = session({ holder: 'arn:task' });
    aliveHolders.add('arn:task');
    await ecs(held).listClusters({});
    aliveHolders.delete('arn:task');
    await expect(ecs(held).listClusters({})).rejects.toMatchObject({ name: 'ExpiredTokenException' });
    await server.clock.advance(1000);
    await expect(ecs(tired).listClusters({})).rejects.toMatchObject({
      name: 'ExpiredTokenException',
      message: 'The security token included in the request is expired',
    });
    const old = session();
    await server.clock.advance(1);
    // As the console of AWS revokes sessions (IAM user guide, "Revoke IAM role temporary security credentials").
    const older = { DateLessThan: { 'aws:TokenIssueTime': new Date(server.clock.now()).toISOString() } };
    await server.iam.putRolePolicy({
      RoleName: 'Pilot',
      PolicyName: 'AWSRevokeOlderSessions',
      PolicyDocument: policy({ Effect: 'Deny', Action: '*', Resource: '*', Condition: older }),
    });
    await expect(ecs(old).listClusters({})).rejects.toThrow(
      'with an explicit deny in an identity-based policy',
    );
    const young = session();
    await ecs(young).listClusters({});
    await putRole({ ...role, id: 'AROAANOTHEREXAMPLE23' });
    await expect(ecs(young).listClusters({})).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    await putRole(undefined);
    await expect(ecs(young).listClusters({})).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });

  it("is refused without its token, with another key's, and with a token that was changed", async () => {
    await putRole(role);
    const { sessionToken = '', ...key } = session();
    const other = session();
    for (const bent of [
      key,
      { ...key, sessionToken: other.sessionToken ?? '' },
      { ...key, sessionToken: `${sessionToken}A` },
    ]) {
      await expect(ecs(bent).listClusters({})).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    }
    await ecs({ ...key, sessionToken }).listClusters({});
  });
});
