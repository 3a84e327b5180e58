import type { IAM } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId, type IamServer, otherAccountId, startIamServer } from '../testing/iam-server.ts';
import { policyOf, userWith } from '../testing/users.ts';

let server: IamServer;
let iam: IAM;
beforeEach(async () => {
  server = await startIamServer();
  iam = server.iam;
});
afterEach(() => server[Symbol.asyncDispose]());

const allow = (Action: string) => policyOf({ Effect: 'Allow', Action, Resource: '*' });
const PolicyDocument = allow('iam:ListUsers');
const policyArn = (rest: string) => `arn:aws:iam::${accountId}:policy${rest}`;
const PolicyArn = policyArn('/crew/Watch');
const make = (more: object = {}) =>
  iam.createPolicy({ PolicyName: 'Watch', Path: '/crew/', PolicyDocument, ...more });

describe('a managed policy', () => {
  it('is made and shown with its counts; lists leave out description and tags', async () => {
    const { Policy: made } = await make({ Description: 'for the bridge', Tags: [{ Key: 'a', Value: 'b' }] });
    expect(made).toMatchObject({
      ...{ PolicyName: 'Watch', Path: '/crew/', Arn: PolicyArn, DefaultVersionId: 'v1' },
      ...{ AttachmentCount: 0, PermissionsBoundaryUsageCount: 0, IsAttachable: true },
      PolicyId: expect.stringMatching(/^ANPA[A-Z2-7]{17}$/),
      Tags: [{ Key: 'a', Value: 'b' }],
    });
    expect(made).not.toHaveProperty('Description');
    expect((await iam.getPolicy({ PolicyArn })).Policy).toEqual({ ...made, Description: 'for the bridge' });
    const [listed] = (await iam.listPolicies({ Scope: 'Local' })).Policies ?? [];
    const { Tags: _, ...summary } = made ?? {};
    expect(listed).toEqual(summary);
  });

  it('has a name that is one in any case, a path, and a document within its size', async () => {
    await make();
    await expect(make({ PolicyName: 'WATCH', Path: '/' })).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
      message: 'A policy called WATCH already exists. Duplicate names are not allowed.',
    });
    await expect(make({ PolicyName: 'b', Path: 'crew' })).rejects.toMatchObject({ name: 'ValidationError' });
    await expect(make({ PolicyName: 'b', PolicyDocument: '{"Version":"2012-10-17"}' })).rejects.toMatchObject(
      {
        name: 'MalformedPolicyDocumentException',
        message: 'Syntax errors in policy.',
      },
    );
    const sized = (bytes: number) => {
      const [before, after] = allow('iam:x').split('x');
      return `${before}${'x'.repeat(bytes - allow('iam:').length)}${after}`.replaceAll(',', ' ,\n');
    };
    await make({ PolicyName: 'b', PolicyDocument: sized(6144) });
    await expect(make({ PolicyName: 'c', PolicyDocument: sized(6145) })).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: 'Cannot exceed quota for PolicySize: 6144',
    });
  });

  it.each(['/Watch', '/crew/watch', '/crew/Other'])('is not found at %s', async (rest) => {
    await make();
    const arn = policyArn(rest);
    await expect(iam.getPolicy({ PolicyArn: arn })).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: `Policy ${arn} was not found.`,
    });
  });

  it('is found in its account alone, by its ARN', async () => {
    await make();
    const { iam: other } = server.as(server.otherRootKey);
    await expect(other.getPolicy({ PolicyArn })).rejects.toMatchObject({ name: 'NoSuchEntityException' });
    expect(PolicyArn).not.toContain(otherAccountId);
    await expect(iam.getPolicy({ PolicyArn: `arn:aws:iam::${accountId}:user/ada` })).rejects.toMatchObject({
      name: 'InvalidInputException',
      message: `ARN arn:aws:iam::${accountId}:user/ada is not valid.`,
    });
    await expect(iam.getPolicy({ PolicyArn: 'short' })).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('has tags, which decide about requests on it', async () => {
    await make();
    await iam.tagPolicy({ PolicyArn, Tags: [{ Key: 'Team', Value: 'sea' }] });
    const { iam: own } = server.as(
      await userWith(server, 'ada', {
        ...{ Effect: 'Allow', Action: 'iam:GetPolicy', Resource: policyArn('/crew/*') },
        Condition: { StringEquals: { 'aws:ResourceTag/team': 'sea' } },
      }),
    );
    await own.getPolicy({ PolicyArn });
    expect(await iam.listPolicyTags({ PolicyArn })).toMatchObject({ Tags: [{ Key: 'Team', Value: 'sea' }] });
    await iam.untagPolicy({ PolicyArn, TagKeys: ['TEAM'] });
    await expect(own.getPolicy({ PolicyArn })).rejects.toThrow(`iam:GetPolicy on resource: ${PolicyArn}`);
  });
});

describe("a policy's versions", () => {
  const add = (Action: string, SetAsDefault?: boolean) =>
    iam.createPolicyVersion({
      PolicyArn,
      PolicyDocument: allow(Action),
      ...(SetAsDefault && { SetAsDefault }),
    });
  const ids = async () => (await iam.listPolicyVersions({ PolicyArn })).Versions?.map((it) => it.VersionId);

  it('decide as soon as they are the default', async () => {
    await make();
    const { iam: own } = server.as(await userWith(server, 'ada'));
    await iam.attachUserPolicy({ UserName: 'ada', PolicyArn });
    await own.listUsers({});
    expect((await add('iam:ListGroups')).PolicyVersion).toMatchObject({
      ...{ VersionId: 'v2', IsDefaultVersion: false },
    });
    await own.listUsers({});
    await iam.setDefaultPolicyVersion({ PolicyArn, VersionId: 'v2' });
    await own.listGroups({});
    await expect(own.listUsers({})).rejects.toThrow('not authorized to perform: iam:ListUsers');
    await add('iam:ListPolicies', true);
    await own.listPolicies({});
    await expect(own.listGroups({})).rejects.toThrow('not authorized');
    const { PolicyVersion: shown } = await iam.getPolicyVersion({ PolicyArn, VersionId: 'v3' });
    expect(shown).toMatchObject({ VersionId: 'v3', IsDefaultVersion: true });
    expect(decodeURIComponent(shown?.Document ?? '')).toBe(allow('iam:ListPolicies'));
  });

  it('are five at most, the newest first, and an id is never used again', async () => {
    await make();
    for (let at = 2; at <= 5; at++) await add('iam:Get*');
    await expect(add('iam:Get*')).rejects.toMatchObject({
      name: 'LimitExceededException',
      message:
        'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
    });
    await iam.deletePolicyVersion({ PolicyArn, VersionId: 'v5' });
    await add('iam:Get*');
    expect(await ids()).toEqual(['v6', 'v4', 'v3', 'v2', 'v1']);
    const first = await iam.listPolicyVersions({ PolicyArn, MaxItems: 2 });
    expect(first.Versions?.[0]).not.toHaveProperty('Document');
    expect(await iam.listPolicyVersions({ PolicyArn, Marker: first.Marker })).toMatchObject({
      Versions: [{ VersionId: 'v3' }, { VersionId: 'v2' }, { VersionId: 'v1', IsDefaultVersion: true }],
    });
  });

  it('are missed by name, and the default one stays', async () => {
    await make();
    await expect(iam.deletePolicyVersion({ PolicyArn, VersionId: 'v1' })).rejects.toMatchObject({
      name: 'DeleteConflictException',
      message: 'Cannot delete the default version of a policy.',
    });
    for (const missed of [
      iam.getPolicyVersion({ PolicyArn, VersionId: 'v9' }),
      iam.setDefaultPolicyVersion({ PolicyArn, VersionId: 'v9' }),
      iam.deletePolicyVersion({ PolicyArn, VersionId: 'v9' }),
    ]) {
      await expect(missed).rejects.toMatchObject({
        name: 'NoSuchEntityException',
        message: `Policy ${PolicyArn} version v9 does not exist or is not attachable.`,
      });
    }
    await expect(iam.getPolicyVersion({ PolicyArn, VersionId: '1' })).rejects.toMatchObject({
      name: 'ValidationError',
    });
  });
});

describe('DeletePolicy', () => {
  it("needs the policy to be attached to nobody, nobody's boundary, and to have one version", async () => {
    await make();
    await iam.createUser({ UserName: 'ada', PermissionsBoundary: PolicyArn });
    await iam.attachUserPolicy({ UserName: 'ada', PolicyArn });
    await iam.createPolicyVersion({ PolicyArn, PolicyDocument });
    const refused = (message: RegExp) =>
      expect(iam.deletePolicy({ PolicyArn })).rejects.toMatchObject({
        name: 'DeleteConflictException',
        message: expect.stringMatching(message),
      });
    await refused(/^Cannot delete a policy attached to entities\.$/);
    await iam.detachUserPolicy({ UserName: 'ada', PolicyArn });
    await refused(/^Cannot delete a policy attached to entities\.$/);
    await iam.deleteUser({ UserName: 'ada' });
    await refused(/^This policy has more than one version\. Before you delete a policy, you must delete/);
    await iam.deletePolicyVersion({ PolicyArn, VersionId: 'v2' });
    await iam.deletePolicy({ PolicyArn });
    await expect(iam.deletePolicy({ PolicyArn })).rejects.toThrow(`Policy ${PolicyArn} was not found.`);
  });

  it.each([
    ['an attachment', () => iam.attachUserPolicy({ UserName: 'ada', PolicyArn })],
    ['a boundary', () => iam.putUserPermissionsBoundary({ UserName: 'ada', PermissionsBoundary: PolicyArn })],
    ['a user with a boundary', () => iam.createUser({ UserName: 'bob', PermissionsBoundary: PolicyArn })],
  ])('and %s at the same moment: one of the two is refused', async (_, use) => {
    await make();
    await iam.createUser({ UserName: 'ada' });
    const results = await Promise.allSettled([use(), iam.deletePolicy({ PolicyArn })]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const isLeft = (await iam.listPolicies({ Scope: 'Local' })).Policies?.length === 1;
    expect(isLeft).toBe(results[0]?.status === 'fulfilled');
  });
});
