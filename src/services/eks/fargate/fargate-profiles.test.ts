import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EksApi, role, scope, startEksApi } from '../testing/eks-api.ts';
import { privateSubnets } from '../testing/private-subnets.ts';
import { activateFargateProfile, forgetFargateProfile } from './end-profile.ts';
import { fargateProfileKey } from './record.ts';

let api: EksApi;
let subnets: string[];
beforeEach(async () => {
  api = await startEksApi();
  subnets = await privateSubnets(api.ask, api.subnetIds[0] ?? '');
  await api.cluster('harbor', { resourcesVpcConfig: { subnetIds: [...api.subnetIds, ...subnets] } });
  await podRole('pods');
});
afterEach(() => api[Symbol.asyncDispose]());

const podRole = (RoleName: string, Service = 'eks-fargate-pods.amazonaws.com', more: object = {}) =>
  api.server.iam.createRole({
    RoleName,
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole', ...more }],
    }),
  });
const clusterName = 'harbor';
const named = { clusterName, fargateProfileName: 'cold' };
const selectors = [{ namespace: 'store' }];
const create = (more: object = {}) =>
  api.eks.createFargateProfile({ ...named, podExecutionRoleArn: role('pods'), subnets, selectors, ...more });
const described = async () => (await api.eks.describeFargateProfile(named)).fargateProfile;
/** As the control plane of its cluster leaves it. */
const activate = (name = 'cold') =>
  api.server.state.transact((tx) => activateFargateProfile(tx, fargateProfileKey(scope, clusterName, name)));
const forget = (name = 'cold') =>
  api.server.state.transact((tx) => forgetFargateProfile(tx, fargateProfileKey(scope, clusterName, name)));
const entries = async () => (await api.eks.listAccessEntries({ clusterName })).accessEntries;

describe('a Fargate profile', () => {
  it('is CREATING, and ACTIVE once its cluster knows it', async () => {
    const { fargateProfile } = await create({ tags: { team: 'blue' } });
    expect(fargateProfile).toMatchObject({
      ...{ fargateProfileName: 'cold', clusterName, status: 'CREATING', tags: { team: 'blue' } },
      fargateProfileArn: expect.stringMatching(/:fargateprofile\/harbor\/cold\/[0-9a-f-]{36}$/),
      ...{ podExecutionRoleArn: role('pods'), subnets, selectors, health: { issues: [] } },
    });
    await activate();
    expect(await described()).toEqual({ ...fargateProfile, status: 'ACTIVE' });
    expect((await api.eks.listFargateProfiles({ clusterName })).fargateProfileNames).toEqual(['cold']);
  });

  it('is in the private subnets of its cluster, where it names none', async () => {
    expect((await create({ subnets: undefined })).fargateProfile?.subnets).toEqual(subnets);
  });

  it('lets its nodes in by an entry of its role, which goes with the last profile of the role', async () => {
    await create();
    const { accessEntry } = await api.eks.describeAccessEntry({ clusterName, principalArn: role('pods') });
    expect(accessEntry).toMatchObject({
      ...{ type: 'FARGATE_LINUX', username: 'system:node:{{SessionName}}' },
      kubernetesGroups: ['system:nodes', 'system:node-proxier'],
    });
    await activate();
    await create({ fargateProfileName: 'warm' });
    await activate('warm');
    await api.eks.deleteFargateProfile(named);
    await forget();
    expect(await entries()).toContain(role('pods'));
    await api.eks.deleteFargateProfile({ clusterName, fargateProfileName: 'warm' });
    await forget('warm');
    expect(await entries()).not.toContain(role('pods'));
  });

  it('is made or deleted while no other is', async () => {
    await create();
    await expect(create({ fargateProfileName: 'warm' })).rejects.toMatchObject({
      ...{ name: 'ResourceInUseException', clusterName },
      message:
        'Cannot create Fargate Profile warm because cluster harbor currently has Fargate profile cold in status CREATING',
    });
    await activate();
    await create({ fargateProfileName: 'warm' });
    await activate('warm');
    expect((await api.eks.deleteFargateProfile(named)).fargateProfile?.status).toBe('DELETING');
    expect((await api.eks.deleteFargateProfile(named)).fargateProfile?.status).toBe('DELETING');
    await expect(
      api.eks.deleteFargateProfile({ clusterName, fargateProfileName: 'warm' }),
    ).rejects.toMatchObject({
      message:
        'Cannot Delete Fargate Profile warm because cluster harbor currently has Fargate profile cold in status DELETING',
    });
  });

  it('is neither made nor deleted while its cluster is updated', async () => {
    await create();
    await activate();
    await api.eks.updateClusterConfig({ name: clusterName, deletionProtection: true });
    const message = 'because cluster harbor currently has an update in progress';
    await expect(api.eks.deleteFargateProfile(named)).rejects.toMatchObject({
      ...{ name: 'ResourceInUseException', message: `Cannot Delete Fargate Profile cold ${message}` },
    });
    await expect(create({ fargateProfileName: 'warm' })).rejects.toMatchObject({
      message: `Cannot create Fargate Profile warm ${message}`,
    });
    await api.finish(clusterName);
    expect((await api.eks.deleteFargateProfile(named)).fargateProfile?.status).toBe('DELETING');
  });

  it('keeps its cluster from being deleted', async () => {
    await create();
    await expect(api.eks.deleteCluster({ name: clusterName })).rejects.toMatchObject({
      ...{ name: 'ResourceInUseException', message: 'Cluster has Fargate Profiles in ACTIVE/CREATING state' },
    });
  });

  it('is made once by a request that comes twice', async () => {
    const { fargateProfile } = await create({ clientRequestToken: 'once' });
    expect((await create({ clientRequestToken: 'once' })).fargateProfile).toEqual(fargateProfile);
    await expect(create()).rejects.toMatchObject({
      ...{ name: 'ResourceInUseException', clusterName },
      message: 'A Fargate Profile already exists with this name in this cluster.',
    });
  });

  it('has tags, by its ARN', async () => {
    const { fargateProfile } = await create();
    const resourceArn = fargateProfile?.fargateProfileArn;
    await api.eks.tagResource({ resourceArn, tags: { pier: '9' } });
    expect((await described())?.tags).toEqual({ pier: '9' });
  });

  it('says what has become of its role', async () => {
    await create();
    await api.server.iam.updateAssumeRolePolicy({
      RoleName: 'pods',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      }),
    });
    expect((await described())?.health?.issues).toEqual([
      { code: 'AccessDenied', message: expect.stringContaining('pods'), resourceIds: [role('pods')] },
    ]);
  });

  it('says when nobody lets its role in any more', async () => {
    await create();
    await api.eks.deleteAccessEntry({ clusterName, principalArn: role('pods') });
    expect((await described())?.health?.issues).toMatchObject([
      { code: 'AccessDenied', message: expect.stringContaining('no access entry') },
    ]);
  });

  it('says when its role is that of other nodes', async () => {
    const access = { clusterName, principalArn: role('pods'), type: 'EC2_LINUX' };
    await api.eks.createAccessEntry(access);
    const { fargateProfile } = await create();
    expect(fargateProfile?.health?.issues).toMatchObject([
      { code: 'PodExecutionRoleAlreadyInUse', resourceIds: [role('pods')] },
    ]);
  });

  it('is for roles that trust it alone', async () => {
    const of = (cluster: string) => ({
      Condition: { ArnLike: { 'aws:SourceArn': `arn:aws:eks:*:*:fargateprofile/${cluster}/*` } },
    });
    await podRole('own', undefined, of('harbor'));
    await podRole('foreign', undefined, of('lagoon'));
    await create({ podExecutionRoleArn: role('own') });
    await activate();
    await expect(
      create({ fargateProfileName: 'warm', podExecutionRoleArn: role('foreign') }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('Misconfigured PodExecutionRole Trust Policy'),
    });
  });

  it('is not there where nobody made it', async () => {
    const message = 'No Fargate Profile found with name: cold.';
    for (const asked of [() => described(), () => api.eks.deleteFargateProfile(named)])
      await expect(asked()).rejects.toMatchObject({ name: 'ResourceNotFoundException', message, ...named });
    await expect(api.eks.listFargateProfiles({ clusterName: 'lagoon' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('CreateFargateProfile refuses', () => {
  it.each<readonly [string, () => object, string]>([
    ['no selectors', () => ({ selectors: [] }), 'Fargate Profile requires at least one selector.'],
    [
      'a selector without a namespace',
      () => ({ selectors: [{ labels: { a: 'b' } }] }),
      'Fargate Profile must have at least one selector with at least one namespace value.',
    ],
    ['six selectors', () => ({ selectors: Array(6).fill({ namespace: 'a' }) }), 'more than 5 selectors'],
    [
      'six labels',
      () => ({ selectors: [{ namespace: 'a', labels: { a: '', b: '', c: '', d: '', e: '', f: '' } }] }),
      'more than 5 labels',
    ],
    ['a namespace that is none', () => ({ selectors: [{ namespace: 'A_b' }] }), 'The namespace A_b'],
    [
      'a public subnet',
      () => ({ subnets: [subnets[0], api.subnetIds[0]] }),
      'provided in Fargate Profile is not a private subnet',
    ],
    ['other subnets', () => ({ subnets: ['subnet-0f'] }), "The subnet ID 'subnet-0f' does not exist"],
    [
      'a role that is not there',
      () => ({ podExecutionRoleArn: role('nobody') }),
      'The role with name nobody cannot be found.',
    ],
    ['what is no role', () => ({ podExecutionRoleArn: 'pods' }), 'not a valid role ARN'],
    ['a name that is none', () => ({ fargateProfileName: '_' }), 'fargateProfileName'],
  ])('%s', async (_, more, message) => {
    await expect(create(more())).rejects.toMatchObject({
      ...{ name: 'InvalidParameterException', message: expect.stringContaining(message) },
    });
  });

  it('a role that trusts others', async () => {
    await podRole('node', 'ec2.amazonaws.com');
    await expect(create({ podExecutionRoleArn: role('node') })).rejects.toMatchObject({
      message:
        'Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal',
    });
  });

  it('an eleventh', async () => {
    for (let count = 0; count < 10; count++) {
      await create({ fargateProfileName: `p${count}` });
      await activate(`p${count}`);
    }
    await expect(create({ fargateProfileName: 'p10' })).rejects.toMatchObject({
      ...{ name: 'ResourceLimitExceededException', clusterName },
    });
  });
});
