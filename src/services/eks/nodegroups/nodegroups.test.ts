import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EksApi, role, scope, startEksApi } from '../testing/eks-api.ts';
import { type NodegroupRecord, nodegroupKey, nodegroups } from './record.ts';

let api: EksApi;
beforeEach(async () => {
  api = await startEksApi();
  await api.cluster('harbor');
  await nodeRole('node', 'ec2.amazonaws.com');
});
afterEach(() => api[Symbol.asyncDispose]());

const nodeRole = (RoleName: string, Service: string) =>
  api.server.iam.createRole({
    RoleName,
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
    }),
  });
const named = { clusterName: 'harbor', nodegroupName: 'blue' };
const create = (more: object = {}) =>
  api.eks.createNodegroup({ ...named, nodeRole: role('node'), subnets: api.subnetIds, ...more });
/** As its reconciler leaves it. */
const settle = (more: Partial<NodegroupRecord> = { phase: 'ACTIVE' }) =>
  api.server.state.transact((tx) => {
    const key = nodegroupKey(scope, 'harbor', 'blue');
    const present = tx.get(nodegroups, key);
    if (present !== undefined) tx.put(nodegroups, key, { ...present, ...more });
  });

describe('a node group', () => {
  it('has what nobody asked for otherwise, and is found', async () => {
    const { nodegroup } = await create();
    expect(nodegroup).toMatchObject({
      ...{ nodegroupName: 'blue', clusterName: 'harbor', status: 'CREATING', version: '1.36' },
      nodegroupArn: expect.stringMatching(/:nodegroup\/harbor\/blue\/[0-9a-f-]{36}$/),
      releaseVersion: expect.stringMatching(/^1\.36\.\d+-\d{8}$/),
      ...{ capacityType: 'ON_DEMAND', instanceTypes: ['t3.medium'], amiType: 'AL2023_x86_64_STANDARD' },
      ...{ diskSize: 20, scalingConfig: { minSize: 2, maxSize: 2, desiredSize: 2 } },
      ...{ updateConfig: { maxUnavailable: 1 }, health: { issues: [] } },
      resources: { autoScalingGroups: [{ name: expect.stringMatching(/^eks-blue-[0-9a-f-]{36}$/) }] },
    });
    expect((await api.eks.describeNodegroup(named)).nodegroup).toEqual(nodegroup);
    expect((await api.eks.listNodegroups({ clusterName: 'harbor' })).nodegroups).toEqual(['blue']);
  });

  it('lets its nodes into the cluster, by an entry of their role', async () => {
    await create();
    const { accessEntry } = await api.eks.describeAccessEntry({
      ...{ clusterName: 'harbor', principalArn: role('node') },
    });
    expect(accessEntry).toMatchObject({
      ...{ type: 'EC2_LINUX', username: 'system:node:{{EC2PrivateDNSName}}' },
      kubernetesGroups: ['system:nodes'],
    });
  });

  it('keeps its cluster from being deleted, and is deleted itself before it goes', async () => {
    await create();
    await expect(api.eks.deleteCluster({ name: 'harbor' })).rejects.toMatchObject({
      ...{ name: 'ResourceInUseException', message: 'Cluster has nodegroups attached' },
    });
    expect((await api.eks.deleteNodegroup(named)).nodegroup?.status).toBe('DELETING');
  });

  it('is made once by a request that comes twice', async () => {
    const { nodegroup } = await create({ clientRequestToken: 'once' });
    expect((await create({ clientRequestToken: 'once' })).nodegroup).toEqual(nodegroup);
    await expect(create()).rejects.toMatchObject({
      ...{ name: 'ResourceInUseException', clusterName: 'harbor', nodegroupName: 'blue' },
      message: 'NodeGroup already exists with name blue and cluster name harbor',
    });
  });

  it('has tags, by its ARN', async () => {
    const { nodegroup } = await create({ tags: { team: 'blue' } });
    const resourceArn = nodegroup?.nodegroupArn;
    await api.eks.tagResource({ resourceArn, tags: { pier: '9' } });
    expect((await api.eks.listTagsForResource({ resourceArn })).tags).toEqual({ team: 'blue', pier: '9' });
  });

  it('is not there where nobody made it', async () => {
    await expect(api.eks.describeNodegroup(named)).rejects.toMatchObject({
      ...{ name: 'ResourceNotFoundException', message: 'No node group found for name: blue.' },
    });
    await expect(api.eks.listNodegroups({ clusterName: 'lagoon' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('CreateNodegroup refuses', () => {
  it.each<readonly [string, object, string]>([
    ['launch templates', { launchTemplate: { name: 'x' } }, 'Launch templates of node groups'],
    ['remote access', { remoteAccess: {} }, 'Remote access to nodes'],
    ['accelerators', { instanceTypes: ['g5.xlarge'] }, 'Instance types with GPUs'],
    ['another architecture', { instanceTypes: ['t4g.medium'] }, 'of the architecture arm64'],
    ['two architectures', { instanceTypes: ['t3.medium', 't4g.medium'] }, 'different CPU architectures'],
    ['Windows', { amiType: 'WINDOWS_CORE_2022_x86_64' }, 'Nodes of Windows'],
    ['an image for another architecture', { amiType: 'AL2023_ARM_64_STANDARD' }, 'not a valid instance type'],
    ['unknown types', { instanceTypes: ['t3.huge'] }, '[t3.huge] is not a valid instance type'],
    ['a part of a scalingConfig', { scalingConfig: { minSize: 1 } }, 'must have minSize, maxSize and'],
    [
      'more than the maximum',
      { scalingConfig: { minSize: 1, maxSize: 2, desiredSize: 3 } },
      "desired capacity 3 can't be greater than max size 2",
    ],
    ['no subnets', { subnets: [] }, 'At least one subnet'],
    ['other subnets', { subnets: ['subnet-0f'] }, "The subnet ID 'subnet-0f' does not exist"],
    ['labels of EKS', { labels: { 'eks.amazonaws.com/x': 'y' } }, 'reserved prefixes'],
    [
      'a taint twice',
      { taints: [1, 2].map((it) => ({ key: 'k', value: `${it}`, effect: 'NO_EXECUTE' })) },
      'same key and effect',
    ],
    ['another version', { version: '1.35' }, 'does not match the version of the cluster, 1.36'],
    [
      'a role that is not there',
      { nodeRole: role('nobody') },
      'required service principals [ec2.amazonaws.com]',
    ],
  ])('%s', async (_what, more, message) => {
    await expect(create(more)).rejects.toMatchObject({
      ...{ name: 'InvalidParameterException', message: expect.stringContaining(message) },
    });
    expect((await api.eks.listNodegroups({ clusterName: 'harbor' })).nodegroups).toEqual([]);
  });

  it('a role that EC2 may not act with', async () => {
    await nodeRole('tasks', 'ecs-tasks.amazonaws.com');
    await expect(create({ nodeRole: role('tasks') })).rejects.toMatchObject({
      ...{ name: 'InvalidParameterException', message: expect.stringContaining('[ec2.amazonaws.com]') },
    });
  });
});

describe('an update of a node group', () => {
  beforeEach(async () => {
    await create({ labels: { tier: 'front', old: 'x' } });
  });

  it('waits until the group is there', async () => {
    await expect(api.eks.updateNodegroupConfig({ ...named, labels: {} })).rejects.toMatchObject({
      name: 'ResourceInUseException',
    });
  });

  it('changes size, labels and taints, is UPDATING meanwhile, and is found by the name of the group alone', async () => {
    await settle();
    const { update } = await api.eks.updateNodegroupConfig({
      ...{ ...named, scalingConfig: { desiredSize: 1, minSize: 0 } },
      labels: { addOrUpdateLabels: { tier: 'back' }, removeLabels: ['old'] },
      taints: { addOrUpdateTaints: [{ key: 'k', value: 'v', effect: 'NO_SCHEDULE' }] },
    });
    expect(update).toMatchObject({
      ...{ type: 'ConfigUpdate', status: 'InProgress' },
      params: [
        { type: 'MinSize', value: '0' },
        { type: 'DesiredSize', value: '1' },
        { type: 'LabelsToAdd', value: '{"tier":"back"}' },
        { type: 'LabelsToRemove', value: '["old"]' },
        { type: 'TaintsToAdd', value: '[{"key":"k","value":"v","effect":"NO_SCHEDULE"}]' },
      ],
    });
    expect((await api.eks.describeNodegroup(named)).nodegroup).toMatchObject({
      ...{ status: 'UPDATING', scalingConfig: { minSize: 0, maxSize: 2, desiredSize: 1 } },
      ...{ labels: { tier: 'back' }, taints: [{ key: 'k', value: 'v', effect: 'NO_SCHEDULE' }] },
    });
    const of = { name: 'harbor', updateId: update?.id };
    await expect(api.eks.describeUpdate(of)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const found = await api.eks.describeUpdate({ ...of, nodegroupName: 'blue' });
    expect(found.update).toEqual(update);
    expect((await api.eks.listUpdates({ name: 'harbor' })).updateIds).toEqual([]);
    await expect(api.eks.deleteNodegroup(named)).rejects.toMatchObject({ name: 'ResourceInUseException' });
  });

  it('to a version is up to that of the cluster', async () => {
    await settle();
    await expect(api.eks.updateNodegroupVersion({ ...named, version: '1.37' })).rejects.toMatchObject({
      ...{
        name: 'InvalidParameterException',
        message: expect.stringContaining('is greater than the version'),
      },
    });
    await settle({ phase: 'ACTIVE', version: '1.35', releaseVersion: '1.35.0-20260101' });
    const { update } = await api.eks.updateNodegroupVersion(named);
    expect(update?.params?.[0]).toEqual({ type: 'Version', value: '1.36' });
  });
});
