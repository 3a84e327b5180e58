import type { AccessScope } from '@aws-sdk/client-eks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId, otherAccountId } from '../../iam/testing/iam-server.ts';
import { type EksApi, role, scope, startEksApi } from '../testing/eks-api.ts';
import { accessEntryOf } from './record.ts';

let api: EksApi;
beforeEach(async () => {
  api = await startEksApi();
  await api.cluster('harbor');
  await api.server.iam.createUser({ UserName: 'ada' });
  await api.server.iam.createRole({
    ...{ RoleName: 'deploy', Path: '/teams/', AssumeRolePolicyDocument: trust },
  });
});
afterEach(() => api[Symbol.asyncDispose]());

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: accountId }, Action: 'sts:AssumeRole' }],
});
const clusterName = 'harbor';
const ada = `arn:aws:iam::${accountId}:user/ada`;
const deploy = role('teams/deploy');
const root = `arn:aws:iam::${accountId}:root`;
const policy = (name: string) => `arn:aws:eks::aws:cluster-access-policy/${name}`;
const entry = (more: object = {}) => ({ clusterName, principalArn: ada, ...more });

describe('an access entry', () => {
  it('is made for whoever makes a cluster, as its administrator', async () => {
    expect(await api.eks.listAccessEntries({ clusterName })).toMatchObject({ accessEntries: [root] });
    const { associatedAccessPolicies } = await api.eks.listAssociatedAccessPolicies({
      ...{ clusterName, principalArn: root },
    });
    expect(associatedAccessPolicies).toEqual([
      {
        policyArn: policy('AmazonEKSClusterAdminPolicy'),
        accessScope: { type: 'cluster', namespaces: [] },
        ...{ associatedAt: expect.any(Date), modifiedAt: expect.any(Date) },
      },
    ]);
  });

  it('is not made for whoever makes a cluster without being its administrator', async () => {
    await api.cluster('lagoon', { accessConfig: { bootstrapClusterCreatorAdminPermissions: false } });
    expect((await api.eks.listAccessEntries({ clusterName: 'lagoon' })).accessEntries).toEqual([]);
  });

  it('has the names of its user, or those of its role’s sessions, without the role’s path', async () => {
    const { accessEntry } = await api.eks.createAccessEntry(entry({ tags: { team: 'blue' } }));
    expect(accessEntry).toEqual({
      ...{ clusterName, principalArn: ada, kubernetesGroups: [], type: 'STANDARD', username: ada },
      accessEntryArn: expect.stringMatching(
        new RegExp(
          `^arn:aws:eks:eu-west-1:${accountId}:access-entry/harbor/user/${accountId}/ada/[0-9a-f-]{36}$`,
        ),
      ),
      ...{ createdAt: expect.any(Date), modifiedAt: expect.any(Date), tags: { team: 'blue' } },
    });
    const { accessEntry: ofRole } = await api.eks.createAccessEntry(
      entry({ principalArn: deploy, kubernetesGroups: ['deployers'] }),
    );
    expect(ofRole).toMatchObject({
      ...{ principalArn: deploy, kubernetesGroups: ['deployers'] },
      username: `arn:aws:sts::${accountId}:assumed-role/deploy/{{SessionName}}`,
      accessEntryArn: expect.stringContaining(`:access-entry/harbor/role/${accountId}/deploy/`),
    });
    const described = await api.eks.describeAccessEntry({ clusterName, principalArn: deploy });
    expect(described.accessEntry).toEqual(ofRole);
  });

  it('is changed in its name and groups, and goes', async () => {
    await api.eks.createAccessEntry(entry({ kubernetesGroups: ['a', 'b'] }));
    await api.eks.updateAccessEntry(entry({ username: 'ada' }));
    const { accessEntry } = await api.eks.updateAccessEntry(entry({ kubernetesGroups: ['c'] }));
    expect(accessEntry).toMatchObject({ username: 'ada', kubernetesGroups: ['c'] });
    await api.eks.deleteAccessEntry(entry());
    await expect(api.eks.describeAccessEntry(entry())).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: /^The specified principalArn could not be found\. You can view your/,
    });
  });

  it('is of one principal, who is not the one who is made anew under the name', async () => {
    await api.eks.createAccessEntry(entry());
    const idOf = async () => (await api.server.iam.getUser({ UserName: 'ada' })).User?.UserId ?? '';
    const { state } = api.server;
    expect(accessEntryOf(state, scope, clusterName, await idOf())).toMatchObject({ principalArn: ada });
    await api.server.iam.deleteUser({ UserName: 'ada' });
    await api.server.iam.createUser({ UserName: 'ada' });
    expect(accessEntryOf(state, scope, clusterName, await idOf())).toBeUndefined();
    await expect(api.eks.createAccessEntry(entry())).rejects.toMatchObject({
      ...{ name: 'ResourceInUseException', clusterName },
      message: 'The specified access entry resource is already in use on this cluster.',
    });
  });

  it('may be for somebody of another account', async () => {
    await api.server.as(api.server.otherRootKey).iam.createUser({ UserName: 'eve' });
    const principalArn = `arn:aws:iam::${otherAccountId}:user/eve`;
    await api.eks.createAccessEntry(entry({ principalArn }));
    expect((await api.eks.listAccessEntries({ clusterName })).accessEntries).toEqual([root, principalArn]);
  });

  it('is made once by a request that comes twice', async () => {
    const request = entry({ clientRequestToken: 'once' });
    const { accessEntry: first } = await api.eks.createAccessEntry(request);
    expect((await api.eks.createAccessEntry(request)).accessEntry).toEqual(first);
    await expect(api.eks.createAccessEntry({ ...request, username: 'x' })).rejects.toMatchObject({
      name: 'ResourceInUseException',
    });
  });

  it('has the names and groups of a node where it is for nodes, and nothing of its own', async () => {
    const node = entry({ principalArn: deploy, type: 'HYBRID_LINUX' });
    const { accessEntry } = await api.eks.createAccessEntry(node);
    expect(accessEntry).toMatchObject({
      ...{ username: 'system:node:{{SessionName}}', kubernetesGroups: ['system:nodes'] },
    });
    const standardOnly = 'This operation can only be performed on Access Entries with a type of "STANDARD".';
    await expect(
      api.eks.updateAccessEntry(entry({ principalArn: deploy, username: 'x' })),
    ).rejects.toMatchObject({ name: 'InvalidParameterException', message: standardOnly });
    await expect(
      api.eks.associateAccessPolicy({
        ...{ clusterName, principalArn: deploy, policyArn: policy('AmazonEKSViewPolicy') },
        accessScope: { type: 'cluster' },
      }),
    ).rejects.toMatchObject({ message: standardOnly });
  });

  it('has tags, and goes with its cluster', async () => {
    const { accessEntry } = await api.eks.createAccessEntry(entry({ tags: { a: '1' } }));
    const resourceArn = accessEntry?.accessEntryArn ?? '';
    await api.eks.tagResource({ resourceArn, tags: { b: '2' } });
    await api.eks.untagResource({ resourceArn, tagKeys: ['a'] });
    expect((await api.eks.listTagsForResource({ resourceArn })).tags).toEqual({ b: '2' });
    const other = resourceArn.replace('/ada/', '/eve/');
    await expect(api.eks.listTagsForResource({ resourceArn: other })).rejects.toMatchObject({
      name: 'NotFoundException',
    });
    await api.eks.deleteCluster({ name: clusterName });
    await api.end(clusterName);
    await api.cluster(clusterName);
    expect((await api.eks.listAccessEntries({ clusterName })).accessEntries).toEqual([root]);
  });

  it('is listed by pages', async () => {
    await api.eks.createAccessEntry(entry());
    await api.eks.createAccessEntry(entry({ principalArn: deploy }));
    const first = await api.eks.listAccessEntries({ clusterName, maxResults: 2 });
    expect(first.accessEntries).toEqual([deploy, root].toSorted());
    const rest = await api.eks.listAccessEntries({ clusterName, nextToken: first.nextToken });
    expect(rest).toMatchObject({ accessEntries: [ada] });
    await expect(api.eks.listAccessEntries({ clusterName, nextToken: 'x' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });
});

describe('an access policy', () => {
  it('is one of those whose permissions are known', async () => {
    const { accessPolicies } = await api.eks.listAccessPolicies({});
    expect(accessPolicies).toEqual(
      ['Admin', 'AdminView', 'ClusterAdmin', 'Edit', 'View'].map((name) => ({
        ...{ name: `AmazonEKS${name}Policy`, arn: policy(`AmazonEKS${name}Policy`) },
      })),
    );
  });

  it('is associated, gets another scope, and is taken away', async () => {
    await api.eks.createAccessEntry(entry());
    const view = { ...entry(), policyArn: policy('AmazonEKSViewPolicy') };
    const accessScope: AccessScope = { type: 'namespace', namespaces: ['team-*', 'default'] };
    expect(await api.eks.associateAccessPolicy({ ...view, accessScope })).toMatchObject({
      ...{ clusterName, principalArn: ada },
      associatedAccessPolicy: { policyArn: view.policyArn, accessScope },
    });
    await api.eks.associateAccessPolicy({ ...view, accessScope: { type: 'cluster' } });
    const { associatedAccessPolicies } = await api.eks.listAssociatedAccessPolicies(entry());
    expect(associatedAccessPolicies).toMatchObject([{ accessScope: { type: 'cluster', namespaces: [] } }]);
    const listed = await api.eks.listAccessEntries({ clusterName, associatedPolicyArn: view.policyArn });
    expect(listed.accessEntries).toEqual([ada]);
    await api.eks.disassociateAccessPolicy(view);
    await expect(api.eks.disassociateAccessPolicy(view)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'The specified policyArn is not associated with the access entry.',
    });
  });

  const cluster = { type: 'cluster' };
  it.each([
    ['that there is not', policy('AmazonEKSNonePolicy'), cluster, 'The specified policyArn is invalid'],
    ['of IAM', 'arn:aws:iam::aws:policy/ReadOnlyAccess', cluster, 'The specified policyArn is invalid'],
    [
      'of Auto Mode',
      policy('AmazonEKSAutoNodePolicy'),
      cluster,
      'not supported by this version of Catamaran',
    ],
    ['without namespaces', policy('AmazonEKSViewPolicy'), { type: 'namespace' }, 'at least one namespace'],
    [
      'with namespaces in the whole cluster',
      policy('AmazonEKSViewPolicy'),
      { type: 'cluster', namespaces: ['a'] },
      'can only be specified for',
    ],
    [
      'with what is no namespace',
      policy('AmazonEKSViewPolicy'),
      { type: 'namespace', namespaces: ['A_b'] },
      'The namespace A_b',
    ],
    ['without a scope', policy('AmazonEKSViewPolicy'), {}, "at 'accessScope.type'"],
  ])('%s is refused', async (_what, policyArn, accessScope, message) => {
    await api.eks.createAccessEntry(entry());
    await expect(
      api.eks.associateAccessPolicy({ ...entry(), policyArn, accessScope: accessScope as object }),
    ).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringContaining(message),
    });
  });
});

describe('CreateAccessEntry refuses', () => {
  it.each([
    [
      'an ARN of STS',
      { principalArn: `arn:aws:sts::${accountId}:assumed-role/deploy/x` },
      'format is not valid',
    ],
    ['what is no ARN', { principalArn: 'ada' }, 'The principalArn parameter format is not valid'],
    ['nobody', { principalArn: role('nobody') }, 'The specified principalArn is invalid: invalid principal.'],
    ['a role without its path', { principalArn: role('deploy') }, 'invalid principal'],
    [
      'a service-linked role',
      { principalArn: role('aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS') },
      'The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role',
    ],
    [
      'a group of Kubernetes’ own',
      { kubernetesGroups: ['system:masters'] },
      'The kubernetes group name system:masters is invalid, it cannot start with system:',
    ],
    ['a name of Kubernetes’ own', { username: 'system:admin' }, 'The username must not begin with system:'],
    ['a session’s name alone', { username: '{{SessionName}}' }, 'must have a : before'],
    ['nodes of Auto Mode', { type: 'EC2', principalArn: deploy }, 'not supported by this version'],
    ['a type that there is not', { type: 'OTHER' }, 'The type OTHER is invalid.'],
    ['a user as a node', { type: 'HYBRID_LINUX' }, 'must be of a role in the cluster'],
    [
      'groups of a node',
      { type: 'HYBRID_LINUX', kubernetesGroups: ['a'] },
      'only be used with the type STANDARD',
    ],
    ['tags of AWS', { tags: { 'aws:x': 'y' } }, 'aws: prefixed tag key names'],
  ])('%s', async (_what, more, message) => {
    await expect(api.eks.createAccessEntry(entry(more))).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringContaining(message),
    });
    expect((await api.eks.listAccessEntries({ clusterName })).accessEntries).toEqual([root]);
  });

  it('a cluster that is not there, and one that does not answer yet', async () => {
    await expect(api.eks.createAccessEntry(entry({ clusterName: 'lagoon' }))).rejects.toMatchObject({
      ...{ name: 'ResourceNotFoundException', message: 'No cluster found for name: lagoon.' },
    });
    api.answers = false;
    await expect(api.eks.createAccessEntry(entry())).rejects.toMatchObject({
      ...{ name: 'InvalidRequestException', message: "Cluster 'harbor' is not in ACTIVE status" },
    });
  });
});
