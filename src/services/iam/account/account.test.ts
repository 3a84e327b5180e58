import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId, type IamServer, otherAccountId, startIamServer } from '../testing/iam-server.ts';
import { policyOf } from '../testing/users.ts';
import { CredentialReports } from './credential-report.ts';

let server: IamServer;
beforeEach(async () => {
  server = await startIamServer();
});
afterEach(() => server[Symbol.asyncDispose]());

const allowAll = policyOf({ Effect: 'Allow', Action: '*', Resource: '*' });
const AssumeRolePolicyDocument = policyOf({
  ...{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
});

describe("an account's alias", () => {
  const aliases = async (iam = server.iam) => (await iam.listAccountAliases({})).AccountAliases;

  it('is one, and the next takes its place', async () => {
    expect(await aliases()).toEqual([]);
    await server.iam.createAccountAlias({ AccountAlias: 'harbor-1' });
    await server.iam.createAccountAlias({ AccountAlias: 'harbor-2' });
    expect(await aliases()).toEqual(['harbor-2']);
    await expect(server.iam.deleteAccountAlias({ AccountAlias: 'harbor-1' })).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
    await server.iam.deleteAccountAlias({ AccountAlias: 'harbor-2' });
    expect(await aliases()).toEqual([]);
  });

  it('is unique in the installation', async () => {
    const other = server.as(server.otherRootKey).iam;
    await server.iam.createAccountAlias({ AccountAlias: 'harbor' });
    await expect(other.createAccountAlias({ AccountAlias: 'harbor' })).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
      message: 'The account alias harbor already exists.',
    });
    await expect(other.deleteAccountAlias({ AccountAlias: 'harbor' })).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
    expect(await aliases(other)).toEqual([]);
  });

  it.each(['ab', 'Harbor', '-harbor', 'har--bor', 'harbor-'])('is not %s', async (AccountAlias) => {
    await expect(server.iam.createAccountAlias({ AccountAlias })).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining("at 'accountAlias'"),
    });
  });
});

it('GetAccountSummary counts what an account has, and tells what it may have', async () => {
  await server.iam.createUser({ UserName: 'ada' });
  await server.iam.createGroup({ GroupName: 'mates' });
  await server.iam.createRole({ RoleName: 'crew', AssumeRolePolicyDocument });
  await server.iam.createInstanceProfile({ InstanceProfileName: 'hull' });
  const { Policy } = await server.iam.createPolicy({ PolicyName: 'all', PolicyDocument: allowAll });
  await server.iam.createPolicyVersion({ PolicyArn: Policy?.Arn, PolicyDocument: allowAll });
  const { SummaryMap } = await server.iam.getAccountSummary({});
  expect(SummaryMap).toMatchObject({
    ...{ Users: 1, Groups: 1, Roles: 1, Policies: 1, PolicyVersionsInUse: 2, InstanceProfiles: 1 },
    ...{ UsersQuota: 5000, GroupsQuota: 300, AccessKeysPerUserQuota: 2, AssumeRolePolicySizeQuota: 2048 },
    ...{ AccountAccessKeysPresent: 1, AccountMFAEnabled: 0, MFADevices: 0 },
  });
  const other = await server.as(server.otherRootKey).iam.getAccountSummary({});
  expect(other.SummaryMap).toMatchObject({ Users: 0, Roles: 0, Policies: 0 });
});

describe('the credential report', () => {
  const report = async () => {
    const { Content, GeneratedTime, ReportFormat } = await server.iam.getCredentialReport({});
    const [heading = '', ...rows] = new TextDecoder().decode(Content).split('\n');
    const columns = heading.split(',');
    const byUser = rows.map((row) =>
      Object.fromEntries(row.split(',').map((value, index) => [columns[index], value])),
    );
    return { columns, byUser, GeneratedTime, ReportFormat };
  };

  it('is made when asked for, and tells of the root and every user with its keys', async () => {
    await expect(server.iam.getCredentialReport({})).rejects.toMatchObject({
      name: 'CredentialReportNotPresentException',
    });
    await server.iam.createUser({ UserName: 'ada', Path: '/sea/' });
    const { AccessKey } = await server.iam.createAccessKey({ UserName: 'ada' });
    await server.iam.updateAccessKey({
      ...{ UserName: 'ada', AccessKeyId: AccessKey?.AccessKeyId, Status: 'Inactive' },
    });
    await server.iam.createAccessKey({ UserName: 'ada' });
    expect(await server.iam.generateCredentialReport({})).toMatchObject({ State: 'STARTED' });
    expect(await server.iam.generateCredentialReport({})).toMatchObject({ State: 'COMPLETE' });
    const { columns, byUser, ReportFormat } = await report();
    expect(ReportFormat).toBe('text/csv');
    expect(columns).toHaveLength(22);
    const isTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/);
    expect(byUser).toMatchObject([
      {
        ...{ user: '<root_account>', arn: `arn:aws:iam::${accountId}:root`, mfa_active: 'false' },
        user_creation_time: 'N/A',
        ...{ password_enabled: 'not_supported', access_key_1_active: 'true', access_key_2_active: 'false' },
      },
      {
        ...{ user: 'ada', arn: `arn:aws:iam::${accountId}:user/sea/ada`, user_creation_time: isTime },
        ...{ password_enabled: 'false', password_last_used: 'N/A' },
        ...{ access_key_1_active: 'false', access_key_1_last_rotated: isTime },
        ...{ access_key_1_last_used_date: 'N/A', access_key_2_active: 'true' },
        ...{ cert_1_active: 'false', cert_2_last_rotated: 'N/A' },
      },
    ]);
  });

  it('stays the same for four hours, and is too old then', async () => {
    const reports = new CredentialReports(server.context);
    const at = (hours: number) => ({ accountId, now: hours * 3_600_000 });
    const rows = (hours: number) =>
      new TextDecoder().decode(reports.get(at(hours)).Content).split('\n').length;
    expect(reports.generate(at(0)).State).toBe('STARTED');
    await server.iam.createUser({ UserName: 'ada' });
    expect(reports.generate(at(3.9)).State).toBe('COMPLETE');
    expect(rows(3.9)).toBe(2);
    expect(() => reports.get(at(4))).toThrow('too old');
    expect(() => reports.get({ ...at(0), accountId: otherAccountId })).toThrow('No report exists');
    expect(reports.generate(at(4)).State).toBe('STARTED');
    expect(rows(4)).toBe(3);
  });
});

describe('GetAccountAuthorizationDetails', () => {
  const ReadOnlyArn = 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly';

  beforeEach(async () => {
    const { iam } = server;
    await iam.createUser({ UserName: 'ada', Tags: [{ Key: 'team', Value: 'sea' }] });
    await iam.createGroup({ GroupName: 'mates' });
    await iam.addUserToGroup({ GroupName: 'mates', UserName: 'ada' });
    await iam.putGroupPolicy({ GroupName: 'mates', PolicyName: 'steer', PolicyDocument: allowAll });
    await iam.createRole({ RoleName: 'crew', AssumeRolePolicyDocument });
    await iam.createInstanceProfile({ InstanceProfileName: 'hull' });
    await iam.addRoleToInstanceProfile({ RoleName: 'crew', InstanceProfileName: 'hull' });
    const { Policy } = await iam.createPolicy({ PolicyName: 'all', PolicyDocument: allowAll });
    await iam.createPolicyVersion({ PolicyArn: Policy?.Arn, PolicyDocument: allowAll, SetAsDefault: true });
    await iam.attachRolePolicy({ RoleName: 'crew', PolicyArn: Policy?.Arn });
    await iam.attachUserPolicy({ UserName: 'ada', PolicyArn: ReadOnlyArn });
  });

  it('tells of everybody with their policies, and of the policies with their versions', async () => {
    const details = await server.iam.getAccountAuthorizationDetails({});
    const Arn = `arn:aws:iam::${accountId}:policy/all`;
    expect(details).toMatchObject({
      IsTruncated: false,
      UserDetailList: [
        {
          ...{ UserName: 'ada', GroupList: ['mates'], UserPolicyList: [] },
          Tags: [{ Key: 'team', Value: 'sea' }],
          AttachedManagedPolicies: [
            { PolicyName: 'AmazonEC2ContainerRegistryReadOnly', PolicyArn: ReadOnlyArn },
          ],
        },
      ],
      GroupDetailList: [
        {
          GroupName: 'mates',
          GroupPolicyList: [
            { PolicyName: 'steer', PolicyDocument: encodeURIComponent(allowAll).replaceAll('*', '%2A') },
          ],
        },
      ],
      RoleDetailList: [
        {
          RoleName: 'crew',
          InstanceProfileList: [{ InstanceProfileName: 'hull', Roles: [{ RoleName: 'crew' }] }],
          AttachedManagedPolicies: [{ PolicyName: 'all', PolicyArn: Arn }],
        },
      ],
      Policies: [
        {
          ...{ PolicyName: 'all', Arn, AttachmentCount: 1, DefaultVersionId: 'v2' },
          PolicyVersionList: [
            { VersionId: 'v2', IsDefaultVersion: true },
            { VersionId: 'v1', IsDefaultVersion: false },
          ],
        },
        { PolicyName: 'AmazonEC2ContainerRegistryReadOnly', Arn: ReadOnlyArn, AttachmentCount: 1 },
      ],
    });
  });

  it('comes in pages over everything, and filtered', async () => {
    const seen: string[] = [];
    let Marker: string | undefined;
    do {
      const page = await server.iam.getAccountAuthorizationDetails({
        ...{ MaxItems: 2, ...(Marker !== undefined && { Marker }) },
      });
      const { UserDetailList = [], GroupDetailList = [], RoleDetailList = [], Policies = [] } = page;
      seen.push(...UserDetailList.map(({ UserName }) => UserName ?? ''));
      seen.push(...GroupDetailList.map(({ GroupName }) => GroupName ?? ''));
      seen.push(...RoleDetailList.map(({ RoleName }) => RoleName ?? ''));
      seen.push(...Policies.map(({ PolicyName }) => PolicyName ?? ''));
      Marker = page.Marker;
    } while (Marker !== undefined);
    expect(seen).toEqual(['ada', 'mates', 'crew', 'all', 'AmazonEC2ContainerRegistryReadOnly']);
    const filtered = await server.iam.getAccountAuthorizationDetails({
      Filter: ['Role', 'AWSManagedPolicy'],
    });
    expect(filtered).toMatchObject({
      ...{ UserDetailList: [], GroupDetailList: [], RoleDetailList: [{ RoleName: 'crew' }] },
      Policies: [{ Arn: ReadOnlyArn }],
    });
    await expect(
      server.iam.getAccountAuthorizationDetails({ Filter: ['Boat' as 'Role'] }),
    ).rejects.toMatchObject({ name: 'ValidationError' });
  });
});
