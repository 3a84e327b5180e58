import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EksApi, startEksApi } from '../testing/eks-api.ts';

let api: EksApi;
beforeEach(async () => {
  api = await startEksApi();
  await api.cluster('harbor');
});
afterEach(() => api[Symbol.asyncDispose]());

const clusterName = 'harbor';
const of = { clusterName };
const withoutMetadata = ({ $metadata: _, ...answer }: { readonly $metadata: unknown }) => answer;

describe('what no cluster has', () => {
  it('is listed as nothing', async () => {
    const { eks } = api;
    const listed = await Promise.all([eks.listCapabilities(of), eks.listEksAnywhereSubscriptions({})]);
    expect(listed.map(withoutMetadata)).toEqual([{ capabilities: [] }, { subscriptions: [] }]);
  });

  it('of a cluster that is not there is not listed, nor by a page of nobody', async () => {
    await expect(api.eks.listCapabilities({ clusterName: 'lagoon' })).rejects.toMatchObject({
      ...{ name: 'ResourceNotFoundException', message: 'No cluster found for name: lagoon.' },
    });
    await expect(api.eks.listCapabilities({ ...of, nextToken: 'x' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  it.each<readonly [string, () => Promise<unknown>, object]>([
    ['DescribeCapability', () => api.eks.describeCapability({ ...of, capabilityName: 'ack' }), of],
    ['DescribeEksAnywhereSubscription', () => api.eks.describeEksAnywhereSubscription({ id: 'x' }), {}],
    ['DeregisterCluster', () => api.eks.deregisterCluster({ name: clusterName }), of],
  ])('is not found: %s', async (_operation, ask, members) => {
    await expect(ask()).rejects.toMatchObject({ name: 'ResourceNotFoundException', ...members });
  });
});
