import type { IAM } from '@aws-sdk/client-iam';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issueSession } from '../credentials/session-token.ts';
import { accountId, type IamServer, startIamServer } from '../testing/iam-server.ts';
import { idleRole, putRole } from '../testing/roles.ts';
import { policyOf, userWith } from '../testing/users.ts';

let server: IamServer;
let iam: IAM;
beforeEach(async () => {
  server = await startIamServer();
  iam = server.iam;
  await iam.createUser({ UserName: 'it', Path: '/crew/' });
  await iam.createGroup({ GroupName: 'it' });
  await putRole(server);
});
afterEach(() => server[Symbol.asyncDispose]());

/** The three holders' operations under one name, and what acts with the holder's policies. */
const holders = {
  User: {
    attach: (PolicyArn: string) => iam.attachUserPolicy({ UserName: 'it', PolicyArn }),
    detach: (PolicyArn: string) => iam.detachUserPolicy({ UserName: 'it', PolicyArn }),
    list: (input: object = {}) => iam.listAttachedUserPolicies({ UserName: 'it', ...input }),
    actor: async () => {
      const { AccessKey } = await iam.createAccessKey({ UserName: 'it' });
      return {
        accessKeyId: AccessKey?.AccessKeyId ?? '',
        secretAccessKey: AccessKey?.SecretAccessKey ?? '',
      };
    },
  },
  Group: {
    attach: (PolicyArn: string) => iam.attachGroupPolicy({ GroupName: 'it', PolicyArn }),
    detach: (PolicyArn: string) => iam.detachGroupPolicy({ GroupName: 'it', PolicyArn }),
    list: (input: object = {}) => iam.listAttachedGroupPolicies({ GroupName: 'it', ...input }),
    actor: async () => {
      const key = await userWith(server, 'member');
      await iam.addUserToGroup({ GroupName: 'it', UserName: 'member' });
      return key;
    },
  },
  Role: {
    attach: (PolicyArn: string) => iam.attachRolePolicy({ RoleName: 'it', PolicyArn }),
    detach: (PolicyArn: string) => iam.detachRolePolicy({ RoleName: 'it', PolicyArn }),
    list: (input: object = {}) => iam.listAttachedRolePolicies({ RoleName: 'it', ...input }),
    actor: async () => {
      const issuedAt = server.clock.now();
      const session = { issuedAt, expiresAt: issuedAt + 900_000, name: 'watch' };
      return issueSession(server.context, {
        accountId,
        identity: { kind: 'role', roleId: idleRole.id },
        session,
      });
    },
  },
} as const;

const policyArn = (rest: string) => `arn:aws:iam::${accountId}:policy${rest}`;
async function makePolicy(PolicyName: string, Action = 'iam:ListUsers', Path = '/'): Promise<string> {
  const PolicyDocument = policyOf({ Effect: 'Allow', Action, Resource: '*' });
  return (await iam.createPolicy({ PolicyName, PolicyDocument, Path })).Policy?.Arn ?? '';
}

describe.each(Object.entries(holders))('a policy attached to a %s', (type, holder) => {
  it('decides until it is detached, and is counted meanwhile', async () => {
    const PolicyArn = await makePolicy('p');
    const { iam: own } = server.as(await holder.actor());
    await expect(own.listUsers({})).rejects.toThrow('because no identity-based policy allows');
    await holder.attach(PolicyArn);
    await holder.attach(PolicyArn);
    await own.listUsers({});
    expect((await iam.getPolicy({ PolicyArn })).Policy).toMatchObject({ AttachmentCount: 1 });
    await expect(iam.deletePolicy({ PolicyArn })).rejects.toThrow('Cannot delete a policy attached');
    await holder.detach(PolicyArn);
    await expect(own.listUsers({})).rejects.toThrow('not authorized');
    expect((await iam.getPolicy({ PolicyArn })).Policy).toMatchObject({ AttachmentCount: 0 });
    await expect(holder.detach(PolicyArn)).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: `Policy ${PolicyArn} was not found.`,
    });
    await iam.deletePolicy({ PolicyArn });
  });

  it('is listed by path, in pages, with its holder among the entities that have it', async () => {
    const arns = [await makePolicy('b'), await makePolicy('A'), await makePolicy('c', 'iam:Get*', '/crew/')];
    for (const arn of arns) await holder.attach(arn);
    const names = async (input: object) =>
      (await holder.list(input)).AttachedPolicies?.map(({ PolicyName }) => PolicyName);
    expect(await names({})).toEqual(['A', 'b', 'c']);
    expect(await names({ PathPrefix: '/crew/' })).toEqual(['c']);
    const first = await holder.list({ MaxItems: 2 });
    expect(first.AttachedPolicies?.[0]).toEqual({ PolicyName: 'A', PolicyArn: policyArn('/A') });
    expect(await names({ Marker: first.Marker })).toEqual(['c']);
    const PolicyArn = policyArn('/A');
    const entities = await iam.listEntitiesForPolicy({ PolicyArn });
    for (const other of Object.keys(holders)) {
      const found = entities[`Policy${other as 'User'}s`];
      expect(found).toEqual(
        other === type ? [{ [`${type}Name`]: 'it', [`${type}Id`]: expect.any(String) }] : [],
      );
    }
  });

  it('is one of ten at most', async () => {
    for (let at = 0; at < 10; at++) await holder.attach(await makePolicy(`p${at}`));
    await expect(holder.attach(await makePolicy('more'))).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: `Cannot exceed quota for PoliciesPer${type}: 10`,
    });
  });

  it('is there, and has an ARN', async () => {
    const missing = policyArn('/missing');
    await expect(holder.attach(missing)).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: `Policy ${missing} does not exist or is not attachable.`,
    });
    for (const refused of [holder.attach, holder.detach]) {
      await expect(refused('no-arn-but-long-enough')).rejects.toMatchObject({
        name: 'ValidationError',
        message: 'Invalid ARN:  Could not be parsed!',
      });
    }
    await expect(holder.attach(`arn:aws:iam::${accountId}:user/crew/it`)).rejects.toMatchObject({
      name: 'InvalidInputException',
    });
  });
});

it('a service-linked role keeps the policies that its service gave it', async () => {
  await putRole(server, { linkedService: 'ecs.amazonaws.com' });
  await expect(holders.Role.attach(await makePolicy('p'))).rejects.toMatchObject({
    name: 'UnmodifiableEntityException',
  });
});

it('which policy may be attached, and to whom, is up to policies', async () => {
  const PolicyArn = await makePolicy('p');
  const other = await makePolicy('q');
  const { iam: own } = server.as(
    await userWith(server, 'ada', {
      ...{ Effect: 'Allow', Action: ['iam:AttachUserPolicy', 'iam:DetachUserPolicy'] },
      Resource: `arn:aws:iam::${accountId}:user/crew/*`,
      Condition: { ArnEquals: { 'iam:PolicyARN': PolicyArn } },
    }),
  );
  await own.attachUserPolicy({ UserName: 'it', PolicyArn });
  await expect(own.attachUserPolicy({ UserName: 'it', PolicyArn: other })).rejects.toThrow(
    `iam:AttachUserPolicy on resource: arn:aws:iam::${accountId}:user/crew/it`,
  );
  await expect(own.attachUserPolicy({ UserName: 'ada', PolicyArn })).rejects.toThrow('user/ada');
  await own.detachUserPolicy({ UserName: 'it', PolicyArn });
});

it('a permissions boundary limits, and is shown among the uses of its policy', async () => {
  const PolicyArn = await makePolicy('bound', 'iam:List*');
  const UserName = 'ada';
  const { iam: own } = server.as(
    await userWith(server, UserName, { Effect: 'Allow', Action: 'iam:*', Resource: '*' }),
  );
  await own.getUser({});
  await iam.putUserPermissionsBoundary({ UserName, PermissionsBoundary: PolicyArn });
  await own.listUsers({});
  await expect(own.getUser({})).rejects.toThrow(
    'because no permissions boundary allows the iam:GetUser action',
  );
  expect((await iam.getUser({ UserName })).User?.PermissionsBoundary).toEqual({
    ...{ PermissionsBoundaryType: 'PermissionsBoundaryPolicy', PermissionsBoundaryArn: PolicyArn },
  });
  const counts = async () => (await iam.getPolicy({ PolicyArn })).Policy?.PermissionsBoundaryUsageCount;
  expect(await counts()).toBe(1);
  await iam.attachUserPolicy({ UserName: 'it', PolicyArn });
  await iam.attachGroupPolicy({ GroupName: 'it', PolicyArn });
  const entities = async (input: object) => {
    const { PolicyUsers, PolicyGroups } = await iam.listEntitiesForPolicy({ PolicyArn, ...input });
    return [PolicyUsers?.map((it) => it.UserName), PolicyGroups?.map((it) => it.GroupName)];
  };
  expect(await entities({})).toEqual([['ada', 'it'], ['it']]);
  expect(await entities({ PolicyUsageFilter: 'PermissionsBoundary' })).toEqual([['ada'], []]);
  expect(await entities({ PolicyUsageFilter: 'PermissionsPolicy' })).toEqual([['it'], ['it']]);
  expect(await entities({ EntityFilter: 'Group' })).toEqual([[], ['it']]);
  expect(await entities({ PathPrefix: '/crew/' })).toEqual([['it'], []]);
  expect(await entities({ MaxItems: 2 })).toEqual([['ada'], ['it']]);
  await iam.putUserPermissionsBoundary({ UserName, PermissionsBoundary: PolicyArn });
  expect(await counts()).toBe(1);
  await iam.deleteUserPermissionsBoundary({ UserName });
  expect(await counts()).toBe(0);
  await own.getUser({});
  await expect(
    iam.putUserPermissionsBoundary({ UserName, PermissionsBoundary: policyArn('/missing') }),
  ).rejects.toThrow(`Scope ARN: ${policyArn('/missing')} does not exist or is not attachable.`);
});

it('ListPoliciesGrantingServiceAccess tells which policies allow something of a service', async () => {
  const document = (...statements: object[]) => ({ PolicyDocument: policyOf(...statements) });
  const all = { Effect: 'Allow', Resource: '*' };
  await iam.addUserToGroup({ GroupName: 'it', UserName: 'it' });
  const put = (PolicyName: string, ...statements: object[]) =>
    iam.putUserPolicy({ UserName: 'it', PolicyName, ...document(...statements) });
  await put('ecs', { ...all, Action: ['s3:Get*', 'ECS:List*'] });
  await put('not-ecs', { ...all, NotAction: ['ecs:*'] });
  await put('denied', { ...all, Effect: 'Deny', Action: 'ecs:*' });
  await iam.putGroupPolicy({ GroupName: 'it', PolicyName: 'all', ...document({ ...all, Action: '*' }) });
  const PolicyArn = await makePolicy('lists', 'logs:Describe*');
  await iam.attachUserPolicy({ UserName: 'it', PolicyArn });
  const Arn = `arn:aws:iam::${accountId}:user/crew/it`;
  const { PoliciesGrantingServiceAccess: found } = await iam.listPoliciesGrantingServiceAccess({
    ...{ Arn, ServiceNamespaces: ['ecs', 'logs'] },
  });
  const inline = (PolicyName: string, EntityType = 'USER') => ({
    ...{ PolicyName, PolicyType: 'INLINE', EntityType, EntityName: 'it' },
  });
  expect(found).toEqual([
    { ServiceNamespace: 'ecs', Policies: [inline('ecs'), inline('all', 'GROUP')] },
    {
      ServiceNamespace: 'logs',
      Policies: [
        inline('not-ecs'),
        { PolicyName: 'lists', PolicyType: 'MANAGED', PolicyArn },
        inline('all', 'GROUP'),
      ],
    },
  ]);
  await expect(
    iam.listPoliciesGrantingServiceAccess({ Arn: PolicyArn, ServiceNamespaces: ['ecs'] }),
  ).rejects.toMatchObject({ name: 'InvalidInputException' });
  // Policies compare the ARN that is asked about: one that differs is nobody's.
  for (const other of [Arn.replace('/it', '/IT'), Arn.replace('/crew', '')]) {
    await expect(
      iam.listPoliciesGrantingServiceAccess({ Arn: other, ServiceNamespaces: ['ecs'] }),
    ).rejects.toMatchObject({ name: 'NoSuchEntityException' });
  }
});
