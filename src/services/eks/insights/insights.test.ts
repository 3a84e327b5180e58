import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NodeInstanceRecord, nodeInstanceKey, nodeInstances } from '../nodes/record.ts';
import { clusterKey, clusters } from '../records.ts';
import { type EksApi, scope, startEksApi } from '../testing/eks-api.ts';
import { findings } from './checks.ts';

let api: EksApi;
beforeEach(async () => {
  api = await startEksApi();
});
afterEach(() => api[Symbol.asyncDispose]());

const clusterName = 'harbor';
const of = { clusterName };
const listed = async (filter: object = {}) => (await api.eks.listInsights({ ...of, filter })).insights ?? [];
const statuses = async () =>
  Object.fromEntries(
    (await listed()).map(({ category, name, insightStatus }) => [
      `${category} ${name}`,
      insightStatus?.status,
    ]),
  );
const nodeOf = (version: string) =>
  api.server.state.transact((tx) =>
    tx.put(nodeInstances, nodeInstanceKey(scope, 'i-1'), {
      ...{ instanceId: 'i-1', clusterName, version, launched: { privateDnsName: 'ip-10-0-0-4', at: 0 } },
    } as unknown as NodeInstanceRecord),
  );
const refresh = async () => {
  expect(await api.eks.startInsightsRefresh(of)).toMatchObject({ status: 'IN_PROGRESS' });
  expect(await api.eks.describeInsightsRefresh(of)).toMatchObject({ status: 'IN_PROGRESS' });
  await api.lookInto(clusterName);
  expect(await api.eks.describeInsightsRefresh(of)).toMatchObject({
    ...{ status: 'COMPLETED', message: 'Insights refresh completed successfully' },
    ...{ startedAt: expect.any(Date), endedAt: expect.any(Date) },
  });
};

describe('the insights of a cluster', () => {
  it('are none before anybody has looked, and all well then', async () => {
    await api.cluster(clusterName, { version: '1.35' });
    expect(await listed()).toEqual([]);
    await expect(api.eks.describeInsightsRefresh(of)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await api.lookInto(clusterName);
    const [health] = (await listed()).filter(({ name }) => name === 'Cluster health issues');
    expect(health).toEqual({
      ...{ id: expect.stringMatching(/^[0-9a-f-]{36}$/), name: 'Cluster health issues' },
      ...{ category: 'UPGRADE_READINESS', kubernetesVersion: '1.36' },
      ...{ lastRefreshTime: expect.any(Date), lastTransitionTime: expect.any(Date) },
      description:
        'Checks for any cluster health issues that prevent successful upgrade to the next Kubernetes version on EKS.',
      insightStatus: { status: 'PASSING', reason: 'No cluster health issues detected.' },
    });
    expect(await statuses()).toEqual({
      'UPGRADE_READINESS Cluster health issues': 'PASSING',
      'UPGRADE_READINESS EKS add-on version compatibility': 'PASSING',
      'UPGRADE_READINESS Kubelet version skew': 'PASSING',
      'UPGRADE_READINESS kube-proxy version skew': 'PASSING',
    });
  });

  it('say what is in the way of an upgrade, and keep it from happening unless it is forced', async () => {
    await api.cluster(clusterName, { version: '1.35' });
    await api.lookInto(clusterName);
    const [before] = await listed();
    await nodeOf('1.32');
    await refresh();
    const wrong = await listed({ statuses: ['ERROR'] });
    expect(wrong.map(({ name }) => name).toSorted()).toEqual([
      ...['Kubelet version skew', 'kube-proxy version skew'],
    ]);
    const id = wrong.find(({ name }) => name === 'Kubelet version skew')?.id ?? '';
    expect((await api.eks.describeInsight({ ...of, id })).insight).toMatchObject({
      insightStatus: {
        status: 'ERROR',
        reason: 'Node kubelet versions would not be supported by the Kubernetes version 1.36.',
      },
      recommendation:
        'Upgrade your worker nodes to match the Kubernetes version of your cluster control plane.',
      resources: [{ insightStatus: { status: 'ERROR' }, kubernetesResourceUri: '/api/v1/nodes/ip-10-0-0-4' }],
      categorySpecificSummary: { deprecationDetails: [] },
    });
    expect((await listed()).map((it) => it.id)).toContain(before?.id);
    const update = { name: clusterName, version: '1.36' };
    await expect(api.eks.updateClusterVersion(update)).rejects.toMatchObject({
      ...{ name: 'InvalidStateException', clusterName },
      message: expect.stringContaining('Kubelet version skew: Node kubelet versions would not be supported'),
    });
    const forced = await api.eks.updateClusterVersion({ ...update, force: true });
    expect(forced.update?.status).toBe('InProgress');
  });

  it('say whether a cluster can go back, where it can', async () => {
    await api.cluster(clusterName, { version: '1.35' });
    await api.eks.createAddon({ ...of, addonName: 'kube-proxy' });
    await api.followAddons();
    await api.eks.updateClusterVersion({ name: clusterName, version: '1.36' });
    await api.finish(clusterName);
    await nodeOf('1.36');
    await api.eks.updateAddon({ ...of, addonName: 'kube-proxy', addonVersion: 'v1.36.0-eksbuild.1' });
    await api.followAddons();
    await api.lookInto(clusterName);
    expect(await statuses()).toEqual({
      'ROLLBACK_READINESS Cluster health issues': 'PASSING',
      'ROLLBACK_READINESS EKS add-on version compatibility': 'ERROR',
      'ROLLBACK_READINESS Kubelet version skew': 'ERROR',
      'ROLLBACK_READINESS kube-proxy version skew': 'ERROR',
      'UPGRADE_READINESS Cluster health issues': 'PASSING',
      'UPGRADE_READINESS EKS add-on version compatibility': 'UNKNOWN',
      'UPGRADE_READINESS Kubelet version skew': 'PASSING',
      'UPGRADE_READINESS kube-proxy version skew': 'PASSING',
    });
    const addons = (await listed({ categories: ['ROLLBACK_READINESS'], kubernetesVersions: ['1.35'] })).find(
      ({ name }) => name === 'EKS add-on version compatibility',
    );
    const { insight } = await api.eks.describeInsight({ ...of, id: addons?.id ?? '' });
    expect(insight?.categorySpecificSummary?.addonCompatibilityDetails).toEqual([
      { name: 'kube-proxy', compatibleVersions: ['v1.35.0-eksbuild.1'] },
    ]);
    await expect(api.eks.updateClusterVersion({ name: clusterName, version: '1.35' })).rejects.toMatchObject({
      name: 'InvalidStateException',
    });
  });

  it('say what a cluster was made with and is no more', async () => {
    await api.cluster(clusterName);
    expect((await api.eks.describeCluster({ name: clusterName })).cluster?.health).toEqual({ issues: [] });
    await api.server.state.transact((tx) => {
      const key = clusterKey(scope, clusterName);
      const record = tx.get(clusters, key);
      if (record !== undefined) tx.put(clusters, key, { ...record, subnetIds: ['subnet-gone'] });
    });
    const message = 'EKS could not find the subnets that the cluster was made with: subnet-gone';
    expect((await api.eks.describeCluster({ name: clusterName })).cluster?.health).toEqual({
      issues: [{ code: 'Ec2SubnetNotFound', message, resourceIds: ['subnet-gone'] }],
    });
    await api.lookInto(clusterName);
    const [found] = await listed({ statuses: ['ERROR'] });
    expect(found?.insightStatus?.reason).toBe(`Cluster health issues detected: ${message}`);
  });

  it('are looked for again after a day, and when the version has changed', async () => {
    await api.cluster(clusterName, { version: '1.35' });
    await api.lookInto(clusterName);
    const [first] = await listed();
    await nodeOf('1.32');
    await api.lookInto(clusterName);
    expect(await listed({ statuses: ['ERROR'] })).toEqual([]);
    await api.eks.updateClusterVersion({ name: clusterName, version: '1.36', force: true });
    await api.finish(clusterName);
    await api.lookInto(clusterName);
    const now = await listed({ categories: ['UPGRADE_READINESS'] });
    expect(now.map(({ kubernetesVersion }) => kubernetesVersion)).toEqual(['1.37', '1.37', '1.37', '1.37']);
    expect(now.map(({ id }) => id)).not.toContain(first?.id);
  });
});

describe('a skew', () => {
  const skew = (own: string, version: string, category: 'ROLLBACK_READINESS' | 'UPGRADE_READINESS') =>
    findings(
      { version: '1.35', nodes: [{ name: 'a', version: own }], addons: [], issues: [] },
      { category, version, isServed: true },
    ).find(({ name }) => name === 'Kubelet version skew')?.status;
  it.each([
    ['1.35', '1.36', 'PASSING'],
    ['1.34', '1.36', 'PASSING'],
    ['1.33', '1.36', 'WARNING'],
    ['1.32', '1.36', 'ERROR'],
    ['1.37', '1.36', 'ERROR'],
  ])('of a kubelet of %s and an API server of %s is %s', (own, version, status) => {
    expect(skew(own, version, 'UPGRADE_READINESS')).toBe(status);
  });
  it('of what is newer keeps a cluster from going back', () => {
    expect(skew('1.35', '1.34', 'ROLLBACK_READINESS')).toBe('ERROR');
    expect(skew('1.31', '1.34', 'ROLLBACK_READINESS')).toBe('PASSING');
  });
});
