import { type IAM, InvalidInputException, type SimulateCustomPolicyCommandInput } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId, type IamServer, otherAccountId, startIamServer } from './testing/iam-server.ts';

/** As users meet it: the official SDK over HTTP. */
const blue = `arn:aws:ecs:eu-west-1:${accountId}:service/harbor/blue`;
const red = `arn:aws:ecs:eu-west-1:${accountId}:service/harbor/red`;

let iam: IAM;

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
  iam = server.iam;
});
afterEach(() => server[Symbol.asyncDispose]());

const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const updateBlue = policy({ Effect: 'Allow', Action: 'ecs:UpdateService', Resource: blue });

async function simulate(bent: Partial<SimulateCustomPolicyCommandInput>) {
  const { $metadata: _, ...answer } = await iam.simulateCustomPolicy({
    PolicyInputList: [updateBlue],
    ActionNames: ['ecs:UpdateService'],
    ...bent,
  });
  return answer;
}

/** Of the first action, in one word for each resource. */
async function decisions(bent: Partial<SimulateCustomPolicyCommandInput>) {
  const [first] = (await simulate(bent)).EvaluationResults ?? [];
  return first?.ResourceSpecificResults?.map((it) => it.EvalResourceDecision) ?? [first?.EvalDecision];
}

describe('SimulateCustomPolicy', () => {
  it("answers AWS's own example as AWS does", async () => {
    const document =
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",' +
      '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}';
    const at = (time: string): Partial<SimulateCustomPolicyCommandInput> => ({
      PolicyInputList: [document],
      ActionNames: ['dynamodb:CreateBackup'],
      ContextEntries: [
        { ContextKeyName: 'aws:CurrentTime', ContextKeyValues: [time], ContextKeyType: 'date' },
      ],
    });
    expect(await simulate(at('2019-04-25T11:00:00Z'))).toEqual({
      EvaluationResults: [
        {
          EvalActionName: 'dynamodb:CreateBackup',
          EvalResourceName: '*',
          EvalDecision: 'allowed',
          MatchedStatements: [
            {
              SourcePolicyId: 'PolicyInputList.1',
              SourcePolicyType: 'IAM Policy',
              StartPosition: { Line: 1, Column: 38 },
              EndPosition: { Line: 1, Column: 167 },
            },
          ],
          MissingContextValues: [],
        },
      ],
      IsTruncated: false,
    });
    expect((await simulate(at('2014-04-25T11:00:00Z'))).EvaluationResults).toMatchObject([
      { EvalDecision: 'implicitDeny', MatchedStatements: [], MissingContextValues: [] },
    ]);
  });

  it('gives one result an action, as strict as its strictest resource, and one a resource within', async () => {
    const answer = await simulate({
      ActionNames: ['ecs:UpdateService', 'ecs:DeleteService'],
      ResourceArns: [blue, red],
    });
    const matched = { SourcePolicyId: 'PolicyInputList.1' };
    expect(answer.EvaluationResults).toMatchObject([
      {
        EvalActionName: 'ecs:UpdateService',
        EvalDecision: 'implicitDeny',
        MatchedStatements: [],
        EvalDecisionDetails: {},
        ResourceSpecificResults: [
          { EvalResourceName: blue, EvalResourceDecision: 'allowed', MatchedStatements: [matched] },
          { EvalResourceName: red, EvalResourceDecision: 'implicitDeny', MatchedStatements: [] },
        ],
      },
      { EvalActionName: 'ecs:DeleteService', EvalDecision: 'implicitDeny' },
    ]);
  });

  it('names the keys that the policies ask for and the request did not bring', async () => {
    const Condition = { StringEquals: { 'aws:ResourceTag/team': '${aws:PrincipalTag/team}' } };
    const tagged = policy({ Effect: 'Allow', Action: 'ecs:*', Resource: '*', Condition });
    const bent = { PolicyInputList: [tagged] };
    const [bare] = (await simulate(bent)).EvaluationResults ?? [];
    expect(bare?.MissingContextValues).toEqual(['aws:ResourceTag/team', 'aws:PrincipalTag/team']);
    const context = (ContextKeyName: string, value: string) => ({
      ...{ ContextKeyName, ContextKeyValues: [value], ContextKeyType: 'string' as const },
    });
    const ContextEntries = [
      context('AWS:resourcetag/TEAM', 'hull'),
      context('aws:PrincipalTag/team', 'hull'),
    ];
    expect((await simulate({ ...bent, ContextEntries })).EvaluationResults).toMatchObject([
      { EvalDecision: 'allowed', MissingContextValues: [] },
    ]);
  });

  it('limits by a permissions boundary, and says what it did', async () => {
    const boundary = policy({ Effect: 'Allow', Action: 'logs:*', Resource: '*' });
    const bent = { PermissionsBoundaryPolicyInputList: [boundary], ResourceArns: [blue] };
    const detail = { AllowedByPermissionsBoundary: false };
    expect((await simulate(bent)).EvaluationResults).toMatchObject([
      {
        EvalDecision: 'implicitDeny',
        PermissionsBoundaryDecisionDetail: detail,
        ResourceSpecificResults: [{ PermissionsBoundaryDecisionDetail: detail }],
      },
    ]);
  });

  it("asks the resource's policy, of the same account and of another", async () => {
    const CallerArn = `arn:aws:iam::${accountId}:user/ada`;
    const ResourcePolicy = policy({
      Effect: 'Allow',
      Principal: { AWS: CallerArn },
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::boats/*',
    });
    const bent = {
      ...{ CallerArn, ResourcePolicy, ResourceArns: ['arn:aws:s3:::boats/hull'] },
      ActionNames: ['s3:GetObject'],
    };
    expect(await decisions(bent)).toEqual(['allowed']);
    const abroad = { ...bent, ResourceOwner: `arn:aws:iam::${otherAccountId}:root` };
    expect((await simulate(abroad)).EvaluationResults).toMatchObject([
      {
        EvalDecision: 'implicitDeny',
        EvalDecisionDetails: { 'IAM Policy': 'implicitDeny', 'Resource Policy': 'allowed' },
      },
    ]);
    const reading = policy({ Effect: 'Allow', Action: 's3:Get*', Resource: '*' });
    expect(await decisions({ ...abroad, PolicyInputList: [reading] })).toEqual(['allowed']);
    await expect(simulate({ ResourcePolicy })).rejects.toThrow('CallerArn is required with ResourcePolicy');
  });

  it('comes in pages, of fewer actions where there are many resources', async () => {
    const ActionNames = Array.from({ length: 7 }, (_, index) => `ecs:Action${index}`);
    const seen: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const answer = await simulate({ ActionNames, MaxItems: 3, ...(Marker !== undefined && { Marker }) });
      seen.push(...(answer.EvaluationResults ?? []).map(({ EvalActionName }) => EvalActionName));
      expect(answer.IsTruncated).toBe(answer.Marker !== undefined);
      Marker = answer.Marker;
    } while (Marker !== undefined);
    expect(seen).toEqual(ActionNames);
    const many = await simulate({ ActionNames, ResourceArns: Array.from({ length: 400 }, () => blue) });
    expect(many.EvaluationResults).toHaveLength(2);
    await expect(simulate({ Marker: 'mine' })).rejects.toThrow('Invalid Marker.');
  });

  it.each<[string, Partial<SimulateCustomPolicyCommandInput>, RegExp]>([
    [
      'a document that is no policy',
      { PolicyInputList: ['{}'] },
      /^PolicyInputList\.1: Syntax errors in policy\.$/,
    ],
    [
      'a boundary that is none',
      { PermissionsBoundaryPolicyInputList: ['x'] },
      /^PermissionsBoundaryPolicyInputList\.1: Syntax/,
    ],
    [
      'two boundaries',
      { PermissionsBoundaryPolicyInputList: [updateBlue, updateBlue] },
      /Only one permissions boundary/,
    ],
    ['an action with a wildcard', { ActionNames: ['ecs:*'] }, /Action ecs:\* is not valid/],
    ['a resource that is no ARN', { ResourceArns: ['blue'] }, /ARN blue is not valid/],
    [
      'a caller that is a session',
      { CallerArn: `arn:aws:sts::${accountId}:assumed-role/a/b` },
      /is not valid/,
    ],
    [
      'a scenario of EC2',
      { ResourceHandlingOption: 'EC2-VPC-EBS' },
      /ResourceHandlingOption is not supported/,
    ],
    [
      'policies of an organization',
      { OrderedOrganizationPolicyInputList: [] },
      /Service control policies are not supported/,
    ],
  ])('refuses %s', async (_, bent, message) => {
    const refused = simulate(bent);
    await expect(refused).rejects.toThrow(InvalidInputException);
    await expect(refused).rejects.toThrow(message);
  });

  it.each<[string, Partial<SimulateCustomPolicyCommandInput>, RegExp]>([
    [
      'a document larger than IAM takes',
      { PolicyInputList: ['x'.repeat(131_073)] },
      /at 'policyInputList\.1\.member'.*131072/,
    ],
    [
      'characters outside Latin-1',
      { PolicyInputList: ['{"Id":"\u4e16"}'] },
      /satisfy regular expression pattern/,
    ],
    ['an action that is too short', { ActionNames: ['a'] }, /at 'actionNames\.1\.member'/],
    ['a page of none', { MaxItems: 0 }, /at 'maxItems'/],
    ['a key that is too short', { ContextEntries: [{ ContextKeyName: 'a' }] }, /contextKeyName/],
  ])('refuses %s as ValidationError', async (_, bent, message) => {
    await expect(simulate(bent)).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringMatching(message),
    });
  });
});

describe('GetContextKeysForCustomPolicy', () => {
  it('names the keys of variables and conditions', async () => {
    const PolicyInputList = [
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*",' +
        '"Resource":"arn:aws:dynamodb:us-west-2:123456789012:table/${aws:username}",' +
        '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2015-08-16T12:00:00Z"}}}}',
    ];
    const { ContextKeyNames } = await iam.getContextKeysForCustomPolicy({ PolicyInputList });
    expect(ContextKeyNames).toEqual(['aws:username', 'aws:CurrentTime']);
    await expect(iam.getContextKeysForCustomPolicy({ PolicyInputList: ['[]'] })).rejects.toThrow(
      InvalidInputException,
    );
  });
});

it('IAM refuses what is not there yet, by name', async () => {
  await expect(iam.createVirtualMFADevice({ VirtualMFADeviceName: 'phone' })).rejects.toThrow(
    'CreateVirtualMFADevice is not supported by this version of Catamaran yet',
  );
});
