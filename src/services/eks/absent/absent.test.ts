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
    const listed = await Promise.all([
      eks.listFargateProfiles(of),
      eks.listAddons(of),
      eks.listCapabilities(of),
      eks.listEksAnywhereSubscriptions({}),
      eks.describeAddonVersions({ kubernetesVersion: '1.36' }),
    ]);
    expect(listed.map(withoutMetadata)).toEqual([
      { fargateProfileNames: [] },
      { addons: [] },
      { capabilities: [] },
      { subscriptions: [] },
      { addons: [] },
    ]);
  });

  it('of a cluster that is not there is not listed, nor by a page of nobody', async () => {
    await expect(api.eks.listFargateProfiles({ clusterName: 'lagoon' })).rejects.toMatchObject({
      ...{ name: 'ResourceNotFoundException', message: 'No cluster found for name: lagoon.' },
    });
    await expect(api.eks.listAddons({ ...of, nextToken: 'x' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  const profile = { ...of, fargateProfileName: 'blue' };
  const addon = { ...of, addonName: 'coredns' };
  const noProfile = 'No Fargate Profile found with name: blue.';
  const noAddon = 'No addon: coredns found in cluster: harbor';
  it.each<readonly [string, () => Promise<unknown>, object]>([
    [
      'DescribeFargateProfile',
      () => api.eks.describeFargateProfile(profile),
      { ...profile, message: noProfile },
    ],
    ['DeleteFargateProfile', () => api.eks.deleteFargateProfile(profile), { message: noProfile }],
    ['DescribeAddon', () => api.eks.describeAddon(addon), { ...addon, message: noAddon }],
    ['UpdateAddon', () => api.eks.updateAddon(addon), { message: noAddon }],
    ['DeleteAddon', () => api.eks.deleteAddon(addon), { message: noAddon }],
    ['DescribeCapability', () => api.eks.describeCapability({ ...of, capabilityName: 'ack' }), of],
    ['DescribeEksAnywhereSubscription', () => api.eks.describeEksAnywhereSubscription({ id: 'x' }), {}],
    ['DeregisterCluster', () => api.eks.deregisterCluster({ name: clusterName }), of],
  ])('is not found: %s', async (_operation, ask, members) => {
    await expect(ask()).rejects.toMatchObject({ name: 'ResourceNotFoundException', ...members });
  });

  const roleArn = 'arn:aws:iam::111122223333:role/node';
  it.each<readonly [string, () => Promise<unknown>]>([
    [
      'CreateFargateProfile',
      () => api.eks.createFargateProfile({ ...profile, podExecutionRoleArn: roleArn }),
    ],
    ['CreateAddon', () => api.eks.createAddon(addon)],
    [
      'AssociateEncryptionConfig',
      () => api.eks.associateEncryptionConfig({ ...of, encryptionConfig: [{ resources: ['secrets'] }] }),
    ],
  ])('is not made: %s', async (operation, ask) => {
    await expect(ask()).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining(`${operation} is not supported by this version of Catamaran yet: `),
    });
  });

  it('has no configuration', async () => {
    await expect(
      api.eks.describeAddonConfiguration({ addonName: 'coredns', addonVersion: 'v1' }),
    ).rejects.toMatchObject({
      ...{ name: 'InvalidParameterException', message: 'Addon coredns specified is not supported' },
    });
  });
});
