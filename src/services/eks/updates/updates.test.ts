import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId } from '../../iam/testing/iam-server.ts';
import { type AuthenticationMode, clusterKey, clusters } from '../records.ts';
import { type EksApi, scope, startEksApi } from '../testing/eks-api.ts';

let api: EksApi;
beforeEach(async () => {
  api = await startEksApi();
});
afterEach(() => api[Symbol.asyncDispose]());

const name = 'harbor';
const root = `arn:aws:iam::${accountId}:root`;
const config = (more: object) => api.eks.updateClusterConfig({ name, ...more });
const cluster = async () => (await api.eks.describeCluster({ name })).cluster;
const refusal = (code: string, message: RegExp) => ({
  ...{ name: code, message: expect.stringMatching(message) },
});

/** As clusters are made where the ConfigMap is read. */
const inMode = async (authenticationMode: AuthenticationMode) =>
  api.server.state.transact((tx) => {
    const record = tx.get(clusters, clusterKey(scope, name));
    if (record !== undefined) tx.put(clusters, clusterKey(scope, name), { ...record, authenticationMode });
  });

describe('an update', () => {
  it('is InProgress, the cluster UPDATING, until the control plane has followed', async () => {
    await api.cluster(name);
    const { update } = await config({ deletionProtection: true });
    expect(update).toEqual({
      ...{ id: expect.stringMatching(/^[0-9a-f-]{36}$/), status: 'InProgress' },
      ...{ type: 'DeletionProtectionUpdate', params: [{ type: 'DeletionProtection', value: 'true' }] },
      ...{ createdAt: expect.any(Date), errors: [] },
    });
    expect(await cluster()).toMatchObject({ status: 'UPDATING' });
    await api.finish(name);
    const updateId = update?.id ?? '';
    expect((await api.eks.describeUpdate({ name, updateId })).update).toEqual({
      ...update,
      status: 'Successful',
    });
    expect(await cluster()).toMatchObject({ status: 'ACTIVE', deletionProtection: true });
    expect(await api.eks.listUpdates({ name })).toMatchObject({ updateIds: [updateId] });
  });

  it('comes one at a time, and lets nobody delete the cluster', async () => {
    await api.cluster(name);
    const { update } = await config({ deletionProtection: true });
    const message = `because cluster harbor currently has update ${update?.id} in progress`;
    await expect(config({ resourcesVpcConfig: { publicAccessCidrs: ['10.0.0.0/8'] } })).rejects.toMatchObject(
      {
        ...{ name: 'ResourceInUseException', message: `Cannot EndpointAccessUpdate ${message}` },
      },
    );
    await api.finish(name);
    await config({ deletionProtection: false });
    await expect(api.eks.deleteCluster({ name })).rejects.toMatchObject(
      refusal('ResourceInUseException', /^Cannot delete because cluster harbor currently has update/),
    );
    await api.finish(name);
    await api.eks.deleteCluster({ name });
    await api.end(name);
    await api.cluster(name);
    expect((await api.eks.listUpdates({ name })).updateIds).toEqual([]);
  });

  it('is begun once by a request that comes twice', async () => {
    await api.cluster(name);
    const wanted = { deletionProtection: true, clientRequestToken: 'once' };
    const { update } = await config(wanted);
    expect((await config(wanted)).update).toEqual(update);
    await expect(config({ ...wanted, deletionProtection: false })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  it('is not there where nobody began it, and not of what no cluster has', async () => {
    await api.cluster(name);
    await expect(api.eks.describeUpdate({ name, updateId: 'x' })).rejects.toMatchObject(
      refusal('ResourceNotFoundException', /^No update found for ID: x$/),
    );
    await expect(api.eks.listUpdates({ name, nodegroupName: 'blue' })).rejects.toMatchObject({
      ...refusal('ResourceNotFoundException', /^No node group found for name: blue\.$/),
      nodegroupName: 'blue',
    });
    await expect(api.eks.listUpdates({ name: 'lagoon' })).rejects.toMatchObject(
      refusal('ResourceNotFoundException', /^No cluster found for name: lagoon\.$/),
    );
  });

  it('cannot be cancelled', async () => {
    await api.cluster(name);
    const { update } = await config({ deletionProtection: true });
    const cancel = () => api.eks.cancelUpdate({ name, updateId: update?.id });
    await expect(cancel()).rejects.toMatchObject(
      refusal('InvalidRequestException', /cannot be cancelled\.$/),
    );
    await api.finish(name);
    await expect(cancel()).rejects.toMatchObject(refusal('InvalidRequestException', /it is Successful\.$/));
  });
});

describe('UpdateClusterConfig', () => {
  it('moves from the ConfigMap to entries, by both, and never back', async () => {
    await api.cluster(name);
    await api.eks.deleteAccessEntry({ clusterName: name, principalArn: root });
    await inMode('CONFIG_MAP');
    await expect(api.eks.listAccessEntries({ clusterName: name })).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message:
        "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.",
    });
    const move = (authenticationMode: AuthenticationMode) => config({ accessConfig: { authenticationMode } });
    const refused = (from: string, to: string) =>
      refusal(
        'InvalidParameterException',
        new RegExp(`^Unsupported authentication mode update from ${from} to ${to}$`),
      );
    await expect(move('API')).rejects.toMatchObject(refused('CONFIG_MAP', 'API'));
    const { update } = await move('API_AND_CONFIG_MAP');
    expect(update).toMatchObject({ type: 'AccessConfigUpdate' });
    await api.finish(name);
    // Who made the cluster was its administrator, and is.
    expect((await api.eks.listAccessEntries({ clusterName: name })).accessEntries).toEqual([root]);
    await expect(move('CONFIG_MAP')).rejects.toMatchObject(refused('API_AND_CONFIG_MAP', 'CONFIG_MAP'));
    await move('API');
    await api.finish(name);
    await expect(move('API_AND_CONFIG_MAP')).rejects.toMatchObject(refused('API', 'API_AND_CONFIG_MAP'));
    expect(await cluster()).toMatchObject({ accessConfig: { authenticationMode: 'API' } });
  });

  it('says who may connect, and moves the cluster to other subnets of its zones', async () => {
    await api.cluster(name);
    const publicAccessCidrs = ['203.0.113.0/24', '127.0.0.1/32'];
    const { update } = await config({ resourcesVpcConfig: { publicAccessCidrs } });
    expect(update).toMatchObject({
      type: 'EndpointAccessUpdate',
      params: [
        { type: 'EndpointPublicAccess', value: 'true' },
        { type: 'EndpointPrivateAccess', value: 'false' },
        { type: 'PublicAccessCidrs', value: JSON.stringify(publicAccessCidrs) },
      ],
    });
    await api.finish(name);
    expect((await cluster())?.resourcesVpcConfig).toMatchObject({ publicAccessCidrs });
    const subnetIds = api.subnetIds.toReversed();
    await config({ resourcesVpcConfig: { subnetIds } });
    await api.finish(name);
    expect((await cluster())?.resourcesVpcConfig).toMatchObject({ subnetIds });
  });

  it.each<readonly [what: string, more: object, message: RegExp]>([
    ['nothing', {}, /^The type for cluster update was not provided\.$/],
    [
      'two kinds of change',
      { deletionProtection: true, logging: { clusterLogging: [] } },
      /^Only one type of update can be allowed\.$/,
    ],
    [
      'where the control plane is and who reaches it',
      { resourcesVpcConfig: { subnetIds: ['subnet-1'], endpointPublicAccess: true } },
      /^Only one type of update can be allowed\.$/,
    ],
    [
      'logs that are off already',
      { logging: { clusterLogging: [{ types: ['api'], enabled: false }] } },
      /^No changes needed for the logging config provided/,
    ],
    [
      'logs',
      { logging: { clusterLogging: [{ types: ['scheduler'], enabled: true }] } },
      /^Logs of the type scheduler/,
    ],
    [
      'an endpoint as it is',
      { resourcesVpcConfig: { endpointPublicAccess: true } },
      /^Cluster is already at the desired configuration with endpointPrivateAccess: false , endpointPublicAccess: true, and Public Endpoint Restrictions: \[0\.0\.0\.0\/0\]$/,
    ],
    ['an endpoint in the VPC', { resourcesVpcConfig: { endpointPrivateAccess: true } }, /^Endpoints within/],
    [
      'what is no CIDR',
      { resourcesVpcConfig: { publicAccessCidrs: ['10.0.0.1/8'] } },
      /^The following CIDRs are invalid in publicAccessCidrs: \[10\.0\.0\.1\/8\]$/,
    ],
    [
      'protection as it is',
      { deletionProtection: false },
      /already at the desired deletionProtection: false$/,
    ],
    ['Auto Mode', { computeConfig: { enabled: true } }, /^EKS Auto Mode is not supported/],
    [
      'Auto Mode, off already',
      { computeConfig: { enabled: false }, storageConfig: { blockStorage: { enabled: false } } },
      /^No changes needed for the computeConfig provided$/,
    ],
    ['upgrades by AWS', { upgradePolicy: { supportType: 'STANDARD' } }, /^Automatic upgrades/],
    [
      'another mode',
      { accessConfig: { authenticationMode: 'NONE' } },
      /authenticationMode' failed to satisfy/,
    ],
  ])('refuses %s', async (_what, more, message) => {
    await api.cluster(name);
    await expect(config(more)).rejects.toMatchObject(refusal('InvalidParameterException', message));
    expect(await cluster()).toMatchObject({ status: 'ACTIVE' });
    expect((await api.eks.listUpdates({ name })).updateIds).toEqual([]);
  });

  it('refuses subnets of other zones', async () => {
    const subnetIds = api.subnetIds.slice(0, 2);
    await api.cluster(name, { resourcesVpcConfig: { subnetIds } });
    const others = api.subnetIds.slice(1);
    await expect(config({ resourcesVpcConfig: { subnetIds: others } })).rejects.toMatchObject(
      refusal('InvalidParameterException', /^Subnets specified must belong to the exact set of AZs/),
    );
  });

  it('refuses a cluster that is not there, and one that does not answer yet', async () => {
    await expect(config({ deletionProtection: true })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await api.cluster(name);
    api.answers = false;
    await expect(config({ deletionProtection: true })).rejects.toMatchObject(
      refusal('InvalidRequestException', /^Cluster 'harbor' is not in ACTIVE status$/),
    );
  });
});

describe('UpdateClusterVersion', () => {
  const to = (version: string, more: object = {}) => api.eks.updateClusterVersion({ name, version, ...more });

  it('goes one minor version up, and back within seven days', async () => {
    await api.cluster(name, { version: '1.35' });
    const { update } = await to('1.36');
    expect(update).toMatchObject({
      ...{ type: 'VersionUpdate', status: 'InProgress' },
      params: [
        { type: 'Version', value: '1.36' },
        { type: 'PlatformVersion', value: 'eks.1' },
      ],
    });
    await api.finish(name);
    const { update: back } = await to('1.35', { rollbackConfig: { timeoutMinutes: 120 } });
    expect(back).toMatchObject({ type: 'VersionRollback' });
    await api.finish(name);
    expect(await cluster()).toMatchObject({ version: '1.35', status: 'ACTIVE' });
  });

  it.each([
    [
      'the version that it has',
      '1.35',
      '1.35',
      /^Unsupported Kubernetes minor version update from 1\.35 to 1\.35$/,
    ],
    [
      'one that it never had',
      '1.36',
      '1.35',
      /^Unsupported Kubernetes minor version update from 1\.36 to 1\.35$/,
    ],
    ['one that is not served', '1.36', '1.37', /^unsupported Kubernetes version 1\.37$/],
    ['what is no version', '1.36', 'newest', /^unsupported Kubernetes version newest$/],
  ])('refuses %s', async (_what, version, wanted, message) => {
    await api.cluster(name, { version });
    await expect(to(wanted)).rejects.toMatchObject(refusal('InvalidParameterException', message));
  });

  it('refuses to go back after a week, and a rollback’s settings of an upgrade', async () => {
    await api.cluster(name, { version: '1.35' });
    await expect(to('1.36', { rollbackConfig: { timeoutMinutes: 120 } })).rejects.toMatchObject(
      refusal('InvalidParameterException', /can only be used with a rollback/),
    );
    await to('1.36');
    await api.finish(name);
    await api.server.state.transact((tx) => {
      const record = tx.get(clusters, clusterKey(scope, name));
      const at = api.server.clock.now() - 7 * 24 * 60 * 60 * 1_000;
      if (record)
        tx.put(clusters, clusterKey(scope, name), { ...record, upgradedFrom: { version: '1.35', at } });
    });
    await expect(to('1.35')).rejects.toMatchObject(
      refusal(
        'InvalidParameterException',
        /^Unsupported Kubernetes minor version update from 1\.36 to 1\.35$/,
      ),
    );
  });
});

it('DescribeClusterVersions lists those that clusters can have, newest first', async () => {
  const { clusterVersions } = await api.eks.describeClusterVersions({});
  expect(clusterVersions).toMatchObject([
    { clusterVersion: '1.36', defaultVersion: true, clusterType: 'eks', defaultPlatformVersion: 'eks.1' },
    {
      ...{ clusterVersion: '1.35', defaultVersion: false, releaseDate: new Date('2026-01-28') },
      endOfStandardSupportDate: new Date('2027-03-27'),
    },
  ]);
  const versions = async (asked: object) =>
    (await api.eks.describeClusterVersions(asked)).clusterVersions?.map((it) => it.clusterVersion);
  expect(await versions({ defaultOnly: true })).toEqual(['1.36']);
  expect(await versions({ clusterVersions: ['1.35'] })).toEqual(['1.35']);
  expect(await versions({ versionStatus: 'UNSUPPORTED' })).toEqual([]);
  expect(await versions({ status: 'standard-support', maxResults: 1 })).toEqual(['1.36']);
  await expect(versions({ clusterVersions: ['1.20'] })).rejects.toMatchObject({
    name: 'InvalidParameterException',
  });
});
