import type { IAM, Policy } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compilePolicy, parsePolicy } from '../policy/index.ts';
import { type IamServer, startIamServer } from '../testing/iam-server.ts';
import { policyOf, userWith } from '../testing/users.ts';
import { awsManagedPolicies } from './aws/aws-managed-policies.ts';

let server: IamServer;
let iam: IAM;
beforeEach(async () => {
  server = await startIamServer();
  iam = server.iam;
});
afterEach(() => server[Symbol.asyncDispose]());

const readOnly = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess';
const executionRole = 'arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy';

it.each([...awsManagedPolicies()].map((policy) => [policy.policyName, policy] as const))(
  '%s is a policy, with an id and times',
  (_, { id, path, createdAt, updatedAt, defaultVersionId, versions }) => {
    expect(id).toMatch(/^ANPA[A-Z0-9]{17}$/);
    expect(path).toMatch(/^\/(?:(?:aws-)?service-role\/)?$/);
    expect(updatedAt).toBeGreaterThanOrEqual(createdAt);
    expect(versions.map((version) => version.id)).toEqual([defaultVersionId]);
    const document = parsePolicy(versions[0]?.document ?? '', 'identity');
    expect(compilePolicy('p', document).id).toBe('p');
    expect(document.statements.length).toBeGreaterThan(0);
  },
);

it("AWS's policies are known under one id and one ARN each", () => {
  const policies = [...awsManagedPolicies()];
  expect(new Set(policies.map(({ id }) => id)).size).toBe(policies.length);
  expect(new Set(policies.map(({ path, policyName }) => path + policyName)).size).toBe(policies.length);
});

describe("AWS's policies", () => {
  it('are shown with their documents and the uses that this account makes of them', async () => {
    await userWith(server, 'ada');
    await iam.attachUserPolicy({ UserName: 'ada', PolicyArn: executionRole });
    await iam.putUserPermissionsBoundary({ UserName: 'ada', PermissionsBoundary: executionRole });
    expect((await iam.getPolicy({ PolicyArn: executionRole })).Policy).toMatchObject({
      ...{ PolicyId: 'ANPAJG4T4G4PV56DE72PY', Path: '/service-role/', DefaultVersionId: 'v1' },
      ...{ AttachmentCount: 1, PermissionsBoundaryUsageCount: 1 },
      CreateDate: new Date('2017-11-16T18:48:22Z'),
    });
    const other = await server.as(server.otherRootKey).iam.getPolicy({ PolicyArn: executionRole });
    expect(other.Policy).toMatchObject({ AttachmentCount: 0, PermissionsBoundaryUsageCount: 0 });
    const { PolicyVersion } = await iam.getPolicyVersion({ PolicyArn: executionRole, VersionId: 'v1' });
    expect(JSON.parse(decodeURIComponent(PolicyVersion?.Document ?? ''))).toMatchObject({
      Statement: [{ Action: expect.arrayContaining(['ecr:BatchGetImage', 'logs:PutLogEvents']) }],
    });
  });

  it('decide for whoever has them', async () => {
    const { iam: own } = server.as(await userWith(server, 'ada'));
    await iam.attachUserPolicy({ UserName: 'ada', PolicyArn: readOnly });
    await own.getUser({ UserName: 'ada' });
    await expect(own.deleteUser({ UserName: 'ada' })).rejects.toThrow(
      'not authorized to perform: iam:DeleteUser',
    );
  });

  it('are changed by nobody', async () => {
    for (const refused of [
      iam.deletePolicy({ PolicyArn: readOnly }),
      iam.createPolicyVersion({
        PolicyArn: readOnly,
        PolicyDocument: policyOf({ Effect: 'Allow', Action: '*', Resource: '*' }),
      }),
      iam.setDefaultPolicyVersion({ PolicyArn: readOnly, VersionId: 'v4' }),
      iam.tagPolicy({ PolicyArn: readOnly, Tags: [{ Key: 'a', Value: 'b' }] }),
    ]) {
      await expect(refused).rejects.toMatchObject({
        name: 'AccessDenied',
        message: expect.stringContaining(`on resource: policy ${readOnly}`),
      });
    }
  });

  it('for service-linked roles are for these alone, and unknown ones are missed', async () => {
    await iam.createUser({ UserName: 'ada' });
    const linked = 'arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy';
    await expect(iam.attachUserPolicy({ UserName: 'ada', PolicyArn: linked })).rejects.toMatchObject({
      name: 'PolicyNotAttachableException',
    });
    const unknown = 'arn:aws:iam::aws:policy/AmazonECSTaskExecutionRolePolicy';
    await expect(iam.attachUserPolicy({ UserName: 'ada', PolicyArn: unknown })).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: expect.stringContaining(
        `Policy ${unknown} does not exist or is not attachable. Of AWS's own policies`,
      ),
    });
  });
});

describe('ListPolicies', () => {
  const names = (policies: Policy[] | undefined) => policies?.map(({ PolicyName }) => PolicyName);

  it('shows by scope, path and use, in pages', async () => {
    const PolicyDocument = policyOf({ Effect: 'Allow', Action: 'ecs:*', Resource: '*' });
    for (const PolicyName of ['AdministratorAccess', 'own', 'Bound']) {
      await iam.createPolicy({ PolicyName, PolicyDocument, Path: PolicyName === 'own' ? '/crew/' : '/' });
    }
    const arn = (rest: string) => `arn:aws:iam::111122223333:policy${rest}`;
    await iam.createUser({ UserName: 'ada', PermissionsBoundary: arn('/Bound') });
    await iam.attachUserPolicy({ UserName: 'ada', PolicyArn: arn('/crew/own') });
    await iam.attachUserPolicy({ UserName: 'ada', PolicyArn: readOnly });
    const listed = async (input: object) => names((await iam.listPolicies(input)).Policies);
    expect(await listed({ Scope: 'Local' })).toEqual(['AdministratorAccess', 'Bound', 'own']);
    const aws = [...awsManagedPolicies()].length;
    expect(await listed({ Scope: 'AWS' })).toHaveLength(aws);
    expect(await listed({})).toHaveLength(aws + 3);
    expect(await listed({ PathPrefix: '/crew/' })).toEqual(['own']);
    expect(await listed({ Scope: 'AWS', PathPrefix: '/service-role/' })).toContain(
      'AmazonECSTaskExecutionRolePolicy',
    );
    expect(await listed({ OnlyAttached: true })).toEqual(['IAMReadOnlyAccess', 'own']);
    expect(await listed({ PolicyUsageFilter: 'PermissionsPolicy', Scope: 'Local' })).toEqual(['own']);
    expect(await listed({ PolicyUsageFilter: 'PermissionsBoundary' })).toEqual(['Bound']);
    const seen: unknown[] = [];
    let Marker: string | undefined;
    do {
      const page = await iam.listPolicies({ MaxItems: 7, ...(Marker !== undefined && { Marker }) });
      seen.push(...(page.Policies ?? []).map(({ Arn }) => Arn));
      Marker = page.Marker;
    } while (Marker !== undefined);
    expect(new Set(seen).size).toBe(aws + 3);
    await expect(iam.listPolicies({ Scope: 'Mine' as 'AWS' })).rejects.toMatchObject({
      name: 'ValidationError',
    });
  });

  it('is allowed on everything alone', async () => {
    const { iam: own } = server.as(
      await userWith(server, 'ada', {
        Effect: 'Allow',
        Action: 'iam:*',
        Resource: 'arn:aws:iam::*:policy/*',
      }),
    );
    await expect(own.listPolicies({})).rejects.toThrow('iam:ListPolicies on resource: policy path /');
    const { iam: all } = server.as(
      await userWith(server, 'bob', { Effect: 'Allow', Action: 'iam:ListPolicies', Resource: '*' }),
    );
    await all.listPolicies({ Scope: 'Local' });
  });
});
