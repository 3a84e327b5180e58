import type { SimulatePrincipalPolicyCommandInput } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entityKey, type PolicyRecord, policies } from '../records.ts';
import { accountId, type IamServer, otherAccountId, startIamServer } from '../testing/iam-server.ts';
import { policyOf, userWith } from '../testing/users.ts';

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const ada = `arn:aws:iam::${accountId}:user/ada`;
const crew = `arn:aws:iam::${accountId}:role/sea/Crew`;
const mates = `arn:aws:iam::${accountId}:group/mates`;
const blue = `arn:aws:ecs:eu-west-1:${accountId}:service/harbor/blue`;
const allow = (Action: string, more: object = {}) => ({ Effect: 'Allow', Action, Resource: '*', ...more });

const simulate = async (PolicySourceArn: string, bent: Partial<SimulatePrincipalPolicyCommandInput> = {}) => {
  const { EvaluationResults = [] } = await server.iam.simulatePrincipalPolicy({
    ...{ PolicySourceArn, ActionNames: ['ecs:UpdateService'], ...bent },
  });
  return EvaluationResults;
};
const decision = async (...asked: Parameters<typeof simulate>) => (await simulate(...asked))[0]?.EvalDecision;

const putManaged = (policyName: string, ...statements: object[]) =>
  server.state.transact((tx) => {
    const kept: PolicyRecord = {
      ...{ policyName, path: '/', id: `ANPA${policyName}`, createdAt: 0, updatedAt: 0, tags: {} },
      ...{ attachmentCount: 0, boundaryCount: 0, defaultVersionId: 'v1', nextVersion: 2 },
      versions: [{ id: 'v1', createdAt: 0, document: policyOf(...statements) }],
    };
    tx.put(policies, entityKey(policies, accountId, policyName), kept);
  });
const fence = `arn:aws:iam::${accountId}:policy/fence`;

async function makeCrew(...statements: object[]) {
  const AssumeRolePolicyDocument = policyOf({
    ...{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' },
  });
  const Tags = [{ Key: 'team', Value: 'sea' }];
  await server.iam.createRole({ RoleName: 'Crew', Path: '/sea/', AssumeRolePolicyDocument, Tags });
  const PolicyDocument = policyOf(...statements);
  await server.iam.putRolePolicy({ RoleName: 'Crew', PolicyName: 'sail', PolicyDocument });
}

describe('SimulatePrincipalPolicy', () => {
  it("tells nothing of another account's users", async () => {
    const Condition = { StringEquals: { 'aws:PrincipalTag/team': 'sea' } };
    await userWith(server, 'ada', allow('ecs:UpdateService', { Condition }));
    const Tags = [{ Key: 'team', Value: 'sea' }];
    await server.iam.createUser({ UserName: 'bob', Tags });
    await server.as(server.otherRootKey).iam.createUser({ UserName: 'cleo', Tags });
    const bob = `arn:aws:iam::${accountId}:user/bob`;
    expect(await decision(ada, { CallerArn: bob })).toBe('allowed');
    const cleo = `arn:aws:iam::${otherAccountId}:user/cleo`;
    expect(await decision(ada, { CallerArn: cleo })).toBe('implicitDeny');
  });

  it("asks a user's policies and its groups', and names them", async () => {
    await userWith(server, 'ada', allow('ecs:Describe*'));
    await server.iam.createGroup({ GroupName: 'mates' });
    await server.iam.addUserToGroup({ GroupName: 'mates', UserName: 'ada' });
    const PolicyDocument = policyOf(allow('ecs:UpdateService'));
    await server.iam.putGroupPolicy({ GroupName: 'mates', PolicyName: 'steer', PolicyDocument });
    const ActionNames = ['ecs:DescribeServices', 'ecs:UpdateService', 'ecs:DeleteService'];
    const matched = (SourcePolicyId: string) => [{ SourcePolicyId, SourcePolicyType: 'IAM Policy' }];
    expect(await simulate(ada, { ActionNames })).toMatchObject([
      { EvalDecision: 'allowed', MatchedStatements: matched('user_ada_own') },
      { EvalDecision: 'allowed', MatchedStatements: matched('group_mates_steer') },
      { EvalDecision: 'implicitDeny', MatchedStatements: [] },
    ]);
    expect(await decision(mates)).toBe('allowed');
    expect(await decision(mates, { ActionNames: ['ecs:DescribeServices'] })).toBe('implicitDeny');
  });

  it('knows who asks: name, tags and ARN come from the record, unless the request says otherwise', async () => {
    await makeCrew(
      allow('ecs:UpdateService', {
        Condition: {
          StringEquals: { 'aws:PrincipalTag/Team': 'sea' },
          ArnEquals: { 'aws:PrincipalArn': crew },
        },
      }),
    );
    const [result] = await simulate(crew);
    expect(result).toMatchObject({
      EvalDecision: 'allowed',
      MissingContextValues: [],
      MatchedStatements: [{ SourcePolicyId: 'role_Crew_sail' }],
    });
    const other = [
      {
        ContextKeyName: 'aws:PrincipalTag/team',
        ContextKeyValues: ['air'],
        ContextKeyType: 'string' as const,
      },
    ];
    expect(await decision(crew, { ContextEntries: other })).toBe('implicitDeny');
  });

  it('limits by the permissions boundary that is kept, or by the one that the request brings', async () => {
    await putManaged('fence', allow('ecs:Describe*'));
    await userWith(server, 'ada', allow('ecs:*'));
    await server.iam.putUserPermissionsBoundary({ UserName: 'ada', PermissionsBoundary: fence });
    expect(await simulate(ada)).toMatchObject([
      {
        EvalDecision: 'implicitDeny',
        PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
      },
    ]);
    const wider = { PermissionsBoundaryPolicyInputList: [policyOf(allow('ecs:*'))] };
    expect(await decision(ada, wider)).toBe('allowed');
  });

  it('takes more policies, a policy of the resource, and another caller', async () => {
    await userWith(server, 'ada');
    await userWith(server, 'eve');
    await makeCrew(allow('s3:ListBucket'));
    expect(await decision(ada, { PolicyInputList: [policyOf(allow('ecs:*'))] })).toBe('allowed');
    const granting = (AWS: string) => ({
      ActionNames: ['s3:GetObject'],
      ResourceArns: ['arn:aws:s3:::boats/hull'],
      ResourcePolicy: policyOf({
        ...{ Effect: 'Allow', Principal: { AWS }, Action: 's3:GetObject', Resource: 'arn:aws:s3:::boats/*' },
      }),
    });
    expect(await decision(ada, granting(ada))).toBe('allowed');
    const eve = `arn:aws:iam::${accountId}:user/eve`;
    expect(await decision(ada, granting(eve))).toBe('implicitDeny');
    expect(await decision(ada, { ...granting(eve), CallerArn: eve })).toBe('allowed');
    await expect(simulate(crew, granting(crew))).rejects.toThrow('CallerArn is required with ResourcePolicy');
    expect(await decision(crew, { ...granting(eve), CallerArn: eve })).toBe('allowed');
  });

  it.each([
    ['a session', `arn:aws:sts::${accountId}:assumed-role/Crew/x`, 'InvalidInputException'],
    ['the root', `arn:aws:iam::${accountId}:root`, 'InvalidInputException'],
    ['nobody', `arn:aws:iam::${accountId}:user/eve`, 'NoSuchEntityException'],
    ['a user under another path', `arn:aws:iam::${accountId}:user/sea/ada`, 'NoSuchEntityException'],
    ['a user of another account', `arn:aws:iam::${otherAccountId}:user/ada`, 'NoSuchEntityException'],
    ['no ARN', 'ada', 'ValidationError'],
  ])('refuses %s as the source', async (_, arn, name) => {
    await userWith(server, 'ada');
    await expect(simulate(arn)).rejects.toMatchObject({ name });
  });

  it('gives the answer that requests get', async () => {
    await putManaged('fence', allow('ecs:*'), { ...allow('ecs:DeleteService'), Effect: 'Deny' });
    const key = await userWith(
      server,
      'ada',
      allow('ecs:*', { Resource: [blue, '*'], Condition: { StringEquals: { 'aws:username': 'ada' } } }),
      allow('logs:*'),
    );
    await server.iam.putUserPermissionsBoundary({ UserName: 'ada', PermissionsBoundary: fence });
    const found = server.room.findCredentials(key.accessKeyId, undefined, server.clock.now());
    if (found === undefined || found === 'expired') throw new Error('The key is nobody’s');
    const facts = { sourceIp: '1.2.3.4', userAgent: 'x', region: 'r', isSecure: true, now: 0 };
    const ActionNames = ['ecs:UpdateService', 'ecs:DeleteService', 'logs:PutLogEvents', 's3:GetObject'];
    const answers = ActionNames.map((action) => {
      const asked = { principal: found.principal, action, resources: [blue], facts };
      return server.room.authorize(asked).isAllowed;
    });
    const simulated = await simulate(ada, { ActionNames, ResourceArns: [blue] });
    expect(simulated.map(({ EvalDecision }) => EvalDecision === 'allowed')).toEqual(answers);
    expect(answers).toEqual([true, false, false, false]);
  });
});

it('GetContextKeysForPrincipalPolicy names the keys of kept and given policies', async () => {
  const Condition = { StringEquals: { 'ecs:cluster': '${aws:username}' } };
  await userWith(server, 'ada', allow('ecs:*', { Condition }));
  const PolicyInputList = [
    policyOf(allow('ecs:*', { Condition: { Bool: { 'aws:SecureTransport': 'true' } } })),
  ];
  const { ContextKeyNames } = await server.iam.getContextKeysForPrincipalPolicy({
    ...{ PolicySourceArn: ada, PolicyInputList },
  });
  expect(ContextKeyNames).toEqual(['ecs:cluster', 'aws:username', 'aws:SecureTransport']);
});

it('who may simulate whose policies is decided by their ARN', async () => {
  await makeCrew(allow('ecs:*'));
  const key = await userWith(server, 'ada', allow('iam:SimulatePrincipalPolicy', { Resource: crew }));
  const { iam } = server.as(key);
  const ActionNames = ['ecs:UpdateService'];
  await iam.simulatePrincipalPolicy({ PolicySourceArn: crew, ActionNames });
  await expect(iam.simulatePrincipalPolicy({ PolicySourceArn: ada, ActionNames })).rejects.toThrow(
    `iam:SimulatePrincipalPolicy on resource: ${ada} because`,
  );
});
